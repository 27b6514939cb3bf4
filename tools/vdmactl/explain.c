// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * vdmactl explain: decides about each function of a device tree, or of a VM that runs
 * (explain_qmp.c).
 */
#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <vdma/error.h>
#include "vdmactl.h"

/* Collects rows of all functions; false, with a message, on an error. */
static bool explain_collect(struct rows *rows, const struct vdma_dt *dt, bool all,
			    const struct vdma_dt_assume *assume, const char *file)
{
	struct vdma_dt_function fn;
	struct vdma_dt_cursor cursor;
	int got;

	vdma_dt_start(&cursor, dt);
	while ((got = vdma_dt_next(&cursor, &fn)) > 0)
		if (fn.virtio || all)
			rows_add_decided(rows, dt, &fn, assume);
	rows_sort(rows);
	if (got < 0)
		warnx("cannot read %s: %s", file, vdma_strerror(got));
	return !got;
}

static enum status explain_file(const char *file, const struct output *output,
				const struct vdma_dt_assume *assume)
{
	struct rows rows = { 0 };
	enum status status = STATUS_UNREADABLE;
	struct blob blob;
	struct vdma_dt dt;

	if (!file_read_tree(file, &blob, &dt))
		return STATUS_UNREADABLE;
	if (explain_collect(&rows, &dt, output->all, assume, file))
		status = output_rows(&rows, output, true);
	rows_free(&rows);
	free(blob.data);
	return status;
}

enum status cmd_explain(int argc, char **argv)
{
	static const struct option options[] = {
		{ "all",     no_argument,	NULL, 'a' },
		{ "assume",  required_argument, NULL, 'A' },
		{ "json",    no_argument,	NULL, 'j' },
		{ "qmp",     required_argument, NULL, 'Q' },
		{ "secure",  no_argument,	NULL, 's' },
		{ "verbose", no_argument,	NULL, 'v' },
		{ NULL,	     0,			NULL, 0 },
	};
	struct vdma_dt_assume assume = { 0 };
	struct output output = { 0 };
	const char *socket = NULL;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "aA:jsv", options,
				     NULL)) != -1) {
		if (option == 'A' && !assume_parse(optarg, &assume))
			return STATUS_USAGE;
		if (option == 's') {
			assume.facts.secure = true;
			assume.given |= 1u << VDMA_DT_SECURE;
		}
		if (option == 'Q')
			socket = optarg;
		if (!output_option(&output, option) && !strchr("AsQ", option))
			return usage_option(argv);
	}
	if (socket && argc != optind)
		return usage_error("explain: --qmp takes no operand FILE");
	if (socket)
		return explain_qmp(socket, &output, &assume);
	if (argc - optind != 1)
		return usage_error("explain: missing operand FILE (- for stdin), or too many");
	return explain_file(argv[optind], &output, &assume);
}
