// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Derives the facts for vdma_decide(), each with its source, from a function's properties
 * in the tree and the caller's assumptions.
 */
#include <vdma/abi.h>
#include <vdma/dt.h>

/* QEMU's address of the 64-bit dynamic window (dma64_win_addr of the PHB) */
#define USUAL_DDW_BASE	(1ull << 59)

static const struct {
	const char *key;
	const char *text;
} words[] = {
#define FACT_WORDS(name, key, text) [VDMA_DT_##name] = { key, text },
	VDMA_DT_FACTS(FACT_WORDS)
#undef FACT_WORDS
};

const char *vdma_dt_fact_key(enum vdma_dt_fact fact)
{
	return (unsigned int)fact < VDMA_DT_FACT_COUNT ? words[fact].key : "?";
}

const char *vdma_dt_fact_text(enum vdma_dt_fact fact)
{
	return (unsigned int)fact < VDMA_DT_FACT_COUNT ? words[fact].text : "?";
}

struct collector {
	const struct vdma_dt *dt;
	const struct vdma_dt_function *fn;
	uint32_t given;
	const struct vdma_facts *assumed;
	struct vdma_facts *facts;
	enum vdma_dt_source *source;
};

/* Records the source of a fact; true if the caller has given it. */
static bool dt_facts_given(const struct collector *c, enum vdma_dt_fact fact,
			   bool tree_knows)
{
	if (c->given & 1u << fact) {
		c->source[fact] = VDMA_DT_GIVEN;
		return true;
	}
	c->source[fact] = tree_knows ? VDMA_DT_TREE : VDMA_DT_DEFAULT;
	return false;
}

static void dt_facts_feature(const struct collector *c, enum vdma_dt_fact fact,
			     unsigned int bit, bool tree_knows, bool offered)
{
	const uint64_t mask = 1ull << bit;

	if (dt_facts_given(c, fact, tree_knows))
		c->facts->features |= c->assumed->features & mask;
	else if (offered)
		c->facts->features |= mask;
}

/*
 * Virtio 1.2, 4.1.2.1: a device with a modern identifier offers VERSION_1. A device with a
 * legacy interface cannot insist on ACCESS_PLATFORM, so QEMU does not let it offer the bit.
 * Firmware tags only functions that offer ACCESS_PLATFORM.
 */
static void dt_facts_features(const struct collector *c)
{
	bool tagged = c->fn->property != VDMA_PROPERTY_ABSENT;

	dt_facts_feature(c, VDMA_DT_F, VDMA_F_ACCESS_PLATFORM_BIT,
			 tagged || c->fn->transitional, tagged);
	dt_facts_feature(c, VDMA_DT_V1, VDMA_F_VERSION_1_BIT,
			 !c->fn->transitional, true);
}

static void dt_facts_answer(const struct collector *c)
{
	struct vdma_facts *f = c->facts;

	if (dt_facts_given(c, VDMA_DT_HCALL, !c->dt->hcall_announced)) {
		f->answer = c->assumed->answer;
		f->answer_window = c->assumed->answer_window;
	} else if (c->dt->hcall_announced) {
		f->answer = VDMA_ANSWER_GRANTED;
	} else {
		f->answer = VDMA_ANSWER_MISSING;
	}
	if (f->answer == VDMA_ANSWER_GRANTED && !f->answer_window.size)
		f->answer_window = c->fn->property_window;
}

static void dt_facts_ddw(const struct collector *c)
{
	const struct vdma_window *made = &c->fn->ddw_window;
	struct vdma_facts *f = c->facts;

	if (dt_facts_given(c, VDMA_DT_DDW, !c->fn->ddw || made->size)) {
		f->ddw = c->assumed->ddw;
		f->ddw_window = c->assumed->ddw_window;
	} else if (!c->fn->ddw) {
		f->ddw = VDMA_DDW_ABSENT;
	} else {
		f->ddw = made->size && made->size < f->memory_end ?
			 VDMA_DDW_TOO_SMALL : VDMA_DDW_COVERS;
		f->ddw_window = *made;
	}
	if (f->ddw == VDMA_DDW_COVERS && !f->ddw_window.size) {
		f->ddw_window.base = USUAL_DDW_BASE;
		f->ddw_window.size = f->memory_end;
	}
}

void vdma_dt_facts(const struct vdma_dt *dt, const struct vdma_dt_function *fn,
		   const struct vdma_dt_assume *assume,
		   struct vdma_facts *facts,
		   enum vdma_dt_source source[VDMA_DT_FACT_COUNT])
{
	enum vdma_dt_source unwanted[VDMA_DT_FACT_COUNT];
	static const struct vdma_dt_assume nothing;
	const struct vdma_facts *a = assume ? &assume->facts : &nothing.facts;
	struct collector c = {
		.dt = dt,
		.fn = fn,
		.given = assume ? assume->given : 0,
		.assumed = a,
		.facts = facts,
		.source = source ? source : unwanted,
	};

	*facts = (struct vdma_facts){
		.memory_end = dt->memory_end,
		.property = fn->property,
		.property_window = fn->property_window,
	};
	dt_facts_features(&c);
	dt_facts_answer(&c);
	dt_facts_ddw(&c);
	facts->dma_mask = dt_facts_given(&c, VDMA_DT_MASK, false) ? a->dma_mask
								  : UINT64_MAX;
	facts->coherent = dt_facts_given(&c, VDMA_DT_COHERENT, true)
				  ? a->coherent
				  : !fn->noncoherent;
	facts->iommu_off = dt_facts_given(&c, VDMA_DT_IOMMU_OFF, true)
				   ? a->iommu_off
				   : dt->iommu_off;
	facts->secure =
		dt_facts_given(&c, VDMA_DT_SECURE, false) ? a->secure : false;
	facts->secure_quirk = dt_facts_given(&c, VDMA_DT_QUIRK, false)
				      ? a->secure_quirk
				      : true;
	facts->pool = dt_facts_given(&c, VDMA_DT_POOL, false) ? a->pool : true;
	facts->request = dt_facts_given(&c, VDMA_DT_MODE, false)
				 ? a->request
				 : VDMA_MODE_AUTO;
	facts->live = dt_facts_given(&c, VDMA_DT_LIVE, false) ? a->live
							      : VDMA_MODE_AUTO;
}
