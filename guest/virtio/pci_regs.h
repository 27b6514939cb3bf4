/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Layout of the modern PCI transport's structures (virtio 1.2, 4.1.4)
 */
#ifndef VDMA_PCI_REGS_H
#define VDMA_PCI_REGS_H

/* 4.1.4: struct virtio_pci_cap */
#define VIRTIO_CAP_CFG_TYPE	3
#define VIRTIO_CAP_BAR		4
#define VIRTIO_CAP_OFFSET	8
#define VIRTIO_CAP_LENGTH	12
#define VIRTIO_CAP_SIZE		16

/* 4.1.4.4: struct virtio_pci_notify_cap, which starts with a struct virtio_pci_cap */
#define NOTIFY_CAP_MULTIPLIER	VIRTIO_CAP_SIZE
#define NOTIFY_CAP_SIZE		(VIRTIO_CAP_SIZE + 4)

/* 4.1.4.3: struct virtio_pci_common_cfg */
#define COMMON_DEVICE_FEATURE_SELECT	0x00
#define COMMON_DEVICE_FEATURE		0x04
#define COMMON_DRIVER_FEATURE_SELECT	0x08
#define COMMON_DRIVER_FEATURE		0x0c
#define COMMON_DEVICE_STATUS		0x14
#define COMMON_CONFIG_GENERATION	0x15
#define COMMON_QUEUE_SELECT		0x16
#define COMMON_QUEUE_SIZE		0x18
#define COMMON_QUEUE_ENABLE		0x1c
#define COMMON_QUEUE_NOTIFY_OFF		0x1e
#define COMMON_QUEUE_DESC		0x20
#define COMMON_QUEUE_DRIVER		0x28
#define COMMON_QUEUE_DEVICE		0x30

#endif /* VDMA_PCI_REGS_H */
