/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * The decision table of docs/abi/policy.md once more, as data, independent of
 * guest/virtio/policy.c. A condition is a list of words, all of which must
 * hold; "!" negates one. test_policy.c says what each word means.
 */
#ifndef POLICY_TABLE_H
#define POLICY_TABLE_H

/* All that mode bypass needs, and all that mode identity needs. */
#define BYPASS_NEEDS \
	"!sec tagged listed granted agrees covers coherent mask-bypass"
#define IDENTITY_NEEDS \
	"!sec ddw ddw-covers mask-ddw"

/* First row that matches wins. */
static const struct table_row {
	unsigned int row;
	const char *when;
	const char *mode;
	const char *reason;
} table[] = {
	{ 1, "sec !v1",		  "refuse",   "secure-legacy" },
	{ 2, "sec !pool",	  "refuse",   "secure-no-pool" },
	{ 3, "sec f",		  "bounce",   "secure-platform" },
	{ 4, "sec !f quirk",	  "bounce",   "secure-quirk" },
	{ 5, "sec !f !quirk",	  "refuse",   "secure-quirk-disabled" },
	{ 6, "!f",		  "direct",   "no-access-platform" },
	{ 7, "f " BYPASS_NEEDS,	  "bypass",   "dt-bypass" },
	{ 8, "f " IDENTITY_NEEDS, "identity", "ddw-covers-memory" },
	{ 9, "f",		  "tce",      "default-window" },
};

/* Why a better mode was passed over: first row of that mode that matches. */
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
	{ "identity", "!ddw",	      "ddw-absent" },
	{ "identity", "mask-32",      "mask-too-small" },
	{ "identity", "!ddw-covers",  "ddw-too-small" },
	{ "identity", "!mask-ddw",    "mask-too-small" },
};

/*
 * What becomes of a request that differs from the table's answer: the first
 * row of the mode asked for that matches; none, and the request is followed.
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
	{ "identity", "!ddw",	 "request-unavailable" },
	{ "identity", "!ddw-covers", "request-unavailable" },
	{ "identity", "!mask-ddw", "request-unavailable" },
	{ "tce",      "sec",	 "request-unsafe" },
	{ "tce",      "!f",	 "request-unsafe" },
	{ "bounce",   "sec",	 "request-unsafe" },
	{ "bounce",   "!pool",	 "request-unavailable" },
};

#endif /* POLICY_TABLE_H */
