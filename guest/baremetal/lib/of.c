// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The client interface: instantiates RTAS and fetches the device tree.
 *
 * SLOF's call fdt-fetch returns the whole tree, which is then read with libfdt instead
 * of one call per property.
 */
#include <libfdt.h>
#include "base.h"
#include "head.h"
#include "of.h"

#define TREE_MAX	(512 * 1024)
#define RTAS_MAX	4096
#define OF_CELLS	12

/* IEEE 1275, 6.3.2: big-endian cells. All addresses here are below 4 GiB. */
struct of_call {
	fdt32_t service;
	fdt32_t nargs;
	fdt32_t nrets;
	fdt32_t cells[OF_CELLS];
};

static uint64_t client_interface;
static uint64_t rtas_base;
static char tree[TREE_MAX] __aligned(8);
static char rtas[RTAS_MAX] __aligned(RTAS_MAX);

static uint32_t of_low(const void *address)
{
	return (uint32_t)(uintptr_t)address;
}

/* Returns the first result, or -1 if firmware has no such service. */
static uint32_t of_call(const char *service, const uint32_t *args,
			unsigned int nargs, unsigned int nrets,
			uint32_t *second)
{
	struct of_call call = {
		.service = cpu_to_fdt32(of_low(service)),
		.nargs = cpu_to_fdt32(nargs),
		.nrets = cpu_to_fdt32(nrets),
	};
	unsigned int i;

	for (i = 0; i < nargs; i++)
		call.cells[i] = cpu_to_fdt32(args[i]);
	if (be_call(client_interface, (uintptr_t)&call))
		return ~0u;
	if (second)
		*second = fdt32_to_cpu(call.cells[nargs + 1]);
	return fdt32_to_cpu(call.cells[nargs]);
}

void of_die(const char *text)
{
	uint32_t args[3] = { of_low("stdout"), 0, 0 };
	uint32_t handle;
	fdt32_t cell = 0;
	uint32_t chosen = of_low("/chosen");

	args[0] = of_call("finddevice", &chosen, 1, 1, NULL);
	of_call("getprop", (uint32_t[]){ args[0], of_low("stdout"), of_low(&cell),
		sizeof(cell) }, 4, 1, NULL);
	handle = fdt32_to_cpu(cell);
	of_call("write", (uint32_t[]){ handle, of_low(text),
		(uint32_t)strlen(text) }, 3, 1, NULL);
	of_call("interpret", (uint32_t[]){ of_low("power-off") }, 1, 1, NULL);
	for (;;)
		;
}

static void of_instantiate_rtas(void)
{
	uint32_t handle, base = 0, failed;

	handle = of_call("open", (uint32_t[]){ of_low("/rtas") }, 1, 1, NULL);
	if (!handle || handle == ~0u)
		of_die("Bail out! cannot open /rtas\n");
	failed = of_call("call-method", (uint32_t[]){ of_low("instantiate-rtas"),
			 handle, of_low(rtas) }, 3, 2, &base);
	if (failed || !base)
		of_die("Bail out! cannot instantiate RTAS\n");
	rtas_base = base;
}

static void of_fetch_tree(void)
{
	uint32_t args[2] = { of_low(tree), sizeof(tree) };

	if (of_call("fdt-fetch", args, 2, 1, NULL) || fdt_check_header(tree))
		of_die("Bail out! cannot fetch the device tree\n");
}

void of_take_over(uint64_t entry)
{
	client_interface = entry;
	of_instantiate_rtas();
	of_fetch_tree();
	of_call("quiesce", NULL, 0, 0, NULL);
}

const void *of_tree(void)
{
	return tree;
}

uint64_t of_rtas(void)
{
	return rtas_base;
}
