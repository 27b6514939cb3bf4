// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/* From firmware to the tests, and off. */
#include "args.h"
#include "base.h"
#include "clock.h"
#include "console.h"
#include "exception.h"
#include "ktap.h"
#include "of.h"
#include "page.h"
#include "pci.h"
#include "rtas.h"
#include "smp.h"
#include "tree.h"
#include "ultravisor.h"

extern const char image_end[];
void boot(uint64_t client_interface) __noreturn;

/* Memory below image_end holds the vectors and the program. */
static void boot_add_memory(uint64_t start, uint64_t end)
{
	uint64_t used = (uintptr_t)image_end;

	pages_add(start < used ? used : start, end);
}

static unsigned int boot_page_shift(void)
{
	const char *page = arg("page", "4k");

	if (!strcmp(page, "4k"))
		return 12;
	if (!strcmp(page, "64k"))
		return 16;
	bail_out("page=%s is neither 4k nor 64k", page);
}

/* Called by head.S. */
void boot(uint64_t client_interface)
{
	this_cpu = NULL;
	of_take_over(client_interface);
	console_init(tree_console());
	print("\nKTAP version 1\n");
	args_init(tree_bootargs());
	time_init(tree_timebase());
	pages_init(boot_page_shift());
	tree_memory(boot_add_memory);
	smp_init();
	exceptions_init();
	pci_init();
	secure_init();
	if (ktap_run_all())
		system_reboot();
	power_off();
}
