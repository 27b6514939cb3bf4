// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Facts that only a live guest knows, inferred from sysfs and the module's files: the
 * hypervisor's answer, the DMA mask, the administrator's request.
 */
#include <stdlib.h>
#include <string.h>
#include <vdma/abi.h>
#include "sysfs.h"
#include "vdmactl.h"

/* Reaches the dynamic window at 1 << 59, but not the bypass window */
#define MASK_BELOW_BYPASS	(UINT64_MAX >> (64 - VDMA_BYPASS_WINDOW_SHIFT))
#define MASK_32_BITS		0xffffffffull

static void infer_fact(struct vdma_dt_assume *assume, enum vdma_dt_fact fact)
{
	assume->given |= 1u << fact;
}

static void infer_request(enum vdma_mode mode, struct vdma_dt_assume *assume)
{
	assume->facts.request = mode;
	infer_fact(assume, VDMA_DT_MODE);
}

static enum vdma_reason infer_reason(const char *name)
{
	unsigned int reason;

	for (reason = 0; reason < VDMA_REASON_COUNT; reason++)
		if (!strcmp(name, vdma_reason_name((enum vdma_reason)reason)))
			return (enum vdma_reason)reason;
	return VDMA_REASON_NONE;
}

/* Facts that follow from @mode being passed over for @reason */
static void infer_passed_over(enum vdma_mode mode, enum vdma_reason reason,
			      struct vdma_dt_assume *assume)
{
	struct vdma_facts *f = &assume->facts;

	switch (reason) {
	case VDMA_REASON_HCALL_REFUSED:
		f->answer = VDMA_ANSWER_REFUSED;
		infer_fact(assume, VDMA_DT_HCALL);
		break;
	case VDMA_REASON_HCALL_DISAGREES:
		f->answer = VDMA_ANSWER_GRANTED;
		f->answer_window.size = 1;
		infer_fact(assume, VDMA_DT_HCALL);
		break;
	case VDMA_REASON_MASK_TOO_SMALL:
		f->dma_mask = mode == VDMA_MODE_BYPASS ? MASK_BELOW_BYPASS :
							 MASK_32_BITS;
		infer_fact(assume, VDMA_DT_MASK);
		break;
	case VDMA_REASON_DDW_TOO_SMALL:
		f->ddw = VDMA_DDW_TOO_SMALL;
		infer_fact(assume, VDMA_DT_DDW);
		break;
	case VDMA_REASON_REQUEST_UNAVAILABLE:
		/* There is no pool: facts.pool stays false. */
		if (mode == VDMA_MODE_BOUNCE)
			infer_fact(assume, VDMA_DT_POOL);
		infer_request(mode, assume);
		break;
	case VDMA_REASON_REQUEST_UNSAFE:
		infer_request(mode, assume);
		break;
	default:
		break;
	}
}

/*
 * A device that was bound before the decision: the list has the mode that it would get
 * as already-bound. If another mode was passed over as "requested", the administrator has
 * requested that mode.
 */
static void infer_live(enum vdma_mode live, enum vdma_mode next, bool requested,
		       struct vdma_dt_assume *assume)
{
	assume->facts.live = live;
	infer_fact(assume, VDMA_DT_LIVE);
	if (requested)
		infer_request(next, assume);
}

/*
 * Without a driver, sysfs has no features, but the reason tells. With a driver, only the
 * quirk changes them.
 */
static void infer_f(enum vdma_reason chosen, struct vdma_dt_assume *assume)
{
	const uint64_t f = 1ull << VDMA_F_ACCESS_PLATFORM_BIT;
	bool known = assume->given & 1u << VDMA_DT_F;

	switch (chosen) {
	case VDMA_REASON_SECURE_QUIRK:
		assume->facts.features &= ~f;
		break;
	case VDMA_REASON_IOMMU_OFF:
	case VDMA_REASON_SECURE_PLATFORM:
	case VDMA_REASON_DT_BYPASS:
	case VDMA_REASON_DDW_COVERS_MEMORY:
	case VDMA_REASON_DEFAULT_WINDOW:
		if (!known)
			assume->facts.features |= f;
		break;
	case VDMA_REASON_SECURE_QUIRK_DISABLED:
	case VDMA_REASON_NO_ACCESS_PLATFORM:
		break;
	default:
		return;
	}
	infer_fact(assume, VDMA_DT_F);
}

void infer_from_module(const struct row *row, struct vdma_dt_assume *assume)
{
	enum vdma_mode live = VDMA_MODE_AUTO, next = VDMA_MODE_AUTO, mode;
	enum vdma_reason chosen = infer_reason(row->reason);
	char *copy = xalloc(strdup(row->passed_over));
	bool requested = false, no_identity = false;
	char *rest = NULL;
	char *item;

	vdma_mode_parse(row->mode, strlen(row->mode), &live);
	for (item = strtok_r(copy, " ", &rest); item;
	     item = strtok_r(NULL, " ", &rest)) {
		char *colon = strchr(item, ':');
		enum vdma_reason reason;

		if (!colon || !vdma_mode_parse(item, (size_t)(colon - item),
					       &mode))
			continue;
		reason = infer_reason(colon + 1);
		infer_passed_over(mode, reason, assume);
		/* A request alone in the list does not tell why. */
		if (reason == VDMA_REASON_REQUEST_UNAVAILABLE &&
		    mode == VDMA_MODE_IDENTITY && !no_identity)
			infer_passed_over(mode, VDMA_REASON_DDW_TOO_SMALL,
					  assume);
		no_identity |= mode == VDMA_MODE_IDENTITY;
		requested |= reason == VDMA_REASON_REQUESTED;
		if (reason == VDMA_REASON_ALREADY_BOUND)
			next = mode;
	}
	free(copy);

	if (next != VDMA_MODE_AUTO)
		infer_live(live, next, requested, assume);
	if (chosen == VDMA_REASON_REQUESTED)
		infer_request(live, assume);
	infer_f(chosen, assume);
	/* These are absent: the facts stay zero. */
	if (chosen == VDMA_REASON_SECURE_LEGACY &&
	    !(assume->given & 1u << VDMA_DT_V1))
		infer_fact(assume, VDMA_DT_V1);
	if (chosen == VDMA_REASON_SECURE_NO_POOL)
		infer_fact(assume, VDMA_DT_POOL);
	if (chosen == VDMA_REASON_SECURE_QUIRK_DISABLED)
		infer_fact(assume, VDMA_DT_QUIRK);
}

void infer_features(const char *virtio, bool bound,
		    struct vdma_dt_assume *assume)
{
	static const struct {
		enum vdma_dt_fact fact;
		unsigned int bit;
	} features[] = {
		{ VDMA_DT_F, VDMA_F_ACCESS_PLATFORM_BIT },
		{ VDMA_DT_V1, VDMA_F_VERSION_1_BIT },
	};
	char bits[65];
	size_t i;

	if (!bound || !sysfs_read_text(virtio, "features", bits, sizeof(bits)) ||
	    strlen(bits) != 64)
		return;
	for (i = 0; i < 2; i++) {
		if (bits[features[i].bit] == '1')
			assume->facts.features |= 1ull << features[i].bit;
		infer_fact(assume, features[i].fact);
	}
}

void infer_secure(bool secure, struct vdma_dt_assume *assume)
{
	assume->facts.secure = secure;
	infer_fact(assume, VDMA_DT_SECURE);
}
