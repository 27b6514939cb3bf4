// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * H_DMA_BYPASS: query, enable, disable. docs/abi/h-dma-bypass.md is the reference. Answers
 * of the hypervisor are trusted only if they are consistent.
 */
#include <vdma/abi.h>
#include <vdma/error.h>
#include <vdma/hcall.h>

/* The error for a status other than H_SUCCESS */
static int bypass_error(int64_t status)
{
	switch (status) {
	case VDMA_H_BUSY:
		return VDMA_E_BUSY;
	case VDMA_H_FUNCTION:
		return VDMA_E_UNSUPPORTED;
	case VDMA_H_PARAMETER:
		return VDMA_E_ARGUMENT;
	case VDMA_H_AUTHORITY:
		return VDMA_E_SECURE;
	case VDMA_H_P2:
		return VDMA_E_NO_PHB;
	case VDMA_H_P3:
		return VDMA_E_NO_DEVICE;
	case VDMA_H_NOT_AVAILABLE:
		return VDMA_E_REFUSED;
	default:
		return VDMA_E_STATUS;
	}
}

static int bypass_call(const struct vdma_hv_ops *hv,
		       const struct vdma_function *fn, uint64_t operation,
		       struct vdma_bypass *reply)
{
	struct vdma_hcall hcall = {
		.opcode = VDMA_H_DMA_BYPASS,
		.in = { operation, fn->buid, fn->config_addr },
	};
	int64_t status = hv->hcall(hv->ctx, &hcall);

	*reply = (struct vdma_bypass){ .status = status };
	if (status != VDMA_H_SUCCESS)
		return bypass_error(status);

	reply->supported = hcall.out[0] & VDMA_BYPASS_SUPPORTED;
	reply->enabled = hcall.out[0] & VDMA_BYPASS_ENABLED;
	reply->window.base = hcall.out[1];
	reply->window.size = hcall.out[2];
	return VDMA_OK;
}

int vdma_bypass_query(const struct vdma_hv_ops *hv,
		      const struct vdma_function *fn, struct vdma_bypass *reply)
{
	return bypass_call(hv, fn, VDMA_BYPASS_QUERY, reply);
}

int vdma_bypass_enable(const struct vdma_hv_ops *hv,
		       const struct vdma_function *fn,
		       const struct vdma_window *expect,
		       struct vdma_bypass *reply)
{
	struct vdma_bypass undone;
	int error = bypass_call(hv, fn, VDMA_BYPASS_ENABLE, reply);

	if (error)
		return error;
	if (reply->supported && reply->enabled &&
	    vdma_window_equal(&reply->window, expect))
		return VDMA_OK;

	bypass_call(hv, fn, VDMA_BYPASS_DISABLE, &undone);
	return VDMA_E_DISAGREES;
}

int vdma_bypass_disable(const struct vdma_hv_ops *hv,
			const struct vdma_function *fn,
			struct vdma_bypass *reply)
{
	int error = bypass_call(hv, fn, VDMA_BYPASS_DISABLE, reply);

	if (!error && reply->enabled)
		return VDMA_E_DISAGREES;
	return error;
}
