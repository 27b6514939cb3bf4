/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The decision table as data, independent of guest/virtio/policy.c: the oracle of
 * test_policy.c, and the source of the tables in docs/abi/policy.md (`make docs`).
 *
 * A condition is a list of words that must all hold; "!" negates one.
 */
#ifndef POLICY_TABLE_H
#define POLICY_TABLE_H

/*
 * word, its meaning for a point @p of test_policy.c, text if it holds, text if it does
 * not; NULL if no table uses that
 */
#define POLICY_WORDS(X)							\
	X("sec", p->sec, "SEC", "not SEC")				\
	X("f", p->f, "F", "not F")					\
	X("v1", p->v1, NULL, "not V1")					\
	X("pool", p->pool, NULL, "no bounce pool")			\
	X("off", p->off, "OFF", NULL)					\
	X("quirk", p->quirk, "quirk allowed", "quirk not allowed")	\
	X("bypass-free", unobstructed(p, "bypass"),				\
	  "nothing in the way of `bypass` (below)", NULL)		\
	X("identity-free", unobstructed(p, "identity"),			\
	  "nothing in the way of `identity` (below)", NULL)		\
	X("malformed", p->tag == MALFORMED,				\
	  "the property `qemu,dma-bypass` cannot be used", NULL)	\
	X("untagged", p->tag == UNTAGGED, "there is no property", NULL)	\
	X("listed", p->answer != UNLISTED, NULL,			\
	  "`hcall-dma-bypass` is not announced, or the call answers `H_FUNCTION`") \
	X("granted", p->answer == GRANTED, NULL,			\
	  "the call does not grant bypass, or enabling fails")		\
	X("agrees", p->windows != DISAGREES, NULL,			\
	  "the call's window is not the property's")			\
	X("covers", p->windows != BOTH_SMALL, NULL,			\
	  "the window ends before the last byte that memory can ever have") \
	X("coherent", p->coherent, NULL,				\
	  "the device's DMA is not coherent")				\
	X("mask-bypass", p->mask == MASK_64, NULL,			\
	  "the driver's DMA mask does not reach the window's end")	\
	X("ddw", p->ddw != DDW_NONE, NULL,				\
	  "there are no dynamic windows for this device, or they are switched off") \
	X("mask-32", p->mask == MASK_32,				\
	  "the driver's DMA mask has 32 bits or fewer", NULL)		\
	X("ddw-covers", p->ddw == DDW_FULL, NULL,			\
	  "no dynamic window can map all memory")			\
	X("mask-ddw", p->mask >= MASK_DDW, NULL,			\
	  "the driver's DMA mask does not reach the dynamic window's end")

/* The first row that matches applies. */
static const struct table_row {
	unsigned int row;
	const char *when;
	const char *mode;
	const char *reason;
} table[] = {
	{ 1, "sec !v1",		 "refuse",   "secure-legacy" },
	{ 2, "sec !pool",	 "refuse",   "secure-no-pool" },
	{ 3, "sec f off",	 "refuse",   "iommu-off" },
	{ 4, "sec f",		 "bounce",   "secure-platform" },
	{ 5, "sec !f quirk",	 "bounce",   "secure-quirk" },
	{ 6, "sec !f !quirk",	 "refuse",   "secure-quirk-disabled" },
	{ 7, "!f",		 "direct",   "no-access-platform" },
	{ 8, "f bypass-free",	 "bypass",   "dt-bypass" },
	{ 9, "f off",		 "refuse",   "iommu-off" },
	{ 10, "f identity-free", "identity", "ddw-covers-memory" },
	{ 11, "f",		 "tce",      "default-window" },
};

/* Why a better mode was passed over: the first row of that mode that matches */
static const struct obstacle_row {
	const char *mode;
	const char *when;
	const char *reason;
} obstacles[] = {
	{ "bypass",   "sec",	      "secure-veto" },
	{ "bypass",   "malformed",    "property-malformed" },
	{ "bypass",   "!listed",      "hcall-missing" },
	{ "bypass",   "untagged",     "property-absent" },
	{ "bypass",   "!granted",     "hcall-refused" },
	{ "bypass",   "!agrees",      "hcall-disagrees" },
	{ "bypass",   "!covers",      "window-too-small" },
	{ "bypass",   "!coherent",    "not-coherent" },
	{ "bypass",   "!mask-bypass", "mask-too-small" },
	{ "identity", "sec",	      "secure-veto" },
	{ "identity", "off",	      "iommu-off" },
	{ "identity", "!ddw",	      "ddw-absent" },
	{ "identity", "mask-32",      "mask-too-small" },
	{ "identity", "!ddw-covers",  "ddw-too-small" },
	{ "identity", "!mask-ddw",    "mask-too-small" },
};

/*
 * Result of a request that differs from the table's answer: the first row of the
 * requested mode that matches; without a match the request is followed.
 */
static const struct request_row {
	const char *asked;
	const char *when;
	const char *verdict;
} requests[] = {
	{ "direct",   "",	 "request-unsafe" },
	{ "bypass",   "",	 "request-unsafe" },
	{ "identity", "sec",	 "request-unsafe" },
	{ "identity", "!f",	 "request-unsafe" },
	{ "identity", "off",	 "request-unavailable" },
	{ "identity", "!ddw",	 "request-unavailable" },
	{ "identity", "!ddw-covers", "request-unavailable" },
	{ "identity", "!mask-ddw", "request-unavailable" },
	{ "tce",      "sec",	 "request-unsafe" },
	{ "tce",      "!f",	 "request-unsafe" },
	{ "tce",      "off",	 "request-unavailable" },
	{ "bounce",   "sec",	 "request-unsafe" },
	{ "bounce",   "!pool",	 "request-unavailable" },
	{ "bounce",   "f off",	 "request-unavailable" },
};

#endif /* POLICY_TABLE_H */
