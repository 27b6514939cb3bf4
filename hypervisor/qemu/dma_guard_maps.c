/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory that devices have mapped, and how they lose it. See
 * dma_guard_maps.h.
 */
#include "qemu/osdep.h"
#include "qemu/lockable.h"
#include "block/block-global-state.h"
#include "hw/pci/pci_device.h"
#include "vdma/abi.h"
#include "dma_guard.h"
#include "dma_guard_maps.h"

typedef struct DmaGuardMap {
    AddressSpace *as;
    void *host;
    hwaddr addr;            /* guest physical */
    hwaddr size;
    bool write;
    QLIST_ENTRY(DmaGuardMap) next;
} DmaGuardMap;

bool dma_guard_maps_on;
static QemuMutex maps_lock;
static QLIST_HEAD(, DmaGuardMap) maps;

void dma_guard_maps_watch(void)
{
    qemu_mutex_init(&maps_lock);
    QLIST_INIT(&maps);
    dma_guard_maps_on = true;
}

static hwaddr guest_physical(void *host)
{
    ram_addr_t offset = 0;
    MemoryRegion *mr = memory_region_from_host(host, &offset);
    hwaddr addr = offset;

    for (; mr && mr != get_system_memory(); mr = mr->container) {
        addr += mr->addr;
    }
    return addr;
}

/* Devices have address spaces of their own; system memory is QEMU's. */
void dma_guard_maps_add(AddressSpace *as, void *host, hwaddr size, bool write)
{
    DmaGuardMap *map;

    if (as == &address_space_memory) {
        return;
    }
    map = g_new(DmaGuardMap, 1);
    *map = (DmaGuardMap) {
        .as = as,
        .host = host,
        .addr = guest_physical(host),
        .size = size,
        .write = write,
    };
    QEMU_LOCK_GUARD(&maps_lock);
    QLIST_INSERT_HEAD(&maps, map, next);
}

void dma_guard_maps_remove(const AddressSpace *as, const void *host)
{
    DmaGuardMap *map;

    if (as == &address_space_memory) {
        return;
    }
    QEMU_LOCK_GUARD(&maps_lock);
    QLIST_FOREACH(map, &maps, next) {
        if (map->as == as && map->host == host) {
            QLIST_REMOVE(map, next);
            g_free(map);
            return;
        }
    }
}

/* Copies of what overlaps, for a reset changes the list. */
static GArray *find_maps(hwaddr start, hwaddr end)
{
    GArray *found = g_array_new(false, false, sizeof(DmaGuardMap));
    DmaGuardMap *map;

    QEMU_LOCK_GUARD(&maps_lock);
    QLIST_FOREACH(map, &maps, next) {
        if (map->addr < end && map->addr + map->size > start) {
            g_array_append_val(found, *map);
        }
    }
    return found;
}

static bool none_mapped(void)
{
    QEMU_LOCK_GUARD(&maps_lock);
    return QLIST_EMPTY(&maps);
}

static DmaGuard *guard_of(SpaprUv *uv, const AddressSpace *as)
{
    DmaGuard *guard;

    QLIST_FOREACH(guard, &uv->guards, next) {
        DeviceState *dev = dma_guard_device(guard);

        if (guard->as == as ||
            (guard->bus && dev && &PCI_DEVICE(dev)->bus_master_as == as)) {
            return guard;
        }
    }
    return NULL;
}

/* A reset of the function that carries a virtio device resets both. */
static void reset_device(DmaGuard *guard)
{
    DeviceState *dev = dma_guard_device(guard);
    BusState *bus = qdev_get_parent_bus(dev);

    if (!guard->bus && bus && bus->parent &&
        object_dynamic_cast(OBJECT(bus->parent), TYPE_PCI_DEVICE)) {
        dev = bus->parent;
    }
    device_cold_reset(dev);
}

void dma_guard_revoke(SpaprUv *uv, uint64_t gfn, uint64_t num)
{
    hwaddr start = gfn << VDMA_UV_PAGE_SHIFT;
    hwaddr end = (gfn + num) << VDMA_UV_PAGE_SHIFT;
    g_autoptr(GArray) found = NULL;
    unsigned int i;

    if (none_mapped()) {
        return;
    }
    bdrv_drain_all();
    found = find_maps(start, end);
    for (i = 0; i < found->len; i++) {
        DmaGuardMap *map = &g_array_index(found, DmaGuardMap, i);
        DmaGuard *guard = guard_of(uv, map->as);
        hwaddr first = MAX(map->addr, start);

        if (!guard) {
            continue;
        }
        dma_guard_note(guard, first, MIN(map->addr + map->size, end) - first,
                       map->write);
        if (!uv->report) {
            reset_device(guard);
        }
    }
}
