// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The decision: which path a virtio device's DMA takes, and why.
 *
 * This implements the table of docs/abi/policy.md. Adapters call vdma_decide(), and do not
 * decide themselves.
 */
#include <vdma/abi.h>
#include <vdma/policy.h>

/*
 * LoPAR 7.3.28: dynamic windows need 64-bit addresses; a mask of 32 bits reaches only the
 * default window.
 */
#define DDW_OUT_OF_REACH	0xffffffffull

bool vdma_facts_access_platform(const struct vdma_facts *facts)
{
	return facts->features >> VDMA_F_ACCESS_PLATFORM_BIT & 1;
}

bool vdma_facts_version_1(const struct vdma_facts *facts)
{
	return facts->features >> VDMA_F_VERSION_1_BIT & 1;
}

/* Does the device obey an IOMMU that the kernel does not set up? */
static bool policy_needs_iommu(const struct vdma_facts *f)
{
	return f->iommu_off && vdma_facts_access_platform(f);
}

/* Why a device that obeys the IOMMU cannot have mode bypass: the first reason */
static enum vdma_reason policy_bypass_obstacle(const struct vdma_facts *f)
{
	if (f->secure)
		return VDMA_REASON_SECURE_VETO;
	if (f->property == VDMA_PROPERTY_MALFORMED)
		return VDMA_REASON_PROPERTY_MALFORMED;
	if (f->answer == VDMA_ANSWER_MISSING)
		return VDMA_REASON_HCALL_MISSING;
	if (f->property == VDMA_PROPERTY_ABSENT)
		return VDMA_REASON_PROPERTY_ABSENT;
	if (f->answer != VDMA_ANSWER_GRANTED)
		return VDMA_REASON_HCALL_REFUSED;
	if (!vdma_window_valid(&f->property_window) ||
	    !vdma_window_equal(&f->property_window, &f->answer_window))
		return VDMA_REASON_HCALL_DISAGREES;
	if (f->answer_window.size < f->memory_end)
		return VDMA_REASON_WINDOW_TOO_SMALL;
	if (!f->coherent)
		return VDMA_REASON_NOT_COHERENT;
	if (!vdma_window_reached(&f->answer_window, f->dma_mask))
		return VDMA_REASON_MASK_TOO_SMALL;
	return VDMA_REASON_NONE;
}

/* Why a device that obeys the IOMMU cannot have mode identity: the first reason */
static enum vdma_reason policy_identity_obstacle(const struct vdma_facts *f)
{
	if (f->secure)
		return VDMA_REASON_SECURE_VETO;
	if (f->iommu_off)
		return VDMA_REASON_IOMMU_OFF;
	if (f->ddw == VDMA_DDW_ABSENT)
		return VDMA_REASON_DDW_ABSENT;
	if (f->dma_mask <= DDW_OUT_OF_REACH)
		return VDMA_REASON_MASK_TOO_SMALL;
	if (f->ddw != VDMA_DDW_COVERS || !vdma_window_valid(&f->ddw_window) ||
	    f->ddw_window.size < f->memory_end)
		return VDMA_REASON_DDW_TOO_SMALL;
	if (!vdma_window_reached(&f->ddw_window, f->dma_mask))
		return VDMA_REASON_MASK_TOO_SMALL;
	return VDMA_REASON_NONE;
}

static void policy_choose(struct vdma_decision *d, unsigned int row,
			  enum vdma_mode mode, enum vdma_reason reason)
{
	d->row = row;
	d->mode = mode;
	d->reason = reason;
}

static void policy_decide_secure(const struct vdma_facts *f,
				 struct vdma_decision *d)
{
	if (!vdma_facts_version_1(f))
		policy_choose(d, 1, VDMA_MODE_REFUSE,
			      VDMA_REASON_SECURE_LEGACY);
	else if (!f->pool)
		policy_choose(d, 2, VDMA_MODE_REFUSE,
			      VDMA_REASON_SECURE_NO_POOL);
	else if (policy_needs_iommu(f))
		policy_choose(d, 3, VDMA_MODE_REFUSE, VDMA_REASON_IOMMU_OFF);
	else if (vdma_facts_access_platform(f))
		policy_choose(d, 4, VDMA_MODE_BOUNCE,
			      VDMA_REASON_SECURE_PLATFORM);
	else if (f->secure_quirk)
		policy_choose(d, 5, VDMA_MODE_BOUNCE, VDMA_REASON_SECURE_QUIRK);
	else
		policy_choose(d, 6, VDMA_MODE_REFUSE,
			      VDMA_REASON_SECURE_QUIRK_DISABLED);
}

static void policy_decide_auto(const struct vdma_facts *f,
			       struct vdma_decision *d)
{
	if (f->secure)
		policy_decide_secure(f, d);
	else if (!vdma_facts_access_platform(f))
		policy_choose(d, 7, VDMA_MODE_DIRECT,
			      VDMA_REASON_NO_ACCESS_PLATFORM);
	else if (policy_bypass_obstacle(f) == VDMA_REASON_NONE)
		policy_choose(d, 8, VDMA_MODE_BYPASS, VDMA_REASON_DT_BYPASS);
	else if (policy_needs_iommu(f))
		policy_choose(d, 9, VDMA_MODE_REFUSE, VDMA_REASON_IOMMU_OFF);
	else if (policy_identity_obstacle(f) == VDMA_REASON_NONE)
		policy_choose(d, 10, VDMA_MODE_IDENTITY,
			      VDMA_REASON_DDW_COVERS_MEMORY);
	else
		policy_choose(d, 11, VDMA_MODE_TCE, VDMA_REASON_DEFAULT_WINDOW);
}

/* Would the requested mode let the device reach a wrong address? */
static bool policy_request_unsafe(const struct vdma_facts *f,
				  const struct vdma_decision *automatic)
{
	if (f->request == VDMA_MODE_REFUSE)
		return false;
	/* In a secure guest only the row's mode and refuse are safe. */
	if (f->secure)
		return true;
	switch (f->request) {
	case VDMA_MODE_BOUNCE:
		return false;
	case VDMA_MODE_BYPASS:
		return automatic->mode != VDMA_MODE_BYPASS;
	case VDMA_MODE_IDENTITY:
	case VDMA_MODE_TCE:
		/* A device that ignores the IOMMU takes DMA addresses for physical ones. */
		return !vdma_facts_access_platform(f);
	default:
		return true;
	}
}

static bool policy_request_available(const struct vdma_facts *f)
{
	switch (f->request) {
	case VDMA_MODE_IDENTITY:
		return policy_identity_obstacle(f) == VDMA_REASON_NONE;
	case VDMA_MODE_TCE:
		return !policy_needs_iommu(f);
	case VDMA_MODE_BOUNCE:
		return f->pool && !policy_needs_iommu(f);
	default:
		return true;
	}
}

static void policy_apply_request(const struct vdma_facts *f,
				 struct vdma_decision *d)
{
	if (f->request == VDMA_MODE_AUTO || f->request == d->mode)
		return;
	if (policy_request_unsafe(f, d))
		d->request = VDMA_REASON_REQUEST_UNSAFE;
	else if (!policy_request_available(f))
		d->request = VDMA_REASON_REQUEST_UNAVAILABLE;
	else
		policy_choose(d, d->row, f->request, VDMA_REASON_REQUESTED);
}

static enum vdma_reason policy_obstacle(const struct vdma_facts *f,
					enum vdma_mode mode)
{
	return mode == VDMA_MODE_BYPASS ? policy_bypass_obstacle(f)
					: policy_identity_obstacle(f);
}

/*
 * Sets the reason for each mode that is better than the chosen one: its obstacle, or
 * @otherwise. If a request was followed, that is the only reason. A device that ignores the
 * IOMMU has no better modes.
 */
static void policy_pass_over(const struct vdma_facts *f,
			     struct vdma_decision *d,
			     enum vdma_reason otherwise)
{
	static const enum vdma_mode modes[] = {
		VDMA_MODE_BYPASS, VDMA_MODE_IDENTITY
	};
	unsigned int i;

	if (!vdma_facts_access_platform(f))
		return;
	for (i = 0; i < 2 && modes[i] < d->mode; i++) {
		enum vdma_reason reason = VDMA_REASON_NONE;

		if (d->reason != VDMA_REASON_REQUESTED)
			reason = policy_obstacle(f, modes[i]);
		d->passed_over[modes[i]] =
			reason == VDMA_REASON_NONE ? otherwise : reason;
	}
}

/*
 * A bound device keeps its DMA path, since changing it under load would be fatal. @next:
 * the decision for the device if it were bound now.
 */
static void policy_describe_live(const struct vdma_facts *f,
				 const struct vdma_decision *next,
				 struct vdma_decision *d)
{
	static const enum vdma_reason why[VDMA_MODE_COUNT] = {
		[VDMA_MODE_DIRECT] = VDMA_REASON_NO_ACCESS_PLATFORM,
		[VDMA_MODE_BYPASS] = VDMA_REASON_DT_BYPASS,
		[VDMA_MODE_IDENTITY] = VDMA_REASON_DDW_COVERS_MEMORY,
		[VDMA_MODE_TCE] = VDMA_REASON_DEFAULT_WINDOW,
		[VDMA_MODE_BOUNCE] = VDMA_REASON_REQUESTED,
		[VDMA_MODE_REFUSE] = VDMA_REASON_IOMMU_OFF,
	};
	bool requested = next->reason == VDMA_REASON_REQUESTED;

	policy_choose(d, 0, f->live,
		      requested && next->mode == f->live ? VDMA_REASON_REQUESTED
							 : why[f->live]);
	d->request = next->request;
	policy_pass_over(f, d,
			 requested ? VDMA_REASON_REQUESTED
				   : VDMA_REASON_ALREADY_BOUND);
	if (requested && next->mode != d->mode)
		d->passed_over[next->mode] = VDMA_REASON_ALREADY_BOUND;
}

void vdma_decide(const struct vdma_facts *facts, struct vdma_decision *decision)
{
	struct vdma_decision now = { .requested = facts->request };
	struct vdma_decision live = now;

	policy_decide_auto(facts, &now);
	policy_apply_request(facts, &now);
	if (facts->live == VDMA_MODE_AUTO) {
		policy_pass_over(facts, &now, VDMA_REASON_REQUESTED);
		*decision = now;
	} else {
		policy_describe_live(facts, &now, &live);
		*decision = live;
	}
}
