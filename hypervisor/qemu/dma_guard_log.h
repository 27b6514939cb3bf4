/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The DMA guard's figures: what counts as one violation.
 *
 * Pure: no QEMU header is needed, so that host tests reach it all.
 */
#ifndef HW_VDMA_DMA_GUARD_LOG_H
#define HW_VDMA_DMA_GUARD_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct dma_guard_access - an access that met a private page
 * @device: whose it is; only compared
 * @address: guest physical address of the first byte on a private page
 * @size: bytes from there to the end of the access
 * @write: the device writes memory
 */
struct dma_guard_access {
    const void *device;
    uint64_t address;
    uint64_t size;
    bool write;
};

/**
 * struct dma_guard_log - what was seen since the VM became secure
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
 *
 * QEMU carries an access out in steps, each of which asks again for all that
 * is left. So what ends where the last access ends, and begins behind the
 * place where that one was last seen, is the same access.
 *
 * Return: true when this is a new violation, false for the rest of the last.
 */
bool dma_guard_log_note(struct dma_guard_log *log,
                        const struct dma_guard_access *access);

/**
 * dma_guard_log_last() - the last violation in words, for people and scripts
 * @name: the device's
 * @text: gets "device=NAME address=0xHEX size=DECIMAL direction=read|write",
 * seen from the device, or the empty string when there was none
 */
void dma_guard_log_last(const struct dma_guard_log *log, const char *name,
                        char *text, size_t size);

#endif /* HW_VDMA_DMA_GUARD_LOG_H */
