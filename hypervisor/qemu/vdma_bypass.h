/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * H_DMA_BYPASS: the decision.
 *
 * Pure: facts in, answer out. It needs no QEMU header, so that a host test
 * reaches every answer. spapr_vdma.c collects the facts and acts.
 */
#ifndef HW_VDMA_VDMA_BYPASS_H
#define HW_VDMA_VDMA_BYPASS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct vdma_bypass_facts - input of the decision
 * @operation: r4 as the guest passed it, VDMA_BYPASS_QUERY and so on
 * @config_addr: r6 as the guest passed it
 * @phb_found: r5 is the BUID of a PHB
 * @device_found: that PHB has a function at @config_addr
 * @secure: the partition runs as a secure VM
 * @virtio: the function is a virtio device
 * @access_platform: it offers VIRTIO_F_ACCESS_PLATFORM
 * @phb_allows: the administrator allows bypass for the PHB
 * @device_allows: the administrator allows bypass for the function
 * @driver_ok: the driver has set DRIVER_OK
 * @enabled: bypass is on now
 *
 * Facts about a PHB or device that was not found are false.
 */
struct vdma_bypass_facts {
    uint64_t operation;
    uint64_t config_addr;
    bool phb_found;
    bool device_found;
    bool secure;
    bool virtio;
    bool access_platform;
    bool phb_allows;
    bool device_allows;
    bool driver_ok;
    bool enabled;
};

/**
 * struct vdma_bypass_answer - output of the decision
 * @status: r3
 * @state: r4, VDMA_BYPASS_SUPPORTED and VDMA_BYPASS_ENABLED
 * @enabled: the new state of bypass
 */
struct vdma_bypass_answer {
    int64_t status;
    uint64_t state;
    bool enabled;
};

/**
 * vdma_bypass_may() - may this function bypass in a VM that is not secure?
 * @facts: those about the function and the switches
 */
bool vdma_bypass_may(const struct vdma_bypass_facts *facts);

/**
 * vdma_bypass_decide() - answer one call
 *
 * The status is the first of these that applies:
 * VDMA_H_PARAMETER, VDMA_H_P2, VDMA_H_P3, VDMA_H_AUTHORITY,
 * VDMA_H_NOT_AVAILABLE, VDMA_H_BUSY (disable for a live device that bypasses),
 * VDMA_H_SUCCESS. Nothing changes unless it is VDMA_H_SUCCESS.
 *
 * Return: the answer; its state is 0 unless the status is VDMA_H_SUCCESS or
 * VDMA_H_BUSY.
 */
struct vdma_bypass_answer
vdma_bypass_decide(const struct vdma_bypass_facts *facts);

#endif /* HW_VDMA_VDMA_BYPASS_H */
