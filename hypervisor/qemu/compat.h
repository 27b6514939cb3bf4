/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Differences between versions of QEMU, detected by their headers.
 */
#ifndef HW_VDMA_COMPAT_H
#define HW_VDMA_COMPAT_H

#if __has_include("system/memory.h")
#include "system/address-spaces.h"
#include "system/memory.h"
#else
#include "exec/address-spaces.h"
#include "exec/memory.h"
#endif
#include "qom/object.h"

/* The second parameter of class_init(), which became const. */
typedef __typeof__(_Generic(((TypeInfo *)0)->class_init,
                            void (*)(ObjectClass *, const void *):
                                (const void *)0,
                            default: (void *)0)) ClassData;

#endif /* HW_VDMA_COMPAT_H */
