/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * H_DMA_BYPASS: the decision. See vdma_bypass.h.
 *
 * The host's unit tests include this file, so "qemu/osdep.h" is not included.
 */
#include "vdma_bypass.h"
#include "vdma/abi.h"

#define CONFIG_ADDR_RESERVED (~(uint64_t)VDMA_CONFIG_ADDR_MASK)

bool vdma_bypass_may(const struct vdma_bypass_facts *facts)
{
    return facts->virtio && facts->access_platform &&
           facts->phb_allows && facts->device_allows;
}

static int64_t bypass_status(const struct vdma_bypass_facts *facts)
{
    if (facts->operation > VDMA_BYPASS_DISABLE ||
        facts->config_addr & CONFIG_ADDR_RESERVED) {
        return VDMA_H_PARAMETER;
    }
    if (!facts->phb_found) {
        return VDMA_H_P2;
    }
    if (!facts->device_found) {
        return VDMA_H_P3;
    }
    if (facts->secure) {
        return VDMA_H_AUTHORITY;
    }
    if (!vdma_bypass_may(facts)) {
        return VDMA_H_NOT_AVAILABLE;
    }
    /* Disabling bypass that is off changes nothing, also for a live device. */
    if (facts->operation == VDMA_BYPASS_DISABLE && facts->enabled &&
        facts->driver_ok) {
        return VDMA_H_BUSY;
    }
    return VDMA_H_SUCCESS;
}

struct vdma_bypass_answer
vdma_bypass_decide(const struct vdma_bypass_facts *facts)
{
    struct vdma_bypass_answer answer = {
        .status = bypass_status(facts),
        .enabled = facts->enabled,
    };

    if (answer.status == VDMA_H_SUCCESS &&
        facts->operation != VDMA_BYPASS_QUERY) {
        answer.enabled = facts->operation == VDMA_BYPASS_ENABLE;
    }
    if (answer.status == VDMA_H_SUCCESS || answer.status == VDMA_H_BUSY) {
        answer.state = VDMA_BYPASS_SUPPORTED;
        if (answer.enabled) {
            answer.state |= VDMA_BYPASS_ENABLED;
        }
    }
    return answer;
}
