// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * vdmactl's command line. Each command has its own file.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vdma/version.h>
#include "vdmactl.h"

static const struct command {
	const char *name;
	enum status (*run)(int argc, char **argv);
} commands[] = {
	{ "explain", cmd_explain },
	{ "status",  cmd_status },
	{ "tag",     cmd_tag },
	{ "untag",   cmd_untag },
};

static const char help[] =
"usage: vdmactl explain [-ajsv] [-A KEY=VALUE,...] FILE|-\n"
"       vdmactl explain [-ajsv] [-A KEY=VALUE,...] --qmp SOCKET\n"
"       vdmactl status  [-ajv] [--sysfs DIR] [DEVICE...]\n"
"       vdmactl tag     --device DEVICE --window BASE,SIZE IN OUT\n"
"       vdmactl untag   --device DEVICE IN OUT\n"
"\n"
"Says which path the DMA of each virtio device of a guest takes, and why.\n"
"\n"
"  explain   from a flattened device tree (/sys/firmware/fdt, QMP dumpdtb),\n"
"            or of a VM that runs, asking QEMU\n"
"  status    of this guest, as the module virtio_dma_policy has it\n"
"  tag       write the property qemu,dma-bypass on a function's node\n"
"  untag     remove it\n"
"\n"
"  -v, --verbose  facts, row of the table, modes passed over, what would help\n"
"  -a, --all      also functions that are not virtio\n"
"  -j, --json     the same for programs\n"
"  -s, --secure   as if the guest were a secure VM\n"
"      --qmp      QEMU's QMP socket, a UNIX socket that no other client uses\n"
"  -A, --assume   facts that a tree does not tell: f=0|1 v1=0|1 coherent=0|1\n"
"                 secure=0|1 quirk=0|1 pool=0|1 iommu-off=0|1\n"
"                 hcall=yes|no|missing|other\n"
"                 ddw=yes|small|no mask=BITS mode=MODE live=MODE\n"
"\n"
"Exit status: 0 all as good as can be; 1 a device could be in a better mode;\n"
"2 usage; 3 input that cannot be read or output that cannot be written.\n";

/* Output that was not written is a failure. */
static enum status main_flush(enum status status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	warn("cannot write standard output");
	return STATUS_UNREADABLE;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	size_t i;

	if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
		fputs(help, stdout);
		return (int)main_flush(STATUS_OK);
	}
	if (!strcmp(name, "--version")) {
		puts("vdmactl " VDMA_VERSION);
		return (int)main_flush(STATUS_OK);
	}
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(name, commands[i].name))
			return (int)main_flush(commands[i].run(argc - 1, argv + 1));
	if (!*name)
		return (int)usage_error("missing command");
	return (int)usage_error("%s: unknown command", name);
}
