/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ultravisor for a pseries machine under TCG: ultracalls, MSR[S], and the
 * restrictions of a secure VM. docs/abi/ultravisor.md is the interface.
 *
 * Called from hw/ppc/spapr.c, hw/ppc/spapr_rtas.c and target/ppc.
 */
#ifndef HW_VDMA_SPAPR_UV_H
#define HW_VDMA_SPAPR_UV_H

#include "exec/hwaddr.h"
#include "qemu/queue.h"
#include "qemu/thread.h"
#include "hw/vdma/dma_guard_log.h"
#include "hw/vdma/uv_pages.h"
#include "target/ppc/cpu.h"

/* Sizes of a device's name, and of a line about a violation. */
#define DMA_GUARD_NAME 64
#define DMA_GUARD_TEXT 160

typedef struct SpaprMachineState SpaprMachineState;
typedef struct SpaprPhbState SpaprPhbState;
typedef struct MemoryDeviceState MemoryDeviceState;
typedef struct DmaGuard DmaGuard;

/**
 * struct SpaprUv - our part of SpaprMachineState
 * @enabled: the administrator's switch, property "x-ultravisor"
 * @report: property "x-dma-guard": violations are let through
 * @secure: the VM has entered secure mode; written under the BQL
 * @entering: a CPU is in UV_ESM, which releases the BQL
 * @pages: the state of its pages; never freed, because threads of devices read
 *         it without a lock
 * @guards: the filters of all devices
 * @lock: for @violations, @last, @culprit and the guards' logs
 * @violations: of all devices, since the VM became secure
 * @last: the last of them
 * @culprit: name of its device
 * @warned: warnings that were printed
 * @migration_blocker: set while @secure
 */
typedef struct SpaprUv {
    bool enabled;
    bool report;
    bool secure;
    bool entering;
    struct uv_pages pages;
    QLIST_HEAD(, DmaGuard) guards;

    QemuMutex lock;
    uint64_t violations;
    struct dma_guard_access last;
    char culprit[DMA_GUARD_NAME];
    GHashTable *warned;

    Error *migration_blocker;
} SpaprUv;

/**
 * spapr_uv_instance_init() - add the machine's properties
 */
void spapr_uv_instance_init(Object *machine);

/**
 * spapr_uv_machine_init() - with x-ultravisor=on, guard devices from now on
 *
 * Before the first device. Exits unless the accelerator is TCG.
 */
void spapr_uv_machine_init(SpaprMachineState *spapr);

/**
 * spapr_uv_ultracall() - answer "sc 2": r3 is the call, then the status
 *
 * The body of PPCVirtualHypervisorClass.ultracall. Context: BQL held.
 *
 * Return: false without x-ultravisor.
 */
bool spapr_uv_ultracall(PPCVirtualHypervisor *vhyp, PowerPCCPU *cpu);

/**
 * spapr_uv_start_cpu() - set MSR[S] of a CPU that starts in a secure VM
 *
 * Context: BQL held, the CPU is stopped.
 */
void spapr_uv_start_cpu(PowerPCCPU *cpu);

/**
 * spapr_uv_reset() - end the secure VM, and zero its private memory
 *
 * Before devices and images in memory are reset.
 */
void spapr_uv_reset(SpaprMachineState *spapr);

/**
 * spapr_uv_memory_unplug() - zero memory that is about to be unplugged
 *
 * Its pages become private, as are the pages of memory that is plugged there
 * next.
 */
void spapr_uv_memory_unplug(SpaprMachineState *spapr,
                            MemoryDeviceState *memory);

/**
 * spapr_uv_phb_pre_plug() - may @phb be plugged?
 *
 * Return: false, and @errp is set, for a PHB without an IOMMU in a secure VM.
 */
bool spapr_uv_phb_pre_plug(SpaprMachineState *spapr, SpaprPhbState *phb,
                           Error **errp);

#endif /* HW_VDMA_SPAPR_UV_H */
