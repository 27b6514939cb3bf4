/* SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause */
/*
 * Version of the library and of vdmactl. The makefile reads it here. docs/library.md has
 * the compatibility rules.
 */
#ifndef VDMA_VERSION_H
#define VDMA_VERSION_H

#define VDMA_VERSION_MAJOR	0
#define VDMA_VERSION_MINOR	1
#define VDMA_VERSION_PATCH	0

#define VDMA_VERSION_TEXT_(major, minor, patch)	#major "." #minor "." #patch
#define VDMA_VERSION_TEXT(major, minor, patch)	\
	VDMA_VERSION_TEXT_(major, minor, patch)

/* "MAJOR.MINOR.PATCH" */
#define VDMA_VERSION	VDMA_VERSION_TEXT(VDMA_VERSION_MAJOR,	\
					  VDMA_VERSION_MINOR,	\
					  VDMA_VERSION_PATCH)

#endif /* VDMA_VERSION_H */
