// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The real kernel behind struct devthp_sys, and reading of its text files. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "internal.h"
#include "text.h"

static int sys_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int sys_close(int fd)
{
	return close(fd) ? -errno : 0;
}

static int sys_ioctl(int fd, unsigned long request, void *arg)
{
	int ret = ioctl(fd, request, arg);

	return ret < 0 ? -errno : ret;
}

static ssize_t sys_pread(int fd, void *buf, size_t bytes, uint64_t offset)
{
	ssize_t got = pread(fd, buf, bytes, (off_t)offset);

	return got < 0 ? -errno : got;
}

static int sys_numbers(int fd, unsigned int *of_driver, unsigned int *of_device)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISCHR(st.st_mode))
		return -ENODEV;
	*of_driver = major(st.st_rdev);
	*of_device = minor(st.st_rdev);
	return 0;
}

static int sys_uname(struct utsname *name)
{
	return uname(name) ? -errno : 0;
}

const struct devthp_sys devthp_sys_kernel = {
	.open = sys_open,
	.close = sys_close,
	.ioctl = sys_ioctl,
	.pread = sys_pread,
	.numbers = sys_numbers,
	.uname = sys_uname,
};

const struct devthp_sys *devthp_sys = &devthp_sys_kernel;

int devthp_read_text(const char *path, char **text)
{
	size_t room = 4096, filled = 0;
	char *buf = NULL, *more;
	ssize_t got;
	int fd;

	fd = devthp_sys->open(path, O_RDONLY);
	if (fd < 0)
		return fd;
	do {
		more = realloc(buf, room + 1);
		if (!more) {
			got = -ENOMEM;
			break;
		}
		buf = more;
		got = devthp_sys->pread(fd, buf + filled, room - filled, filled);
		if (got > 0)
			filled += got;
		if (filled == room)
			room *= 2;
	} while (got > 0);
	devthp_sys->close(fd);
	if (got < 0) {
		free(buf);
		return (int)got;
	}
	buf[filled] = '\0';
	/* Without room behind it, so that a parser that goes on is noticed. */
	more = realloc(buf, filled + 1);
	*text = more ? more : buf;
	return 0;
}

int devthp_read_number(const char *path, uint64_t *value)
{
	const char *end;
	uint64_t number;
	char *text;
	int ret;

	ret = devthp_read_text(path, &text);
	if (ret)
		return ret;
	end = devthp_parse_number(text, 10, &number);
	if (!end || (*end && *end != '\n'))
		ret = -EIO;
	else
		*value = number;
	free(text);
	return ret;
}
