// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * vdmactl tag and untag: copy a device tree with the property added or removed.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vdma/error.h>
#include "vdmactl.h"

/* Finds the virtio function at a path or PCI address; false, with a message, if not found. */
static bool tag_find_device(const struct vdma_dt *dt, const char *file,
			    const char *device, struct vdma_dt_cursor *cursor,
			    struct vdma_dt_function *fn)
{
	char address[24];
	int got;

	vdma_dt_start(cursor, dt);
	while ((got = vdma_dt_next(cursor, fn)) > 0) {
		row_pci_address(fn, address, sizeof(address));
		if (strcmp(device, fn->path) &&
		    (!fn->addressed || strcmp(device, address)))
			continue;
		if (fn->virtio)
			return true;
		warnx("cannot use %s in %s: not a virtio function", device, file);
		return false;
	}
	warnx("cannot find %s in %s: %s", device, file,
	      got ? vdma_strerror(got) : "no such function");
	return false;
}

static bool tag_parse_number(const char *text, char end, uint64_t *number,
			     const char **rest)
{
	char *after;

	errno = 0;
	*number = strtoull(text, &after, 0);
	*rest = after + 1;
	return *text >= '0' && *text <= '9' && *after == end && !errno;
}

static bool tag_parse_window(const char *text, struct vdma_window *window)
{
	const char *rest;

	return tag_parse_number(text, ',', &window->base, &rest) &&
	       tag_parse_number(rest, '\0', &window->size, &rest);
}

/* Adds the tag if there is a window, removes it otherwise. */
static enum status tag_rewrite(const char *device, const struct vdma_window *window,
			       const char *in, const char *out)
{
	enum status status = STATUS_UNREADABLE;
	struct vdma_dt_function fn;
	struct vdma_dt_cursor cursor;
	struct blob blob;
	struct vdma_dt dt;
	size_t room;
	void *copy;
	int error;

	if (!file_read_tree(in, &blob, &dt))
		return STATUS_UNREADABLE;
	room = tagging_room(blob.size);
	copy = xalloc(malloc(room));
	if (!tag_find_device(&dt, in, device, &cursor, &fn))
		goto out;

	error = window ? tagging_add(blob.data, fn.node, window, copy, room) :
			 tagging_remove(blob.data, fn.node, copy, room);
	if (error == -FDT_ERR_NOTFOUND)
		warnx("cannot untag %s in %s: it has no tag", device, in);
	else if (error)
		warnx("cannot rewrite %s in %s: %s", device, in,
		      fdt_strerror(error));
	else if (file_write_blob(out, copy, fdt_totalsize(copy)))
		status = STATUS_OK;
out:
	free(copy);
	free(blob.data);
	return status;
}

static enum status tag_command(int argc, char **argv, bool tag)
{
	static const struct option options[] = {
		{ "window", required_argument, NULL, 'w' },	/* tag only */
		{ "device", required_argument, NULL, 'd' },
		{ NULL,	    0,		       NULL, 0 },
	};
	const char *device = NULL, *text = NULL;
	struct vdma_window window = { 0, 0 };
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, tag ? "d:w:" : "d:",
				     tag ? options : options + 1,
				     NULL)) != -1) {
		if (option == 'd')
			device = optarg;
		else if (option == 'w')
			text = optarg;
		else
			return usage_option(argv);
	}
	if (!device)
		return usage_error("%s: missing --device PATH", argv[0]);
	if (tag && !text)
		return usage_error("tag: missing --window BASE,SIZE");
	if (tag && !tag_parse_window(text, &window))
		return usage_error("tag: --window %s: not BASE,SIZE in bytes", text);
	if (tag && !vdma_window_valid(&window))
		return usage_error("tag: --window %s: empty, not aligned to 64 KiB, or wraps",
				   text);
	if (argc - optind != 2)
		return usage_error("%s: missing operand IN or OUT, or too many", argv[0]);
	return tag_rewrite(device, tag ? &window : NULL, argv[optind],
		       argv[optind + 1]);
}

enum status cmd_tag(int argc, char **argv)
{
	return tag_command(argc, argv, true);
}

enum status cmd_untag(int argc, char **argv)
{
	return tag_command(argc, argv, false);
}
