// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * vdmactl explain --qmp: decides about the virtio functions of a VM that runs.
 *
 * The device tree that the guest has handed back has nodes and tags, QEMU has features,
 * switches and windows. Where there is no tree, QEMU's objects have to do. The guest itself
 * is not asked: its requests, its pool and its driver's DMA mask remain assumptions.
 */
#include <err.h>
#include <libfdt.h>
#include <stdlib.h>
#include <string.h>
#include <vdma/abi.h>
#include <vdma/error.h>
#include "qemu.h"
#include "vdmactl.h"

/* Usual memory, where QEMU does not tell it */
#define EXPLAIN_QMP_MEMORY	(1ull << 30)

struct explain_qmp {
	const struct qemu_vm *vm;
	const struct vdma_dt *dt;
	const struct vdma_dt_assume *assume;	/* by the user */
	bool tree;				/* @dt is the guest's */
	bool *in_tree;				/* by function of @vm */
	struct rows *rows;
};

/* Places of nodes -------------------------------------------------------------- */

/* False if a node up to the PHB lacks an address, or there are too many. */
static bool explain_qmp_place(const void *fdt, const struct vdma_dt_function *fn,
			      struct qemu_place *place)
{
	int node = fn->node;

	place->phb = (uint32_t)(fn->buid - QEMU_FIRST_BUID);
	for (place->depth = 0; node >= 0 && place->depth < QEMU_DEPTH; place->depth++) {
		const fdt32_t *reg;
		int len;

		if (!fdt_node_check_compatible(fdt, node, "IBM,Logical_PHB"))
			return place->depth;
		reg = fdt_getprop(fdt, node, "reg", &len);
		if (!reg || len < (int)sizeof(*reg))
			return false;
		place->devfn[place->depth] = (uint8_t)(fdt32_to_cpu(*reg) >>
						       VDMA_CONFIG_ADDR_DEVFN_SHIFT);
		node = fdt_parent_offset(fdt, node);
	}
	return false;
}

/* Index of the VM's function at a place; the number of functions if not found */
static size_t explain_qmp_find(const struct qemu_vm *vm, const struct qemu_place *place)
{
	size_t i;

	for (i = 0; i < vm->count; i++) {
		const struct qemu_place *other = &vm->function[i].place;

		if (other->phb == place->phb && other->depth == place->depth &&
		    !memcmp(other->devfn, place->devfn, place->depth))
			break;
	}
	return i;
}

/* Facts ------------------------------------------------------------------------ */

/* Records that QEMU knows a fact; false if the user has given it. */
static bool explain_qmp_knows(struct vdma_dt_assume *assume, enum vdma_dt_fact fact,
			      uint32_t *facts)
{
	if (assume->given & 1u << fact)
		return false;
	assume->given |= 1u << fact;
	*facts |= 1u << fact;
	return true;
}

static void explain_qmp_features(const struct qemu_function *q,
				 struct vdma_dt_assume *assume, uint32_t *facts)
{
	const uint64_t f = 1ull << VDMA_F_ACCESS_PLATFORM_BIT;
	const uint64_t v1 = 1ull << VDMA_F_VERSION_1_BIT;

	if (explain_qmp_knows(assume, VDMA_DT_F, facts))
		assume->facts.features |= q->offered & f;
	/* A driver without VERSION_1 uses the legacy interface, which does not offer it. */
	if (explain_qmp_knows(assume, VDMA_DT_V1, facts))
		assume->facts.features |= (q->negotiated ? q->accepted : q->offered) & v1;
}

/* The answer of hypervisor/qemu/vdma_bypass.c */
static void explain_qmp_answer(const struct qemu_vm *vm, const struct qemu_function *q,
			       struct vdma_facts *facts)
{
	facts->answer_window = (struct vdma_window){ 0, q->window_size };
	if (q->window_size)
		facts->answer_window.base = 1ull << VDMA_BYPASS_WINDOW_SHIFT;
	if (!vm->hcall)
		facts->answer = VDMA_ANSWER_MISSING;
	else if (q->bypass && q->offered >> VDMA_F_ACCESS_PLATFORM_BIT & 1)
		facts->answer = VDMA_ANSWER_GRANTED;
	else
		facts->answer = VDMA_ANSWER_REFUSED;
}

static bool explain_qmp_has_word(const char *text, const char *word)
{
	size_t size = strlen(word);
	const char *at = text;

	while ((at = strstr(at, word))) {
		if ((at == text || at[-1] == ' ') && (!at[size] || at[size] == ' '))
			return true;
		at += size;
	}
	return false;
}

static void explain_qmp_facts(const struct explain_qmp *e, const struct qemu_function *q,
			      struct vdma_dt_assume *assume, uint32_t *facts)
{
	const char *append = e->vm->append;
	/* The tree has the command line that the guest was started with. */
	bool no_ddw = !e->tree && explain_qmp_has_word(append, "disable_ddw");

	explain_qmp_features(q, assume, facts);
	if (explain_qmp_knows(assume, VDMA_DT_HCALL, facts))
		explain_qmp_answer(e->vm, q, &assume->facts);
	if ((!q->ddw || no_ddw) && explain_qmp_knows(assume, VDMA_DT_DDW, facts))
		assume->facts.ddw = VDMA_DDW_ABSENT;
	if (!e->tree && *append && explain_qmp_knows(assume, VDMA_DT_IOMMU_OFF, facts))
		assume->facts.iommu_off = explain_qmp_has_word(append, "iommu=off");
	if (e->vm->secure_known && explain_qmp_knows(assume, VDMA_DT_SECURE, facts))
		assume->facts.secure = e->vm->secure;
}

/* Rows ------------------------------------------------------------------------- */

/* Compares the decision with what QEMU sees the guest do. */
static void explain_qmp_compare(const struct qemu_function *q, struct row *row)
{
	bool bypass = row->decision.mode == VDMA_MODE_BYPASS;

	if (q->violation)
		row->disagreement = xasprintf("the DMA guard caught it at private memory: %s",
					      q->violation);
	else if (bypass && q->window == ROW_WINDOW_CLOSED && q->driver_ok)
		row->disagreement =
			xasprintf("its bypass window is closed: the driver uses another mode");
	else if (!bypass && q->window == ROW_WINDOW_OPEN)
		row->disagreement = xasprintf("its bypass window is open");
}

static void explain_qmp_warn(const struct rows *rows)
{
	const struct row *row;

	for (row = rows->row; row < rows->row + rows->count; row++)
		if (row->disagreement)
			warnx("%s: mode should be %s, reason %s; %s",
			      *row->device ? row->device : row->path, row->mode,
			      row->reason, row->disagreement);
}

static struct row *explain_qmp_add(const struct explain_qmp *e, const struct qemu_function *q,
				   const struct vdma_dt_function *fn)
{
	struct vdma_dt_assume assume = *e->assume;
	uint32_t facts = 0;
	unsigned int fact;
	struct row *row;

	if (q)
		explain_qmp_facts(e, q, &assume, &facts);
	row = rows_add_decided(e->rows, e->dt, fn, &assume);
	for (fact = 0; !e->tree && fact < VDMA_DT_FACT_COUNT; fact++)
		if (row->source[fact] == VDMA_DT_TREE)
			row->source[fact] = VDMA_DT_DEFAULT;
	if (!q)
		return row;
	row->qemu = (struct row_qemu){
		.asked = true,
		.facts = facts,
		.driver_ok = q->driver_ok,
		.window = q->window,
	};
	explain_qmp_compare(q, row);
	return row;
}

/*
 * A function without a node: there is no tree, or it was plugged after the guest was
 * started. QEMU tags such a function itself. Otherwise only an open window shows a tag.
 */
static void explain_qmp_add_missing(const struct explain_qmp *e,
				    const struct qemu_function *q)
{
	bool may = e->vm->hcall && q->bypass && q->offered >> VDMA_F_ACCESS_PLATFORM_BIT & 1;
	bool open = q->window == ROW_WINDOW_OPEN;
	bool tagged = q->window_size && (open || (e->tree && may));
	struct row *row;
	struct vdma_dt_function fn = {
		.path = q->path,
		.buid = QEMU_FIRST_BUID + q->place.phb,
		.domain = q->place.phb,
		.addressed = q->bus >= 0,
		.vendor = VDMA_PCI_VENDOR_VIRTIO,
		.device = (uint16_t)(VDMA_PCI_MODERN_FIRST + q->type),
		.virtio = true,
		.ddw = q->ddw && !e->dt->ddw_disabled,
	};

	if (fn.addressed)
		fn.config_addr = (uint32_t)q->bus << VDMA_CONFIG_ADDR_BUS_SHIFT |
				 (uint32_t)q->place.devfn[0] << VDMA_CONFIG_ADDR_DEVFN_SHIFT;
	if (tagged) {
		fn.property = VDMA_PROPERTY_VALID;
		fn.property_window = (struct vdma_window){
			1ull << VDMA_BYPASS_WINDOW_SHIFT, q->window_size,
		};
	}
	row = explain_qmp_add(e, q, &fn);
	row->qemu.no_node = true;
	row->untagged = !tagged && (!e->tree || may);
}

/* Adds the functions of the tree that are still plugged. */
static int explain_qmp_add_nodes(struct explain_qmp *e, bool all)
{
	struct vdma_dt_cursor cursor;
	struct vdma_dt_function fn;
	struct qemu_place place;
	int got;

	vdma_dt_start(&cursor, e->dt);
	while ((got = vdma_dt_next(&cursor, &fn)) > 0) {
		size_t i = e->vm->count;

		if (explain_qmp_place(e->dt->fdt, &fn, &place))
			i = explain_qmp_find(e->vm, &place);
		if (i < e->vm->count)
			e->in_tree[i] = true;
		if (fn.virtio ? i < e->vm->count || !e->vm->functions : all)
			explain_qmp_add(e, i < e->vm->count ? &e->vm->function[i] : NULL,
					&fn);
	}
	return got;
}

static bool explain_qmp_collect(struct explain_qmp *e, const char *socket, bool all)
{
	int error = e->tree ? explain_qmp_add_nodes(e, all) : 0;
	size_t i;

	if (error) {
		warnx("cannot read the device tree of %s: %s", socket, vdma_strerror(error));
		return false;
	}
	for (i = 0; i < e->vm->count; i++)
		if (!e->in_tree[i])
			explain_qmp_add_missing(e, &e->vm->function[i]);
	rows_sort(e->rows);
	explain_qmp_warn(e->rows);
	return true;
}

/* Decides from the VM's facts and its tree; without a tree says why. */
static enum status explain_qmp_vm(struct qmp *qmp, const char *socket,
				  const struct qemu_vm *vm, const struct output *output,
				  const struct vdma_dt_assume *assume)
{
	struct vdma_dt dt = {
		.memory_end = vm->memory ? vm->memory : EXPLAIN_QMP_MEMORY,
		.hcall_announced = vm->hcall,
	};
	enum status status = STATUS_UNREADABLE;
	struct blob blob = { NULL, 0 };
	struct rows rows = { 0 };
	char *why = qemu_read_tree(qmp, &blob, &dt);
	struct explain_qmp e = {
		.vm = vm,
		.dt = &dt,
		.assume = assume,
		.tree = !why,
		.in_tree = xalloc(calloc(vm->count + 1, sizeof(bool))),
		.rows = &rows,
	};

	if (qmp_lost(qmp)) {
		warnx("cannot explain %s: %s", socket, qmp_error(qmp));
	} else if (why && !vm->functions) {
		warnx("cannot explain %s: %s; and it lists no virtio devices", socket, why);
	} else {
		if (why)
			warnx("cannot read the device tree of %s: %s; tags unknown, virtio only",
			      socket, why);
		if (explain_qmp_collect(&e, socket, output->all))
			status = output_rows(&rows, output, true);
	}
	rows_free(&rows);
	free(e.in_tree);
	if (!why)
		free(blob.data);
	free(why);
	return status;
}

enum status explain_qmp(const char *socket, const struct output *output,
			const struct vdma_dt_assume *assume)
{
	enum status status = STATUS_UNREADABLE;
	struct qmp *qmp = qmp_open(socket);
	struct qemu_vm vm;

	if (!qmp)
		return STATUS_UNREADABLE;
	if (qemu_read_vm(qmp, socket, &vm)) {
		status = explain_qmp_vm(qmp, socket, &vm, output, assume);
		qemu_free_vm(&vm);
	}
	qmp_close(qmp);
	return status;
}
