/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMA guard's figures: what counts as one violation. See dma_guard_log.h.
 *
 * Used by dma_guard.c and by the host's unit tests, which is why
 * "qemu/osdep.h" is not included here.
 */
#include <inttypes.h>
#include <stdio.h>

#include "dma_guard_log.h"

static bool dma_guard_log_is_rest(const struct dma_guard_log *log,
                                  const struct dma_guard_access *access)
{
    const struct dma_guard_access *last = &log->last;

    return log->violations != 0 && access->device == last->device &&
           access->write == last->write && access->address > log->progress &&
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

void dma_guard_log_last(const struct dma_guard_log *log, const char *name,
                        char *text, size_t size)
{
    if (log->violations == 0) {
        text[0] = '\0';
        return;
    }
    snprintf(text, size, "device=%s address=0x%" PRIx64 " size=%" PRIu64
             " direction=%s", name, log->last.address, log->last.size,
             log->last.write ? "write" : "read");
}
