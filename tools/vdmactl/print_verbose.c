// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Prints the reasoning for each function: facts and their sources, the row of the
 * decision table, the modes passed over, and what would help.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "vdmactl.h"

#define VALUE_MAX	64

static const char * const advices[VDMA_REASON_COUNT] = {
	[VDMA_REASON_SECURE_LEGACY] =
		"give the device a modern interface on the host: disable-legacy=on",
	[VDMA_REASON_SECURE_NO_POOL] =
		"give the module memory for a pool: pool_kib",
	[VDMA_REASON_SECURE_QUIRK_DISABLED] =
		"iommu_platform=on for the device on the host, or secure_quirk=1 in the guest",
	[VDMA_REASON_IOMMU_OFF] =
		"boot the guest without iommu=off",
	[VDMA_REASON_REQUESTED] =
		"ask for auto, or for this mode: module parameters mode and override",
	[VDMA_REASON_PROPERTY_ABSENT] =
		"boot firmware that tags devices, and allow it on the host: dma-bypass=on",
	[VDMA_REASON_PROPERTY_MALFORMED] =
		"correct the firmware that wrote qemu,dma-bypass",
	[VDMA_REASON_HCALL_MISSING] =
		"run on a hypervisor with H_DMA_BYPASS",
	[VDMA_REASON_HCALL_REFUSED] =
		"allow it on the host: dma-bypass=on for the device and for its PHB",
	[VDMA_REASON_HCALL_DISAGREES] =
		"restart the guest, so that firmware tags the device again",
	[VDMA_REASON_WINDOW_TOO_SMALL] =
		"run on a hypervisor whose window covers all memory",
	[VDMA_REASON_SECURE_VETO] =
		"nothing: a secure guest bounces through shared pages",
	[VDMA_REASON_NOT_COHERENT] =
		"nothing: the device is not coherent",
	[VDMA_REASON_MASK_TOO_SMALL] =
		"use a driver that sets a wider DMA mask",
	[VDMA_REASON_DDW_ABSENT] =
		"allow dynamic windows: ddw=on for the PHB on the host, no disable_ddw in the guest",
	[VDMA_REASON_DDW_TOO_SMALL] =
		"let the PHB have a 64-bit window with pages that cover all memory",
	[VDMA_REASON_ALREADY_BOUND] =
		"rebind the device while it is idle: guest/linux/rebind",
	[VDMA_REASON_REQUEST_UNSAFE] =
		"take the request back: it cannot be followed",
	[VDMA_REASON_REQUEST_UNAVAILABLE] =
		"take the request back, or give the device what that mode needs",
};

static const char *verbose_advice(enum vdma_reason reason)
{
	return (unsigned int)reason < VDMA_REASON_COUNT ? advices[reason] :
							  NULL;
}

static void verbose_window(const char *what, const struct vdma_window *window,
			   char buf[VALUE_MAX])
{
	snprintf(buf, VALUE_MAX, "%s 0x%" PRIx64 ",0x%" PRIx64, what,
		 window->base, window->size);
}

static unsigned int verbose_mask_bits(uint64_t mask)
{
	unsigned int bits = 0;

	for (; mask; mask >>= 1)
		bits++;
	return bits;
}

static void verbose_answer(const struct vdma_facts *f, char buf[VALUE_MAX])
{
	if (f->answer == VDMA_ANSWER_GRANTED)
		verbose_window("grants", &f->answer_window, buf);
	else
		snprintf(buf, VALUE_MAX, "%s",
			 f->answer == VDMA_ANSWER_REFUSED ? "refuses" :
							    "missing");
}

static void verbose_ddw(const struct vdma_facts *f, char buf[VALUE_MAX])
{
	if (f->ddw == VDMA_DDW_COVERS)
		verbose_window("cover memory", &f->ddw_window, buf);
	else
		snprintf(buf, VALUE_MAX, "%s",
			 f->ddw == VDMA_DDW_TOO_SMALL ? "too small" : "absent");
}

static void verbose_fact(const struct vdma_facts *f, enum vdma_dt_fact fact,
			 char buf[VALUE_MAX])
{
	bool on = false;

	switch (fact) {
	case VDMA_DT_HCALL:
		verbose_answer(f, buf);
		return;
	case VDMA_DT_DDW:
		verbose_ddw(f, buf);
		return;
	case VDMA_DT_MASK:
		snprintf(buf, VALUE_MAX, "%u", verbose_mask_bits(f->dma_mask));
		return;
	case VDMA_DT_MODE:
		snprintf(buf, VALUE_MAX, "%s", vdma_mode_name(f->request));
		return;
	case VDMA_DT_LIVE:
		snprintf(buf, VALUE_MAX, "%s", f->live == VDMA_MODE_AUTO ?
				"-" : vdma_mode_name(f->live));
		return;
	case VDMA_DT_F:
		on = vdma_facts_access_platform(f);
		break;
	case VDMA_DT_V1:
		on = vdma_facts_version_1(f);
		break;
	case VDMA_DT_COHERENT:
		on = f->coherent;
		break;
	case VDMA_DT_IOMMU_OFF:
		on = f->iommu_off;
		break;
	case VDMA_DT_SECURE:
		on = f->secure;
		break;
	case VDMA_DT_QUIRK:
		on = f->secure_quirk;
		break;
	case VDMA_DT_POOL:
		on = f->pool;
		break;
	case VDMA_DT_FACT_COUNT:
		break;
	}
	snprintf(buf, VALUE_MAX, "%d", on);
}

static const char *verbose_source(const struct row *row, enum vdma_dt_fact fact)
{
	static const char * const sources[] = {
		[VDMA_DT_DEFAULT] = "assumed",
		[VDMA_DT_TREE] = "device tree",
		[VDMA_DT_GIVEN] = "given",
	};

	return (row->qemu.facts & 1u << fact) ? "QEMU" : sources[row->source[fact]];
}

/* The guest as a running QEMU sees it */
static void verbose_qemu(const struct row *row)
{
	static const char * const windows[] = {
		[ROW_WINDOW_UNKNOWN] = "unknown",
		[ROW_WINDOW_CLOSED] = "closed",
		[ROW_WINDOW_OPEN] = "open",
	};

	printf("  bypass     window %s (QEMU)\n", windows[row->qemu.window]);
	printf("  driver     %s (QEMU)\n", row->qemu.driver_ok ? "ready" : "not ready");
}

static void verbose_facts(const struct row *row)
{
	static const char * const properties[] = {
		[VDMA_PROPERTY_ABSENT] = "absent",
		[VDMA_PROPERTY_MALFORMED] = "malformed",
	};
	const struct vdma_facts *f = &row->facts;
	const char *source = row->qemu.no_node ? "QEMU" : "device tree";
	char value[VALUE_MAX];
	unsigned int fact;

	if (f->property == VDMA_PROPERTY_VALID)
		verbose_window("window", &f->property_window, value);
	else
		snprintf(value, sizeof(value), "%s", properties[f->property]);
	if (row->untagged)
		snprintf(value, sizeof(value), "unknown");
	printf("  property   %s (%s)\n", value, source);
	printf("  memory     ");
	if (f->memory_end == UINT64_MAX)
		printf("unknown (%s)\n", source);
	else
		printf("ends below 0x%" PRIx64 " (%s)\n", f->memory_end, source);
	for (fact = 0; fact < VDMA_DT_FACT_COUNT; fact++) {
		verbose_fact(f, (enum vdma_dt_fact)fact, value);
		printf("  %-9s  %s (%s): %s\n",
		       vdma_dt_fact_key((enum vdma_dt_fact)fact), value,
		       verbose_source(row, (enum vdma_dt_fact)fact),
		       vdma_dt_fact_text((enum vdma_dt_fact)fact));
	}
	if (row->qemu.asked)
		verbose_qemu(row);
}

static void verbose_missed(enum vdma_mode mode, enum vdma_reason reason)
{
	if (reason == VDMA_REASON_NONE)
		return;
	printf("  not %s: %s (%s)\n", vdma_mode_name(mode),
	       vdma_reason_meaning(reason), vdma_reason_name(reason));
	printf("      to change that: %s\n", verbose_advice(reason));
}

static void verbose_decision(const struct row *row)
{
	const struct vdma_decision *d = &row->decision;
	unsigned int mode;

	if (row->disagreement && !row->qemu.asked) {
		printf("  the module says mode %s, reason %s, passed over %s;\n  %s\n",
		       row->mode, row->reason, row->passed_over,
		       row->disagreement);
		return;
	}
	printf("  mode %s: %s (%s, ", row->mode,
	       vdma_reason_meaning(d->reason), row->reason);
	if (d->row)
		printf("row %u of the table)\n", d->row);
	else
		printf("bound before)\n");
	if (row->disagreement)
		printf("  but %s\n", row->disagreement);
	if (d->mode == VDMA_MODE_REFUSE && verbose_advice(d->reason))
		printf("      to change that: %s\n", verbose_advice(d->reason));
	for (mode = 0; mode < VDMA_MODE_COUNT; mode++)
		verbose_missed((enum vdma_mode)mode, d->passed_over[mode]);
	verbose_missed(d->requested, d->request);
}

void print_verbose(const struct rows *rows, bool colour)
{
	const char *bold = colour ? "\033[1m" : "";
	const char *plain = colour ? "\033[0m" : "";
	size_t i;

	for (i = 0; i < rows->count; i++) {
		const struct row *row = &rows->row[i];

		printf("%s%s%s%s%s%s%s\n", i ? "\n" : "", bold, row->device,
		       *row->device ? " " : "", row->driver, plain,
		       row->virtio ? "" : ": not virtio");
		if (row->path)
			printf("  at %s\n", row->path);
		if (row->decided) {
			verbose_decision(row);
			verbose_facts(row);
		}
	}
}
