// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* What is held through a handle: frames, by the addresses that they had then. */
#include "model.h"

uint64_t model_take_hold(struct model_handle *handle, uintptr_t addr, size_t npages)
{
	const size_t size = model_page_size();
	uint64_t held = 0;

	for (; npages; npages--, addr += size) {
		long frame = model_frame_of(addr);

		if (frame == MODEL_NONE || model_minor_of(frame) != handle->minor)
			continue;
		handle->held[frame].addr = addr;
		handle->held[frame].count++;
		model_hold(frame);
		held++;
	}
	return held;
}

/* A frame that is held has no other page, even if nothing maps its own any more. */
static bool is_held_at(const struct model_handle *handle, long frame, uintptr_t addr,
		       size_t npages)
{
	const uintptr_t at = handle->held[frame].addr;

	return handle->held[frame].count && at >= addr && at - addr < npages * model_page_size() &&
	       !(FAULT(32) && model_frame_of(at) != frame);
}

uint64_t model_let_go(struct model_handle *handle, uintptr_t addr, size_t npages)
{
	const long end = (long)model_all_frames();
	uint64_t let_go = 0;
	long frame;

	for (frame = 0; frame < end; frame++) {
		while (is_held_at(handle, frame, addr, npages)) {
			handle->held[frame].count--;
			model_unhold(frame);
			let_go++;
			if (FAULT(27))
				break;
		}
	}
	return let_go;
}

void model_let_go_of_all(struct model_handle *handle)
{
	size_t frame;

	for (frame = 0; frame < model_all_frames(); frame++)
		for (; handle->held[frame].count; handle->held[frame].count--)
			model_unhold((long)frame);
}
