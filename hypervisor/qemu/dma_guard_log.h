/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMA guard's log of one device: what counts as one violation.
 *
 * Pure: needs no QEMU header, so that host tests reach all of it.
 */
#ifndef HW_VDMA_DMA_GUARD_LOG_H
#define HW_VDMA_DMA_GUARD_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct dma_guard_access - an access that met a private page
 * @address: guest physical address of the first byte on a private page
 * @size: bytes from there to the end of the access
 * @write: the device writes memory
 */
struct dma_guard_access {
    uint64_t address;
    uint64_t size;
    bool write;
};

/**
 * struct dma_guard_log - what a device did since the VM became secure
 * @violations: accesses
 * @last: the last of them, if there were any
 * @progress: where the part of @last begins that was seen last
 */
struct dma_guard_log {
    uint64_t violations;
    struct dma_guard_access last;
    uint64_t progress;
};

/**
 * dma_guard_log_note() - an access, or the rest of one, met a private page
 * @log: the device's own: what others do meanwhile does not count
 *
 * QEMU carries out an access in steps, each of which asks again for all that
 * is left. So an access that ends where the last one ends, and begins after
 * the place where that was last seen, is the rest of it.
 *
 * Return: true for a new violation, false for the rest of the last.
 */
bool dma_guard_log_note(struct dma_guard_log *log,
                        const struct dma_guard_access *access);

/**
 * dma_guard_log_text() - describe an access, for people and scripts
 * @name: the device's
 * @text: gets "device=NAME address=0xHEX size=DECIMAL direction=read|write",
 * seen from the device
 *
 * Return: as snprintf().
 */
int dma_guard_log_text(const struct dma_guard_access *access,
                       const char *name, char *text, size_t size);

#endif /* HW_VDMA_DMA_GUARD_LOG_H */
