# SPDX-License-Identifier: GPL-2.0-or-later
# The devices of our QEMU: the pseries machine, and what the project boots, tests
# and measures. All others would only take build time.
CONFIG_PSERIES=y
CONFIG_SPAPR_RNG=y
CONFIG_PCI_BRIDGE=y

CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_9P=y
CONFIG_VIRTIO_BALLOON=y
CONFIG_VIRTIO_BLK=y
CONFIG_VIRTIO_GPU=y
CONFIG_VIRTIO_INPUT=y
CONFIG_VIRTIO_NET=y
CONFIG_VIRTIO_RNG=y
CONFIG_VIRTIO_SCSI=y
CONFIG_VIRTIO_SERIAL=y

# vhost-user-net is part of the network core.
CONFIG_VHOST_USER_BLK=y
CONFIG_VHOST_USER_FS=y
CONFIG_VHOST_USER_SCSI=y

# Devices that always go through the IOMMU.
CONFIG_E1000_PCI=y
CONFIG_NVME_PCI=y
# NVMe needs it to link, and does not select it in each QEMU.
CONFIG_SPDM_SOCKET=y
CONFIG_USB_STORAGE_BOT=y
CONFIG_USB_XHCI_PCI=y
