/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The memory of a secure VM. See uv_memory.h.
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/rcu.h"
#include "vdma/abi.h"
#include "uv_memory.h"

#define UV_PAGE_SIZE (UINT64_C(1) << VDMA_UV_PAGE_SHIFT)

/* Count the bytes of RAM from @addr on, up to @size. */
static uint64_t uv_memory_ram_size(hwaddr addr, uint64_t size)
{
    uint64_t found = 0, len = 1;

    while (len && found < size) {
        MemoryRegionSection section = memory_region_find(
            get_system_memory(), addr + found, size - found);

        len = 0;
        if (section.mr && memory_region_is_ram(section.mr) &&
            section.offset_within_address_space == addr + found) {
            len = int128_get64(section.size);
        }
        memory_region_unref(section.mr);
        found += len;
    }
    return found;
}

bool uv_memory_is_ram(hwaddr addr, uint64_t size)
{
    return uv_memory_ram_size(addr, size) == size;
}

uint64_t uv_memory_pages(uint64_t gfn, uint64_t num)
{
    return uv_memory_ram_size(gfn << VDMA_UV_PAGE_SHIFT,
                              num << VDMA_UV_PAGE_SHIFT) >>
           VDMA_UV_PAGE_SHIFT;
}

static bool uv_memory_is_zero(hwaddr addr)
{
    hwaddr offset, len = UV_PAGE_SIZE;
    MemoryRegion *mr;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(&address_space_memory, addr, &offset, &len,
                                 false, MEMTXATTRS_UNSPECIFIED);
    return memory_region_is_ram(mr) && len == UV_PAGE_SIZE &&
           buffer_is_zero(memory_region_get_ram_ptr(mr) + offset, len);
}

void uv_memory_zero_page(uint64_t gfn)
{
    hwaddr addr = gfn << VDMA_UV_PAGE_SHIFT;

    if (!uv_memory_is_zero(addr)) {
        address_space_set(&address_space_memory, addr, 0, UV_PAGE_SIZE,
                          MEMTXATTRS_UNSPECIFIED);
    }
}
