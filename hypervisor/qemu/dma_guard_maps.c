/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory that devices have mapped, and how it is taken from them. See
 * dma_guard_maps.h.
 */
#include "qemu/osdep.h"
#include "qemu/interval-tree.h"
#include "qemu/lockable.h"
#include "qemu/main-loop.h"
#include "block/aio.h"
#include "block/block-global-state.h"
#include "block/block-io.h"
#include "block/graph-lock.h"
#include "hw/core/cpu.h"
#include "hw/pci/pci_device.h"
#include "system/cpus.h"
#include "system/iothread.h"
#include "vdma/abi.h"
#include "dma_guard.h"
#include "dma_guard_maps.h"
#include "trace.h"

#define POLL_US 1000

typedef struct DmaGuardMap {
    IntervalTreeNode bytes;     /* guest physical */
    AddressSpace *as;
    const void *host;
    bool write;
} DmaGuardMap;

bool dma_guard_maps_on;
static QemuMutex maps_lock;
/* For the address space of each device that has maps, their tree. */
static GHashTable *maps_by_device;

void dma_guard_maps_watch(void)
{
    /* A guest can have a device map a buffer for each descriptor. */
    QEMU_BUILD_BUG_ON(sizeof(DmaGuardMap) > 72);

    qemu_mutex_init(&maps_lock);
    maps_by_device = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    dma_guard_maps_on = true;
}

typedef struct Place {
    const MemoryRegion *mr;
    hwaddr offset;
    hwaddr addr;
    bool found;
} Place;

static bool dma_guard_maps_is_place(Int128 start, Int128 len,
                                    const MemoryRegion *mr, hwaddr offset,
                                    void *opaque)
{
    Place *place = opaque;

    if (mr != place->mr || place->offset < offset ||
        place->offset - offset >= int128_get64(len)) {
        return false;
    }
    place->addr = int128_get64(start) + (place->offset - offset);
    place->found = true;
    return true;
}

/* RAM of a BAR has no guest physical address. */
static bool dma_guard_guest_physical(const void *host, hwaddr *addr)
{
    ram_addr_t offset = 0;
    Place place = {};

    RCU_READ_LOCK_GUARD();
    place.mr = memory_region_from_host((void *)host, &offset);
    place.offset = offset;
    if (place.mr) {
        flatview_for_each_range(
            address_space_to_flatview(&address_space_memory),
            dma_guard_maps_is_place, &place);
    }
    *addr = place.addr;
    return place.found;
}

/* QEMU itself maps in system memory; devices have their own address spaces. */
void dma_guard_maps_add(AddressSpace *as, void *host, hwaddr size, bool write)
{
    IntervalTreeRoot *tree;
    DmaGuardMap *map;
    hwaddr addr;

    if (as == &address_space_memory || !size ||
        !dma_guard_guest_physical(host, &addr)) {
        return;
    }
    trace_device_mapped(addr, size, write ? "write" : "read");
    map = g_new(DmaGuardMap, 1);
    *map = (DmaGuardMap) {
        .bytes = { .start = addr, .last = addr + size - 1 },
        .as = as,
        .host = host,
        .write = write,
    };
    QEMU_LOCK_GUARD(&maps_lock);
    tree = g_hash_table_lookup(maps_by_device, as);
    if (!tree) {
        tree = g_new0(IntervalTreeRoot, 1);
        g_hash_table_insert(maps_by_device, as, tree);
    }
    interval_tree_insert(&map->bytes, tree);
}

static hwaddr dma_guard_map_size(const DmaGuardMap *map)
{
    return map->bytes.last - map->bytes.start + 1;
}

/* Find the smallest map of @host in a range that has at least @size bytes. */
static DmaGuardMap *dma_guard_maps_best(IntervalTreeRoot *tree, hwaddr start,
                                        hwaddr last, const void *host,
                                        hwaddr size, bool write)
{
    DmaGuardMap *best = NULL;
    IntervalTreeNode *node;

    for (node = interval_tree_iter_first(tree, start, last); node;
         node = interval_tree_iter_next(node, start, last)) {
        DmaGuardMap *map = container_of(node, DmaGuardMap, bytes);

        if (map->host == host && map->write == write &&
            dma_guard_map_size(map) >= size &&
            (!best || dma_guard_map_size(map) < dma_guard_map_size(best))) {
            best = map;
        }
    }
    return best;
}

/*
 * Several maps may have the same start, and one may be unmapped by less than
 * its size. Remove the smallest that has at least that size.
 */
void dma_guard_maps_remove(const AddressSpace *as, const void *host,
                           hwaddr size, bool write)
{
    hwaddr start = 0, last = UINT64_MAX;
    IntervalTreeRoot *tree;
    DmaGuardMap *map;

    if (as == &address_space_memory) {
        return;
    }
    /* Memory that was unplugged has no address: look everywhere. */
    if (dma_guard_guest_physical(host, &start)) {
        last = start;
    }
    QEMU_LOCK_GUARD(&maps_lock);
    tree = g_hash_table_lookup(maps_by_device, as);
    map = tree ? dma_guard_maps_best(tree, start, last, host, size, write) :
                 NULL;
    if (map) {
        interval_tree_remove(&map->bytes, tree);
        g_free(map);
        if (interval_tree_is_empty(tree)) {
            g_hash_table_remove(maps_by_device, as);
        }
    }
}

/* Copy the maps that overlap: a reset of their device changes the list. */
static GArray *dma_guard_maps_find(hwaddr start, hwaddr end)
{
    GArray *found = g_array_new(false, false, sizeof(DmaGuardMap));
    IntervalTreeNode *node;
    GHashTableIter device;
    gpointer tree;

    QEMU_LOCK_GUARD(&maps_lock);
    g_hash_table_iter_init(&device, maps_by_device);
    while (g_hash_table_iter_next(&device, NULL, &tree)) {
        for (node = interval_tree_iter_first(tree, start, end - 1); node;
             node = interval_tree_iter_next(node, start, end - 1)) {
            g_array_append_vals(found, container_of(node, DmaGuardMap, bytes),
                                1);
        }
    }
    return found;
}

static bool dma_guard_maps_any(hwaddr start, hwaddr end)
{
    g_autoptr(GArray) found = dma_guard_maps_find(start, end);

    return found->len;
}

static DmaGuard *dma_guard_maps_guard(SpaprUv *uv, const AddressSpace *as)
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
static void dma_guard_reset_device(DmaGuard *guard)
{
    DeviceState *dev = dma_guard_device(guard);
    BusState *bus = qdev_get_parent_bus(dev);

    if (!guard->bus && bus && bus->parent &&
        object_dynamic_cast(OBJECT(bus->parent), TYPE_PCI_DEVICE)) {
        dev = bus->parent;
    }
    device_cold_reset(dev);
}

typedef struct Barrier {
    unsigned int left;
    QemuEvent passed;
} Barrier;

static void dma_guard_barrier_pass(void *opaque)
{
    Barrier *barrier = opaque;

    if (qatomic_fetch_dec(&barrier->left) == 1) {
        qemu_event_set(&barrier->passed);
    }
}

static int dma_guard_barrier_add(Object *obj, void *opaque)
{
    Barrier *barrier = opaque;

    if (object_dynamic_cast(obj, TYPE_IOTHREAD)) {
        qatomic_inc(&barrier->left);
        aio_bh_schedule_oneshot(iothread_get_aio_context(IOTHREAD(obj)),
                                dma_guard_barrier_pass, barrier);
    }
    return 0;
}

/*
 * Wait until each iothread has been in its event loop. By then a thread that
 * looked up a page before it became private has accessed it, or its map is in
 * the list. All other threads hold the BQL for that.
 */
static void dma_guard_pass_iothreads(void)
{
    Barrier barrier = { .left = 1 };

    qemu_event_init(&barrier.passed, false);
    object_child_foreach(object_get_objects_root(), dma_guard_barrier_add,
                         &barrier);
    dma_guard_barrier_pass(&barrier);
    bql_unlock();
    qemu_event_wait(&barrier.passed);
    bql_lock();
    qemu_event_destroy(&barrier.passed);
}

static bool dma_guard_block_is_busy(void)
{
    BlockDriverState *bs = NULL;
    bool busy = false;

    GRAPH_RDLOCK_GUARD_MAINLOOP();
    while ((bs = bdrv_next_all_states(bs))) {
        busy |= bdrv_drain_poll(bs, NULL, true);
    }
    return busy;
}

/*
 * Wait for block I/O in these pages to end; none starts, because they are
 * private. Release the BQL meanwhile, for this may take long. Complete the I/O
 * of the main loop here, because the main loop may be waiting for this CPU.
 */
static void dma_guard_wait_for_io(hwaddr start, hwaddr end)
{
    bdrv_drain_all_begin_nopoll();
    while (dma_guard_maps_any(start, end) && dma_guard_block_is_busy()) {
        if (!aio_poll(qemu_get_aio_context(), false)) {
            bql_unlock();
            g_usleep(POLL_US);
            bql_lock();
        }
    }
    bdrv_drain_all_end();
}

static bool dma_guard_maps_any_private(const SpaprUv *uv, hwaddr start,
                                       hwaddr end)
{
    uint64_t gfn;

    for (gfn = start >> VDMA_UV_PAGE_SHIFT;
         gfn << VDMA_UV_PAGE_SHIFT < end; gfn++) {
        if (!uv_pages_shared(&uv->pages, gfn)) {
            return true;
        }
    }
    return false;
}

void dma_guard_revoke(SpaprUv *uv, uint64_t gfn, uint64_t num)
{
    hwaddr start = gfn << VDMA_UV_PAGE_SHIFT;
    hwaddr end = (gfn + num) << VDMA_UV_PAGE_SHIFT;
    g_autoptr(GArray) found = NULL;
    unsigned int i;

    dma_guard_pass_iothreads();
    dma_guard_wait_for_io(start, end);
    found = dma_guard_maps_find(start, end);
    for (i = 0; i < found->len; i++) {
        DmaGuardMap *map = &g_array_index(found, DmaGuardMap, i);
        DmaGuard *guard = dma_guard_maps_guard(uv, map->as);
        hwaddr first = MAX(map->bytes.start, start);
        hwaddr last = MIN(map->bytes.last + 1, end);

        /* Another CPU may have shared them again. */
        if (!guard || !dma_guard_maps_any_private(uv, first, last)) {
            continue;
        }
        dma_guard_note(guard, first, last - first, map->write);
        if (!uv->report) {
            dma_guard_reset_device(guard);
        }
    }
}
