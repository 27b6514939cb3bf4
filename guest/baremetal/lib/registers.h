/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/* The library's accessors for a function's registers */
#ifndef GUEST_REGISTERS_H
#define GUEST_REGISTERS_H

#include <vdma/virtio_dev.h>
#include <vdma/virtio_pci.h>

#include "pci.h"

struct vdma_config_space registers_config(const struct pci_function *pci);
struct vdma_registers registers_bars(const struct pci_function *pci);

#endif /* GUEST_REGISTERS_H */
