/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Hypercalls: how an adapter makes them, and H_DMA_BYPASS.
 */
#ifndef VDMA_HCALL_H
#define VDMA_HCALL_H

#include <vdma/types.h>
#include <vdma/window.h>

#define VDMA_HCALL_WORDS	4

/**
 * struct vdma_hcall - one hypercall
 * @opcode: token in r3
 * @in: arguments in r4 to r7; unused ones are 0
 * @out: results from r4 to r7
 */
struct vdma_hcall {
	uint64_t opcode;
	uint64_t in[VDMA_HCALL_WORDS];
	uint64_t out[VDMA_HCALL_WORDS];
};

/**
 * struct vdma_hv_ops - how to call the hypervisor
 * @hcall: makes a call and fills in its results; returns the status (PAPR 14.5.2) from
 *	   r3. Runs in the context of the library's caller
 * @ctx: passed to @hcall
 */
struct vdma_hv_ops {
	int64_t (*hcall)(void *ctx, struct vdma_hcall *hcall);
	void *ctx;
};

/**
 * struct vdma_function - a PCI function as PAPR names it
 * @buid: unit identifier of its PHB (PAPR, "ibm,fw-phb-id" and R1-7.3.11)
 * @config_addr: bus << 16 | devfn << 8
 */
struct vdma_function {
	uint64_t buid;
	uint32_t config_addr;
};

/**
 * struct vdma_bypass - the hypervisor's answer about a function
 * @status: raw status of the call
 * @supported: the function may bypass the IOMMU
 * @enabled: its bypass window is open
 * @window: the window; all zero unless @status is success
 */
struct vdma_bypass {
	int64_t status;
	bool supported;
	bool enabled;
	struct vdma_window window;
};

/**
 * vdma_bypass_query() - ask whether a function may bypass the IOMMU
 * @hv: makes hypercalls
 * @fn: the function
 * @reply: filled in on every return
 *
 * Return: VDMA_OK; an error of the first two groups of error.h; or VDMA_E_STATUS.
 */
int vdma_bypass_query(const struct vdma_hv_ops *hv,
		      const struct vdma_function *fn,
		      struct vdma_bypass *reply);

/**
 * vdma_bypass_enable() - open the bypass window of a function
 * @hv: makes hypercalls
 * @fn: the function
 * @expect: the window according to firmware and query
 * @reply: filled in on every return
 *
 * Succeeds only if the hypervisor confirms that the window is open and equals @expect;
 * otherwise it is closed again. TCE mappings stay valid.
 *
 * Return: VDMA_OK; VDMA_E_DISAGREES; or as vdma_bypass_query().
 */
int vdma_bypass_enable(const struct vdma_hv_ops *hv,
		       const struct vdma_function *fn,
		       const struct vdma_window *expect,
		       struct vdma_bypass *reply);

/**
 * vdma_bypass_disable() - close the bypass window of a function
 * @hv: makes hypercalls
 * @fn: the function, which must have been reset
 * @reply: filled in on every return
 *
 * Return: VDMA_OK; VDMA_E_BUSY, and the window stays open, if the device's status has
 * DRIVER_OK set; VDMA_E_DISAGREES if the hypervisor reports success but an open window; or
 * as vdma_bypass_query().
 */
int vdma_bypass_disable(const struct vdma_hv_ops *hv,
			const struct vdma_function *fn,
			struct vdma_bypass *reply);

#endif /* VDMA_HCALL_H */
