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

static const char *const test_hmm_parameters[] = { "spm_addr_dev0", "spm_addr_dev1", NULL };

static const char *name = "test_hmm";
static const char *const *parameters = test_hmm_parameters;

void module_choose(const char *other, const char *const *its_parameters)
{
	name = other;
	parameters = its_parameters;
}

/* A file of it in sysfs, or of all of it. */
static const char *loaded(const char *file)
{
	static char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s%s", name, file);
	return path;
}

#ifndef MODULE_INIT_COMPRESSED_FILE
#define MODULE_INIT_COMPRESSED_FILE 4
#endif

/* Alone, or where modules are installed. */
static bool find_file(char *path, size_t size)
{
	static const char *const suffixes[] = { "", ".gz", ".xz", ".zst" };
	struct utsname system;
	size_t i;

	snprintf(path, size, "/lib/%s.ko", name);
	if (file_exists(path))
		return true;
	if (uname(&system))
		return false;
	for (i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		snprintf(path, size, "/lib/modules/%s/kernel/lib/%s.ko%s",
			 system.release, name, suffixes[i]);
		if (file_exists(path))
			return true;
	}
	return false;
}

static const char *read_parameters(struct module *module)
{
	char *to = module->parameters, *end = to + sizeof(module->parameters);
	const char *const *parameter;
	char file[64];
	uint64_t value;

	for (parameter = parameters; *parameter; parameter++) {
		snprintf(file, sizeof(file), "/parameters/%s", *parameter);
		CHECK(file_number(loaded(file), &value));
		to += snprintf(to, end - to, "%s=%llu ", *parameter, (unsigned long long)value);
	}
	return RIGHT;
}

int module_needed(struct module *module, const char **why)
{
	if (!file_exists(loaded("/initstate")))
		return missing(wrong("%s is no module of this kernel that is loaded", name), why);
	if (!find_file(module->path, sizeof(module->path)))
		return missing(wrong("there is no file of %s to load it from again", name), why);
	*why = read_parameters(module);
	return is_right(*why) ? KSFT_PASS : missing(*why, why);
}

bool module_is_loaded(void)
{
	return file_exists(loaded(""));
}

int module_unload(void)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
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
	return went_well("load the module", module_try_to_load(module));
}

const char *kernel_says(int messages, const char *words)
{
	char record[1024];
	ssize_t length;

	while ((length = read(messages, record, sizeof(record) - 1)) > 0) {
		record[length] = '\0';
		if (strstr(record, words))
			return RIGHT;
	}
	return wrong("the kernel does not say: %s", words);
}
