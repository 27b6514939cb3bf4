/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMA guard's log of one device: what counts as one violation. See
 * dma_guard_log.h.
 *
 * The host's unit tests include this file, so "qemu/osdep.h" is not included.
 */
#include <inttypes.h>
#include <stdio.h>

#include "dma_guard_log.h"

static bool dma_guard_log_is_rest(const struct dma_guard_log *log,
                                  const struct dma_guard_access *access)
{
    const struct dma_guard_access *last = &log->last;

    return log->violations != 0 && access->write == last->write &&
           access->address > log->progress &&
           access->address + access->size == last->address + last->size;
}

bool dma_guard_log_note(struct dma_guard_log *log,
                        const struct dma_guard_access *access)
{
    bool rest = dma_guard_log_is_rest(log, access);

    log->progress = access->address;
    if (!rest) {
        log->last = *access;
        log->violations++;
    }
    return !rest;
}

int dma_guard_log_text(const struct dma_guard_access *access,
                       const char *name, char *text, size_t size)
{
    return snprintf(text, size, "device=%s address=0x%" PRIx64 " size=%" PRIu64
                    " direction=%s", name, access->address, access->size,
                    access->write ? "write" : "read");
}
