/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Numbers of PAPR (LoPAR, version 1.1) for TCE tables. abi.h has those of the project's own
 * interface, and the status values that both share.
 */
#ifndef VDMA_PAPR_H
#define VDMA_PAPR_H

#include <vdma/abi.h>

/* LoPAR 14.5.4.2, table "Hypervisor Call Function Table": tokens */
#define VDMA_H_PUT_TCE			0x20
#define VDMA_H_STUFF_TCE		0x138
#define VDMA_H_PUT_TCE_INDIRECT		0x13c

/* LoPAR 14.5.4.2.2, 14.5.4.2.3: maximum number of entries per call */
#define VDMA_TCE_MOST			512

/* LoPAR 3.2.2.2, table "TCE Definition": access by the device */
#define VDMA_TCE_READ			0x1
#define VDMA_TCE_WRITE			0x2

/* log2 of the default window's page size (LoPAR 7.3.28) */
#define VDMA_TCE_PAGE_SHIFT_DEFAULT	12

/*
 * LoPAR 7.3.28.2, ibm,query-pe-dma-window: I/O page sizes, bit and shift. Version 2 added
 * 2 MiB.
 */
#define VDMA_DDW_PAGE_SIZES(X)	\
	X(0x001, 12)		\
	X(0x002, 16)		\
	X(0x100, 21)		\
	X(0x004, 24)		\
	X(0x008, 25)		\
	X(0x010, 26)		\
	X(0x020, 27)		\
	X(0x040, 28)		\
	X(0x080, 34)

#endif /* VDMA_PAPR_H */
