// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * --assume: facts that a device tree does not contain, or that the user wants to try
 */
#include <stdlib.h>
#include <string.h>
#include <vdma/abi.h>
#include "vdmactl.h"

/* A valid window of the smallest size, which differs from any tag's */
#define OTHER_WINDOW_SIZE	(1ull << VDMA_BYPASS_WINDOW_ALIGN_SHIFT)

static bool assume_bool(const char *value, bool *result)
{
	*result = !strcmp(value, "1");
	return *result || !strcmp(value, "0");
}

static bool assume_feature(const char *value, unsigned int bit, uint64_t *bits)
{
	bool on;

	if (!assume_bool(value, &on))
		return false;
	*bits &= ~(1ull << bit);
	*bits |= (uint64_t)on << bit;
	return true;
}

static bool assume_hcall(const char *value, struct vdma_facts *f)
{
	f->answer = VDMA_ANSWER_GRANTED;
	f->answer_window = (struct vdma_window){ 0, 0 };
	if (!strcmp(value, "no"))
		f->answer = VDMA_ANSWER_REFUSED;
	else if (!strcmp(value, "missing"))
		f->answer = VDMA_ANSWER_MISSING;
	else if (!strcmp(value, "other"))
		f->answer_window.size = OTHER_WINDOW_SIZE;
	else
		return !strcmp(value, "yes");
	return true;
}

static bool assume_ddw(const char *value, struct vdma_facts *f)
{
	f->ddw = VDMA_DDW_COVERS;
	f->ddw_window = (struct vdma_window){ 0, 0 };
	if (!strcmp(value, "small"))
		f->ddw = VDMA_DDW_TOO_SMALL;
	else if (!strcmp(value, "no"))
		f->ddw = VDMA_DDW_ABSENT;
	else
		return !strcmp(value, "yes");
	return true;
}

static bool assume_mask(const char *value, uint64_t *mask)
{
	char *end;
	unsigned long bits = strtoul(value, &end, 10);

	if (*value < '1' || *value > '9' || *end || bits > 64)
		return false;
	*mask = UINT64_MAX >> (64 - bits);
	return true;
}

static bool assume_value(enum vdma_dt_fact fact, const char *value,
			 struct vdma_facts *f)
{
	switch (fact) {
	case VDMA_DT_F:
		return assume_feature(value, VDMA_F_ACCESS_PLATFORM_BIT,
				     &f->features);
	case VDMA_DT_V1:
		return assume_feature(value, VDMA_F_VERSION_1_BIT, &f->features);
	case VDMA_DT_HCALL:
		return assume_hcall(value, f);
	case VDMA_DT_DDW:
		return assume_ddw(value, f);
	case VDMA_DT_MASK:
		return assume_mask(value, &f->dma_mask);
	case VDMA_DT_COHERENT:
		return assume_bool(value, &f->coherent);
	case VDMA_DT_IOMMU_OFF:
		return assume_bool(value, &f->iommu_off);
	case VDMA_DT_SECURE:
		return assume_bool(value, &f->secure);
	case VDMA_DT_QUIRK:
		return assume_bool(value, &f->secure_quirk);
	case VDMA_DT_POOL:
		return assume_bool(value, &f->pool);
	case VDMA_DT_MODE:
		return vdma_mode_parse(value, strlen(value), &f->request);
	case VDMA_DT_LIVE:
		return vdma_mode_parse(value, strlen(value), &f->live);
	default:
		return false;
	}
}

static bool assume_pair(const char *key, const char *value,
			struct vdma_dt_assume *assume)
{
	unsigned int fact;

	for (fact = 0; fact < VDMA_DT_FACT_COUNT; fact++)
		if (!strcmp(key, vdma_dt_fact_key((enum vdma_dt_fact)fact)))
			break;
	if (fact == VDMA_DT_FACT_COUNT) {
		usage_error("--assume %s: unknown fact", key);
		return false;
	}
	if (!assume_value((enum vdma_dt_fact)fact, value, &assume->facts)) {
		usage_error("--assume %s=%s: invalid value", key, value);
		return false;
	}
	assume->given |= 1u << fact;
	return true;
}

bool assume_parse(const char *text, struct vdma_dt_assume *assume)
{
	char *copy = xalloc(strdup(text));
	char *rest = NULL;
	char *pair;
	bool good = true;

	for (pair = strtok_r(copy, ",", &rest); pair && good;
	     pair = strtok_r(NULL, ",", &rest)) {
		char *value = strchr(pair, '=');

		if (value) {
			*value++ = '\0';
			good = assume_pair(pair, value, assume);
		} else {
			usage_error("--assume %s: missing =VALUE", pair);
			good = false;
		}
	}
	free(copy);
	return good;
}
