// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "module.h"
#include "need.h"
#include "textfile.h"
#include "verdict.h"

#define LOADED "/sys/module/test_hmm"

#ifndef MODULE_INIT_COMPRESSED_FILE
#define MODULE_INIT_COMPRESSED_FILE 4
#endif

/* Alone, or where modules are installed. */
static bool find_file(char *path, size_t size)
{
	static const char *const suffixes[] = { "", ".gz", ".xz", ".zst" };
	struct utsname system;
	size_t i;

	snprintf(path, size, "/lib/test_hmm.ko");
	if (file_exists(path))
		return true;
	if (uname(&system))
		return false;
	for (i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		snprintf(path, size, "/lib/modules/%s/kernel/lib/test_hmm.ko%s",
			 system.release, suffixes[i]);
		if (file_exists(path))
			return true;
	}
	return false;
}

static const char *read_parameters(struct module *module)
{
	uint64_t first, second;

	CHECK(file_number(LOADED "/parameters/spm_addr_dev0", &first));
	CHECK(file_number(LOADED "/parameters/spm_addr_dev1", &second));
	snprintf(module->parameters, sizeof(module->parameters),
		 "spm_addr_dev0=%llu spm_addr_dev1=%llu",
		 (unsigned long long)first, (unsigned long long)second);
	return RIGHT;
}

int module_needed(struct module *module, const char **why)
{
	if (!file_exists(LOADED "/initstate"))
		return missing("test_hmm is no module of this kernel that is loaded",
			       why);
	if (!find_file(module->path, sizeof(module->path)))
		return missing("there is no file of test_hmm to load it from again",
			       why);
	*why = read_parameters(module);
	return is_right(*why) ? KSFT_PASS : missing(*why, why);
}

bool module_is_loaded(void)
{
	return file_exists(LOADED);
}

int module_unload(void)
{
	return syscall(SYS_delete_module, "test_hmm", O_NONBLOCK) ? -errno : 0;
}

int module_try_to_load(const struct module *module)
{
	const char *suffix = strrchr(module->path, '.');
	const int flags = strcmp(suffix, ".ko") ? MODULE_INIT_COMPRESSED_FILE : 0;
	int fd = open(module->path, O_RDONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, module->parameters, flags))
		err = -errno;
	close(fd);
	return err;
}

const char *module_load(const struct module *module)
{
	return went_well("load test_hmm", module_try_to_load(module));
}
