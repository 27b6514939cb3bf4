// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Asks a running QEMU about a pseries VM: features by x-query-virtio-status, places and
 * switches by QOM, the device tree by dumpdtb. Objects may go while they are asked about;
 * what QEMU refuses is left unknown.
 */
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vdma/abi.h>
#include "qemu.h"

#define QEMU_MACHINE	"/machine"

/* Properties --------------------------------------------------------------- */

/* A text, to be freed; NULL if there is no such property. */
static char *qemu_text(struct qmp *qmp, const char *path, const char *name)
{
	json_t *value = qmp_property(qmp, path, name);
	const char *text = json_string_value(value);
	char *copy = text ? xalloc(strdup(text)) : NULL;

	json_decref(value);
	return copy;
}

static bool qemu_number(struct qmp *qmp, const char *path, const char *name,
			uint64_t *number)
{
	json_t *value = qmp_property(qmp, path, name);
	bool good = json_is_integer(value);

	if (good)
		*number = (uint64_t)json_integer_value(value);
	json_decref(value);
	return good;
}

/* A switch; false if there is no such property. */
static bool qemu_flag(struct qmp *qmp, const char *path, const char *name, bool *on)
{
	json_t *value = qmp_property(qmp, path, name);
	bool good = json_is_boolean(value);

	*on = json_is_true(value);
	json_decref(value);
	return good;
}

/* The path of the object that has the one at @path, to be freed */
static char *qemu_parent(const char *path)
{
	const char *end = strrchr(path, '/');

	return xalloc(strndup(path, end ? (size_t)(end - path) : 0));
}

/* Places ------------------------------------------------------------------- */

/* The bridge or PHB that a PCI device is plugged into, to be freed; NULL if none */
static char *qemu_above(struct qmp *qmp, const char *path, uint8_t *devfn)
{
	uint64_t addr;
	char *bus, *above;

	if (!qemu_number(qmp, path, "addr", &addr))
		return NULL;
	*devfn = (uint8_t)addr;
	bus = qemu_text(qmp, path, "parent_bus");
	if (!bus)
		return NULL;
	above = qemu_parent(bus);
	free(bus);
	return above;
}

/* Finds the place of a function and the path of its PHB, to be freed; NULL if it has none. */
static char *qemu_find_place(struct qmp *qmp, const char *path, struct qemu_place *place)
{
	char *at = xalloc(strdup(path)), *above;
	uint64_t index;

	for (place->depth = 0; place->depth < QEMU_DEPTH; place->depth++) {
		above = qemu_above(qmp, at, &place->devfn[place->depth]);
		if (!above)
			break;
		free(at);
		at = above;
	}
	if (place->depth && qemu_number(qmp, at, "index", &index)) {
		place->phb = (uint32_t)index;
		return at;
	}
	free(at);
	return NULL;
}

/* The bridge among the devices of a bus, as query-pci describes it, or NULL */
static const json_t *qemu_find_bridge(const json_t *devices, uint8_t devfn)
{
	size_t i;

	for (i = 0; i < json_array_size(devices); i++) {
		const json_t *device = json_array_get(devices, i);
		json_int_t slot = json_integer_value(json_object_get(device, "slot"));
		json_int_t function = json_integer_value(json_object_get(device, "function"));

		if (slot == devfn >> 3 && function == (devfn & 7))
			return json_object_get(device, "pci_bridge");
	}
	return NULL;
}

/* Bus number of a function below a root bus of query-pci; -1 if it has none of the bridges. */
static int qemu_bus_below(const json_t *root, const struct qemu_place *place)
{
	json_int_t number = json_integer_value(json_object_get(root, "bus"));
	const json_t *devices = json_object_get(root, "devices");
	unsigned int above = place->depth;

	while (--above > 0) {
		const json_t *bridge = qemu_find_bridge(devices, place->devfn[above]);
		const json_t *bus = json_object_get(json_object_get(bridge, "bus"), "secondary");

		if (!json_is_integer(bus))
			return -1;
		number = json_integer_value(bus);
		devices = json_object_get(bridge, "devices");
	}
	return (int)number;
}

/*
 * query-pci does not name the PHB of a root bus. If several have such bridges with different
 * numbers, the number is unknown.
 */
static int qemu_find_bus(const json_t *roots, const struct qemu_place *place)
{
	int bus = -1;
	size_t i;

	for (i = 0; i < json_array_size(roots); i++) {
		int other = qemu_bus_below(json_array_get(roots, i), place);

		if (bus >= 0 && other >= 0 && other != bus)
			return -1;
		if (other >= 0)
			bus = other;
	}
	return bus;
}

/* Virtio ------------------------------------------------------------------- */

/* Does a list of "NAME: what it means" have a name? */
static bool qemu_lists(const json_t *list, const char *name)
{
	size_t i, size = strlen(name);

	for (i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text && !strncmp(text, name, size) &&
		    (!text[size] || text[size] == ':'))
			return true;
	}
	return false;
}

static uint64_t qemu_features(const json_t *status, const char *which)
{
	const json_t *list = json_object_get(json_object_get(status, which), "transports");
	uint64_t features = 0;

	if (qemu_lists(list, "VIRTIO_F_IOMMU_PLATFORM") ||
	    qemu_lists(list, "VIRTIO_F_ACCESS_PLATFORM"))
		features |= 1ull << VDMA_F_ACCESS_PLATFORM_BIT;
	if (qemu_lists(list, "VIRTIO_F_VERSION_1"))
		features |= 1ull << VDMA_F_VERSION_1_BIT;
	return features;
}

static bool qemu_read_status(struct qmp *qmp, const char *virtio, struct qemu_function *fn)
{
	json_t *status = qmp_command(qmp, "x-query-virtio-status",
				     json_pack("{s:s}", "path", virtio));
	const json_t *bits = json_object_get(json_object_get(status, "status"), "statuses");
	bool good = status;

	fn->type = (uint16_t)json_integer_value(json_object_get(status, "device-id"));
	fn->offered = qemu_features(status, "host-features");
	fn->accepted = qemu_features(status, "guest-features");
	fn->driver_ok = qemu_lists(bits, "VIRTIO_CONFIG_S_DRIVER_OK");
	fn->negotiated = fn->driver_ok || qemu_lists(bits, "VIRTIO_CONFIG_S_FEATURES_OK");
	json_decref(status);
	return good;
}

static void qemu_read_switches(struct qmp *qmp, struct qemu_function *fn)
{
	bool device, phb;

	fn->bypass = qemu_flag(qmp, fn->path, "dma-bypass", &device) && device &&
		     qemu_flag(qmp, fn->phb_path, "dma-bypass", &phb) && phb;
	qemu_flag(qmp, fn->phb_path, "ddw", &fn->ddw);
}

static void qemu_free_function(struct qemu_function *fn)
{
	free(fn->path);
	free(fn->phb_path);
	free(fn->violation);
}

/* False if it is on no PCI bus of a PHB, or has just gone. */
static bool qemu_read_function(struct qmp *qmp, const char *virtio, const json_t *roots,
			       struct qemu_function *fn)
{
	fn->path = qemu_parent(virtio);
	fn->phb_path = qemu_find_place(qmp, fn->path, &fn->place);
	if (!fn->phb_path || !qemu_read_status(qmp, virtio, fn)) {
		qemu_free_function(fn);
		return false;
	}
	fn->bus = qemu_find_bus(roots, &fn->place);
	qemu_read_switches(qmp, fn);
	return true;
}

static void qemu_read_functions(struct qmp *qmp, struct qemu_vm *vm)
{
	json_t *list = qmp_command(qmp, "x-query-virtio", NULL);
	json_t *roots = qmp_command(qmp, "query-pci", NULL);
	size_t i;

	vm->functions = list;
	vm->function = xalloc(calloc(json_array_size(list) + 1, sizeof(*vm->function)));
	for (i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		const char *path = json_string_value(json_object_get(entry, "path"));
		struct qemu_function *fn = &vm->function[vm->count];

		*fn = (struct qemu_function){ 0 };
		if (path && qemu_read_function(qmp, path, roots, fn))
			vm->count++;
	}
	json_decref(roots);
	json_decref(list);
}

/* Windows and guard ---------------------------------------------------------- */

static struct qemu_function *qemu_find_function(struct qemu_vm *vm, const char *path)
{
	size_t i;

	for (i = 0; path && i < vm->count; i++)
		if (!strcmp(vm->function[i].path, path))
			return &vm->function[i];
	return NULL;
}

/* hypervisor/qemu/spapr_vdma.c has an object for each function, a child of the PHB. */
static void qemu_read_window(struct qmp *qmp, struct qemu_vm *vm, const char *phb,
			     const char *child)
{
	char *path = xasprintf("%s/%s", phb, child);
	char *device = qemu_text(qmp, path, "device");
	struct qemu_function *fn = qemu_find_function(vm, device);
	bool open;

	if (fn && qemu_flag(qmp, path, "enabled", &open)) {
		fn->window = open ? ROW_WINDOW_OPEN : ROW_WINDOW_CLOSED;
		qemu_number(qmp, path, "window-size", &fn->window_size);
	}
	free(device);
	free(path);
}

static void qemu_read_windows(struct qmp *qmp, struct qemu_vm *vm, const char *phb)
{
	json_t *list = qmp_command(qmp, "qom-list", json_pack("{s:s}", "path", phb));
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		const char *type = json_string_value(json_object_get(entry, "type"));
		const char *name = json_string_value(json_object_get(entry, "name"));

		if (type && name && !strcmp(type, "child<spapr-vdma-function>"))
			qemu_read_window(qmp, vm, phb, name);
	}
	json_decref(list);
}

static void qemu_read_phbs(struct qmp *qmp, struct qemu_vm *vm)
{
	size_t i, j;

	for (i = 0; i < vm->count; i++) {
		for (j = 0; j < i; j++)
			if (vm->function[j].place.phb == vm->function[i].place.phb)
				break;
		if (i == j)
			qemu_read_windows(qmp, vm, vm->function[i].phb_path);
	}
}

/* A line for each violating device: "device=", its id or its path, a blank, and more */
static void qemu_read_guard(struct qmp *qmp, struct qemu_vm *vm)
{
	static const char peripheral[] = "/machine/peripheral/", key[] = "device=";
	char *text = qemu_text(qmp, QEMU_MACHINE, "dma-guard-by-device");
	char *rest = NULL, *line;
	size_t i;

	for (line = text ? strtok_r(text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *name = line + sizeof(key) - 1, *end = strchr(line, ' ');

		if (strncmp(line, key, sizeof(key) - 1) || !end)
			continue;
		*end = '\0';
		for (i = 0; i < vm->count; i++) {
			struct qemu_function *fn = &vm->function[i];
			bool same = !strcmp(fn->path, name) ||
				    (!strncmp(fn->path, peripheral, sizeof(peripheral) - 1) &&
				     !strcmp(fn->path + sizeof(peripheral) - 1, name));

			if (same && !fn->violation)
				fn->violation = xalloc(strdup(end + 1));
		}
	}
	free(text);
}

/* The VM --------------------------------------------------------------------- */

/* A QEMU that knows no ultravisor has no secure VM, unless KVM runs under one. */
static void qemu_read_secure(struct qmp *qmp, struct qemu_vm *vm)
{
	json_t *kvm;
	bool enabled;

	vm->secure_known = qemu_flag(qmp, QEMU_MACHINE, "uv-secure", &vm->secure);
	if (vm->secure_known)
		return;
	if (qemu_flag(qmp, QEMU_MACHINE, "x-ultravisor", &enabled)) {
		vm->secure_known = !enabled;
		return;
	}
	kvm = qmp_command(qmp, "query-kvm", NULL);
	vm->secure_known = json_is_false(json_object_get(kvm, "enabled"));
	json_decref(kvm);
}

static void qemu_read_memory(struct qmp *qmp, struct qemu_vm *vm)
{
	json_t *memory = qmp_property(qmp, QEMU_MACHINE, "memory");
	const json_t *size = json_object_get(memory, "max-size");

	if (!size)
		size = json_object_get(memory, "size");
	vm->memory = (uint64_t)json_integer_value(size);
	json_decref(memory);
}

static bool qemu_check_machine(struct qmp *qmp, const char *socket)
{
	char *type = qemu_text(qmp, QEMU_MACHINE, "type");
	bool good = type && !strncmp(type, "pseries", strlen("pseries"));

	if (!type)
		warnx("cannot explain %s: %s", socket, qmp_error(qmp));
	else if (!good)
		warnx("cannot explain %s: its machine is a %s, not pseries", socket, type);
	free(type);
	return good;
}

bool qemu_read_vm(struct qmp *qmp, const char *socket, struct qemu_vm *vm)
{
	*vm = (struct qemu_vm){ 0 };
	if (!qemu_check_machine(qmp, socket))
		return false;
	vm->append = qemu_text(qmp, QEMU_MACHINE, "append");
	if (!vm->append)
		vm->append = xalloc(strdup(""));
	qemu_flag(qmp, QEMU_MACHINE, "cap-dma-bypass", &vm->hcall);
	qemu_read_secure(qmp, vm);
	qemu_read_memory(qmp, vm);
	qemu_read_functions(qmp, vm);
	qemu_read_phbs(qmp, vm);
	qemu_read_guard(qmp, vm);
	if (!qmp_lost(qmp))
		return true;
	warnx("cannot explain %s: %s", socket, qmp_error(qmp));
	qemu_free_vm(vm);
	return false;
}

void qemu_free_vm(struct qemu_vm *vm)
{
	size_t i;

	for (i = 0; i < vm->count; i++)
		qemu_free_function(&vm->function[i]);
	free(vm->function);
	free(vm->append);
}

/* The device tree ------------------------------------------------------------ */

/*
 * Until QEMU's command has the feature "fdt-update", it reads memory that H_UPDATE_DT has
 * freed, once the guest has run. That has ended VMs (hypervisor/qemu/hooks).
 */
static bool qemu_dumps_updates(struct qmp *qmp)
{
	json_t *schema = qmp_command(qmp, "query-qmp-schema", NULL);
	bool found = false;
	size_t i;

	for (i = 0; i < json_array_size(schema); i++) {
		const json_t *entry = json_array_get(schema, i);
		const char *name = json_string_value(json_object_get(entry, "name"));

		if (name && !strcmp(name, "dumpdtb"))
			found = qemu_lists(json_object_get(entry, "features"), "fdt-update");
	}
	json_decref(schema);
	return found;
}

static bool qemu_has_not_run(struct qmp *qmp)
{
	json_t *status = qmp_command(qmp, "query-status", NULL);
	const char *state = json_string_value(json_object_get(status, "status"));
	bool waits = state && !strcmp(state, "prelaunch");

	json_decref(status);
	return waits;
}

/* Has QEMU write the tree into a folder; returns NULL, or why it cannot, to be freed. */
static char *qemu_dump(struct qmp *qmp, const char *folder, struct blob *blob,
		       struct vdma_dt *dt)
{
	char *file = xasprintf("%s/guest.dtb", folder);
	json_t *done = qmp_command(qmp, "dumpdtb", json_pack("{s:s}", "filename", file));
	const char *why = done ? file_load_tree(file, blob, dt) : qmp_error(qmp);
	char *copy = why ? xalloc(strdup(why)) : NULL;

	json_decref(done);
	unlink(file);
	free(file);
	return copy;
}

char *qemu_read_tree(struct qmp *qmp, struct blob *blob, struct vdma_dt *dt)
{
	const char *temporary = getenv("TMPDIR");
	char place[PATH_MAX], *folder, *why;

	if (!qemu_dumps_updates(qmp) && !qemu_has_not_run(qmp))
		return xasprintf("dumpdtb of this QEMU reads freed memory");
	/* QEMU may have another working directory. */
	if (!temporary || !*temporary)
		temporary = "/tmp";
	if (!realpath(temporary, place))
		return xasprintf("%s: %s", temporary, strerror(errno));
	folder = xasprintf("%s/vdmactl.XXXXXX", place);
	/* Root lets QEMU write, whoever that is. */
	if (mkdtemp(folder) && (geteuid() || !chown(folder, qmp_user(qmp), (gid_t)-1)))
		why = qemu_dump(qmp, folder, blob, dt);
	else
		why = xasprintf("%s: %s", place, strerror(errno));
	rmdir(folder);
	free(folder);
	return why;
}
