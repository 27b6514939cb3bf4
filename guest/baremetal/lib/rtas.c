// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* Calls to RTAS, which is big endian and takes one caller at a time. */
#include <libfdt.h>
#include "console.h"
#include "head.h"
#include "lopar.h"
#include "of.h"
#include "rtas.h"
#include "spinlock.h"
#include "tree.h"

#define RTAS_CELLS	16
#define RTAS_MAX_ARGS	8

/* LoPAR 7.2.7 */
struct rtas_args {
	fdt32_t token;
	fdt32_t nargs;
	fdt32_t nrets;
	fdt32_t cells[RTAS_CELLS];
};

/* RTAS requires an address below 4 GiB, as all of the program has. */
static struct rtas_args block;
static struct spinlock rtas_lock;

uint32_t rtas_token(const char *name)
{
	int node = fdt_path_offset(of_tree(), "/rtas");
	const uint32_t *cells = node < 0 ? NULL : tree_cells(node, name, 1);

	return cells ? tree_u32(cells, 0) : 0;
}

static int rtas_call_once(uint32_t token, const uint32_t *args, unsigned int nargs,
			  uint32_t *rets, unsigned int nrets)
{
	unsigned int i;
	int status;

	spin_lock(&rtas_lock);
	block.token = cpu_to_fdt32(token);
	block.nargs = cpu_to_fdt32(nargs);
	block.nrets = cpu_to_fdt32(nrets);
	for (i = 0; i < nargs; i++)
		block.cells[i] = cpu_to_fdt32(args[i]);
	be_call(of_rtas(), (uintptr_t)&block);
	status = (int)fdt32_to_cpu(block.cells[nargs]);
	for (i = 1; rets && i < nrets; i++)
		rets[i - 1] = fdt32_to_cpu(block.cells[nargs + i]);
	spin_unlock(&rtas_lock);
	return status;
}

int rtas_call(uint32_t token, const uint32_t *args, unsigned int nargs,
	      uint32_t *rets, unsigned int nrets)
{
	int status;

	if (!token || nargs > RTAS_MAX_ARGS || nrets > RTAS_MAX_ARGS)
		bail_out("cannot call RTAS 0x%x with %u arguments and %u results",
			 token, nargs, nrets);
	do {
		status = rtas_call_once(token, args, nargs, rets, nrets);
	} while (status == RTAS_BUSY);
	return status;
}

/* Takes no lock: its owner may have stopped at an exception. */
static void __noreturn rtas_end(const char *service, uint32_t nargs)
{
	static struct rtas_args last;

	last.token = cpu_to_fdt32(rtas_token(service));
	last.nargs = cpu_to_fdt32(nargs);
	last.nrets = cpu_to_fdt32(1);
	be_call(of_rtas(), (uintptr_t)&last);
	for (;;)
		;
}

void power_off(void)
{
	rtas_end("power-off", 2);
}

void system_reboot(void)
{
	rtas_end("system-reboot", 0);
}

int rtas_start_cpu(uint32_t hw_id, uint64_t entry, uint64_t r3)
{
	uint32_t args[3] = { hw_id, (uint32_t)entry, (uint32_t)r3 };

	return rtas_call(rtas_token("start-cpu"), args, 3, NULL, 1);
}
