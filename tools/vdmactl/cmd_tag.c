// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * vdmactl tag and untag: copies of a device tree with a property more or less.
 */
#include <errno.h>
#include <getopt.h>
#include <libfdt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vdma/error.h>
#include "vdmactl.h"

/* The virtio function at a path or PCI address; false, after a line, if none. */
static bool find_device(const struct vdma_dt *dt, const char *file,
			const char *device, struct vdma_dt_cursor *cursor,
			struct vdma_dt_function *fn)
{
	char address[24];
	int got;

	vdma_dt_start(cursor, dt);
	while ((got = vdma_dt_next(cursor, fn)) > 0) {
		pci_address(fn, address, sizeof(address));
		if (strcmp(device, fn->path) &&
		    (!fn->addressed || strcmp(device, address)))
			continue;
		if (fn->virtio)
			return true;
		complain("%s: %s is no virtio function", file, device);
		return false;
	}
	complain("%s: %s: %s", file, device,
		 got ? vdma_strerror(got) : "no such function");
	return false;
}

static bool parse_number(const char *text, char end, uint64_t *number,
			 const char **rest)
{
	char *after;

	errno = 0;
	*number = strtoull(text, &after, 0);
	*rest = after + 1;
	return *text >= '0' && *text <= '9' && *after == end && !errno;
}

static bool parse_window(const char *text, struct vdma_window *window)
{
	const char *rest;

	return parse_number(text, ',', &window->base, &rest) &&
	       parse_number(rest, '\0', &window->size, &rest);
}

/* Tags if there is a window, and removes the tag otherwise. */
static enum status rewrite(const char *device, const struct vdma_window *window,
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

	if (!tree_read(in, &blob, &dt))
		return STATUS_UNREADABLE;
	room = tagging_room(blob.size);
	copy = need(malloc(room));
	if (!find_device(&dt, in, device, &cursor, &fn))
		goto out;

	error = window ? tagging_add(blob.data, fn.node, window, copy, room) :
			 tagging_remove(blob.data, fn.node, copy, room);
	if (error == -FDT_ERR_NOTFOUND)
		complain("%s: %s has no tag", in, device);
	else if (error)
		complain("%s: %s: %s", in, device, fdt_strerror(error));
	else if (blob_write(out, copy, fdt_totalsize(copy)))
		status = STATUS_WELL;
out:
	free(copy);
	free(blob.data);
	return status;
}

static enum status tag_or_untag(int argc, char **argv, bool tag)
{
	static const struct option options[] = {
		{ "window", required_argument, NULL, 'w' },	/* tag's alone */
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
			return wrong_option(argv);
	}
	if (!device)
		return usage_error("%s: --device PATH is wanted", argv[0]);
	if (tag && (!text || !parse_window(text, &window)))
		return usage_error("tag: --window BASE,SIZE is wanted, in bytes");
	if (tag && !vdma_window_valid(&window))
		return usage_error("tag: --window %s: empty, not aligned to 64 KiB, or wraps",
				   text);
	if (argc - optind != 2)
		return usage_error("%s: IN and OUT are wanted", argv[0]);
	return rewrite(device, tag ? &window : NULL, argv[optind],
		       argv[optind + 1]);
}

enum status cmd_tag(int argc, char **argv)
{
	return tag_or_untag(argc, argv, true);
}

enum status cmd_untag(int argc, char **argv)
{
	return tag_or_untag(argc, argv, false);
}
