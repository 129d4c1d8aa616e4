/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
#ifndef DEVTHP_FUZZ_TARGET_H
#define DEVTHP_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

/* As libFuzzer calls it. Ends the program if it finds something. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
