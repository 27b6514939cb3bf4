// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Which of the ways to show rows was asked for.
 */
#include <stdlib.h>
#include <unistd.h>
#include "vdmactl.h"

bool output_option(struct output *output, int option)
{
	switch (option) {
	case 'a':
		output->all = true;
		return true;
	case 'j':
		output->json = true;
		return true;
	case 'v':
		output->verbose = true;
		return true;
	default:
		return false;
	}
}

enum status show(const struct rows *rows, const struct output *output,
		 bool assumed)
{
	const char *no_colour = getenv("NO_COLOR");
	const struct style style = {
		.colour = isatty(STDOUT_FILENO) && !(no_colour && *no_colour),
		.assumed = assumed,
	};

	if (output->json)
		print_json(rows, &style);
	else if (output->verbose)
		print_reasoning(rows, &style);
	else
		print_table(rows, &style);
	return rows_status(rows);
}
