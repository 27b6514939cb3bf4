// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Reads the features of a virtio device from its common configuration.
 */
#include <vdma/virtio_pci.h>
#include "pci_regs.h"

static uint64_t feature_word(const struct vdma_common_cfg *cfg, uint32_t word)
{
	cfg->write32(cfg->ctx, COMMON_DEVICE_FEATURE_SELECT, word);
	return cfg->read32(cfg->ctx, COMMON_DEVICE_FEATURE);
}

uint64_t vdma_read_features(const struct vdma_common_cfg *cfg)
{
	uint32_t select = cfg->read32(cfg->ctx, COMMON_DEVICE_FEATURE_SELECT);
	uint64_t features = feature_word(cfg, 0) | feature_word(cfg, 1) << 32;

	cfg->write32(cfg->ctx, COMMON_DEVICE_FEATURE_SELECT, select);
	return features;
}
