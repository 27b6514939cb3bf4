/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ultravisor for a pseries machine under TCG. See spapr_uv.h.
 *
 * QEMU has all of the guest's memory mapped, so a page is private in that
 * dma_guard.c keeps devices off it. Hypercalls and RTAS may access it, as an
 * ultravisor would pass them their arguments.
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "hw/mem/memory-device.h"
#include "hw/pci-host/spapr.h"
#include "hw/ppc/spapr.h"
#include "migration/blocker.h"
#include "system/hw_accel.h"
#include "system/tcg.h"
#include "dma_guard.h"
#include "uv_memory.h"
#include "trace.h"

#define FDT_HEADER_MAGIC 0xd00dfeed

/* The guest can neither set nor clear MSR[S]: see hreg_store_msr(). */
static void spapr_uv_cpu_set_secure(CPUState *cs, run_on_cpu_data unused)
{
    CPUPPCState *env = cpu_env(cs);

    env->msr_mask |= R_MSR_S_MASK;
    env->msr |= R_MSR_S_MASK;
}

void spapr_uv_start_cpu(PowerPCCPU *cpu)
{
    if (SPAPR_MACHINE(qdev_get_machine())->uv.secure) {
        spapr_uv_cpu_set_secure(CPU(cpu), RUN_ON_CPU_NULL);
    }
}

static int64_t spapr_uv_check_esm(SpaprMachineState *spapr, hwaddr blob,
                                  hwaddr fdt)
{
    uint32_t header[2];     /* magic, total size */
    g_autofree char *unguarded = NULL;

    if (!uv_memory_is_ram(blob, 1)) {
        return VDMA_U_PARAMETER;
    }
    if (!uv_memory_is_ram(fdt, sizeof(header))) {
        return VDMA_U_P2;
    }
    address_space_read(&address_space_memory, fdt, MEMTXATTRS_UNSPECIFIED,
                       header, sizeof(header));
    if (be32_to_cpu(header[0]) != FDT_HEADER_MAGIC ||
        be32_to_cpu(header[1]) == 0 ||
        !uv_memory_is_ram(fdt, be32_to_cpu(header[1]))) {
        return VDMA_U_P2;
    }
    unguarded = dma_guard_unguarded(&spapr->uv);
    if (unguarded) {
        dma_guard_warn_once(&spapr->uv, g_strdup_printf(
            "cannot enter secure mode: %s bypasses the DMA guard; the guest "
            "stays a normal VM", unguarded));
        return VDMA_U_PERMISSION;
    }
    return VDMA_U_SUCCESS;
}

static int64_t uv_esm(SpaprMachineState *spapr, hwaddr blob, hwaddr fdt)
{
    uint64_t count = spapr_vdma_window_size() >> VDMA_UV_PAGE_SHIFT;
    SpaprUv *uv = &spapr->uv;
    Error *error = NULL;
    SpaprPhbState *phb;
    CPUState *cs;
    int64_t status;

    if (uv->entering) {
        return VDMA_U_PERMISSION;   /* another CPU's call has not returned */
    }
    if (uv->secure) {
        return VDMA_U_SUCCESS;
    }
    status = spapr_uv_check_esm(spapr, blob, fdt);
    if (status != VDMA_U_SUCCESS) {
        return status;
    }
    error_setg(&uv->migration_blocker, "a secure VM does not migrate");
    if (migrate_add_blocker(&uv->migration_blocker, &error) < 0) {
        dma_guard_warn_once(uv, g_strdup_printf(
            "cannot enter secure mode: %s; the guest stays a normal VM",
            error_get_pretty(error)));
        error_free(error);
        return VDMA_U_PERMISSION;
    }
    /* A balloon must not discard private memory. */
    if (ram_block_discard_disable(true) < 0) {
        dma_guard_warn_once(uv, g_strdup(
            "cannot enter secure mode: a device discards memory; the guest "
            "stays a normal VM"));
        migrate_del_blocker(&uv->migration_blocker);
        return VDMA_U_PERMISSION;
    }

    if (!uv->pages.map) {
        uv_pages_init(&uv->pages, g_new(uint64_t, uv_pages_words(count)),
                      count);
    }
    QLIST_FOREACH(phb, &spapr->phbs, list) {
        spapr_vdma_phb_close(phb, "secure mode");
    }
    uv->secure = true;
    uv->entering = true;
    dma_guard_switch(uv);
    /* These release the BQL. */
    dma_guard_revoke(uv, 0, count);
    CPU_FOREACH(cs) {
        run_on_cpu(cs, spapr_uv_cpu_set_secure, RUN_ON_CPU_NULL);
    }
    uv->entering = false;
    trace_spapr_uv_secure(true, count);
    return VDMA_U_SUCCESS;
}

static int64_t spapr_uv_check_range(SpaprUv *uv, uint64_t gfn, uint64_t num)
{
    int64_t status;

    if (!uv->secure) {
        return VDMA_U_INVALID;
    }
    status = uv_pages_check(&uv->pages, gfn, num);
    if (status == VDMA_U_SUCCESS) {
        uint64_t found = uv_memory_pages(gfn, num);

        if (found < num) {
            status = found ? VDMA_U_P2 : VDMA_U_PARAMETER;
        }
    }
    return status;
}

/* Releases the BQL, for this may be all memory. */
static void spapr_uv_zero_pages(uint64_t gfn, uint64_t num)
{
    bql_unlock();
    for (; num; gfn++, num--) {
        uv_memory_zero_page(gfn);
    }
    bql_lock();
}

/* Zero pages before a device may read them, so that nothing leaks out. */
static int64_t uv_share(SpaprUv *uv, uint64_t gfn, uint64_t num)
{
    int64_t status = spapr_uv_check_range(uv, gfn, num);
    uint64_t i;

    if (status != VDMA_U_SUCCESS) {
        return status;
    }
    spapr_uv_zero_pages(gfn, num);
    /* Memory may have been unplugged. */
    status = spapr_uv_check_range(uv, gfn, num);
    for (i = 0; status == VDMA_U_SUCCESS && i < num; i++) {
        uv_pages_set(&uv->pages, gfn + i, true);
    }
    return status;
}

static void spapr_uv_set_private(SpaprUv *uv, uint64_t gfn, uint64_t num)
{
    uint64_t i;

    for (i = 0; i < num; i++) {
        uv_pages_set(&uv->pages, gfn + i, false);
    }
}

static void spapr_uv_revoke_pages(SpaprUv *uv, uint64_t gfn, uint64_t num)
{
    spapr_uv_set_private(uv, gfn, num);
    dma_guard_forget(uv, gfn, num);
    dma_guard_revoke(uv, gfn, num);
}

/* Zero pages after the last write of a device, so that nothing gets in. */
static void spapr_uv_make_private(SpaprUv *uv, uint64_t gfn, uint64_t num)
{
    spapr_uv_revoke_pages(uv, gfn, num);
    spapr_uv_zero_pages(gfn, num);
}

static int64_t uv_unshare(SpaprUv *uv, uint64_t gfn, uint64_t num)
{
    int64_t status = spapr_uv_check_range(uv, gfn, num);

    if (status == VDMA_U_SUCCESS) {
        spapr_uv_make_private(uv, gfn, num);
    }
    return status;
}

static int64_t uv_unshare_all(SpaprUv *uv)
{
    uint64_t gfn = 0;

    if (!uv->secure) {
        return VDMA_U_INVALID;
    }
    while ((gfn = uv_pages_next_shared(&uv->pages, gfn)) < uv->pages.count) {
        uint64_t end = gfn + 1;

        while (uv_pages_shared(&uv->pages, end)) {
            end++;
        }
        spapr_uv_make_private(uv, gfn, end - gfn);
        gfn = end;
    }
    return VDMA_U_SUCCESS;
}

void spapr_uv_memory_unplug(SpaprMachineState *spapr,
                            MemoryDeviceState *memory)
{
    uint64_t start = MEMORY_DEVICE_GET_CLASS(memory)->get_addr(memory);
    uint64_t gfn = start >> VDMA_UV_PAGE_SHIFT;
    uint64_t num = memory_device_get_region_size(memory, &error_abort) >>
                   VDMA_UV_PAGE_SHIFT;

    if (!spapr->uv.secure) {
        return;
    }
    /* This releases the BQL, so the guest may share some of it again. */
    do {
        spapr_uv_revoke_pages(&spapr->uv, gfn, num);
    } while (uv_pages_next_shared(&spapr->uv.pages, gfn) < gfn + num);
    for (; num; gfn++, num--) {
        uv_memory_zero_page(gfn);
    }
}

bool spapr_uv_ultracall(PPCVirtualHypervisor *vhyp, PowerPCCPU *cpu)
{
    SpaprMachineState *spapr = SPAPR_MACHINE(vhyp);
    uint64_t *gpr = cpu->env.gpr, call = gpr[3];
    int64_t status;

    if (!spapr->uv.enabled) {
        return false;
    }
    if (FIELD_EX64(cpu->env.msr, MSR, PR)) {
        status = VDMA_U_PERMISSION;
    } else if (call == VDMA_UV_ESM) {
        status = uv_esm(spapr, gpr[4], gpr[5]);
    } else if (call == VDMA_UV_SHARE_PAGE) {
        status = uv_share(&spapr->uv, gpr[4], gpr[5]);
    } else if (call == VDMA_UV_UNSHARE_PAGE) {
        status = uv_unshare(&spapr->uv, gpr[4], gpr[5]);
    } else if (call == VDMA_UV_UNSHARE_ALL_PAGES) {
        status = uv_unshare_all(&spapr->uv);
    } else {
        status = VDMA_U_FUNCTION;
    }
    trace_spapr_uv_call(call, gpr[4], gpr[5], status, spapr->uv.pages.shared);
    gpr[3] = status;
    return true;
}

/* Zero private pages before the guard is disabled. */
static void spapr_uv_scrub(SpaprUv *uv)
{
    uint64_t gfn;

    for (gfn = 0; gfn < uv->pages.count; gfn++) {
        if (!uv_pages_shared(&uv->pages, gfn) && uv_memory_pages(gfn, 1)) {
            uv_memory_zero_page(gfn);
        }
    }
}

void spapr_uv_reset(SpaprMachineState *spapr)
{
    SpaprUv *uv = &spapr->uv;
    CPUState *cs;

    if (!uv->secure) {
        return;
    }
    spapr_uv_scrub(uv);
    uv->secure = false;
    dma_guard_switch(uv);
    CPU_FOREACH(cs) {
        cpu_env(cs)->msr_mask &= ~R_MSR_S_MASK;
        cpu_env(cs)->msr &= ~R_MSR_S_MASK;
    }
    uv_pages_reset(&uv->pages);
    migrate_del_blocker(&uv->migration_blocker);
    ram_block_discard_disable(false);
    trace_spapr_uv_secure(false, 0);
}

/* H_SVM_*: for the ultravisor only. */
static target_ulong h_svm(PowerPCCPU *cpu, SpaprMachineState *spapr,
                          target_ulong opcode, target_ulong *args)
{
    return spapr->uv.enabled ? VDMA_H_UNSUPPORTED : VDMA_H_FUNCTION;
}

/* A machine that was created cannot get an ultravisor, nor lose it. */
static bool spapr_uv_may_set(const char *name, Error **errp)
{
    if (phase_check(PHASE_MACHINE_INITIALIZED)) {
        error_setg(errp, "cannot set %s: the machine exists already", name);
        return false;
    }
    return true;
}

static bool spapr_uv_get_enabled(Object *obj, Error **errp)
{
    return SPAPR_MACHINE(obj)->uv.enabled;
}

static void spapr_uv_set_enabled(Object *obj, bool value, Error **errp)
{
    if (spapr_uv_may_set("x-ultravisor", errp)) {
        SPAPR_MACHINE(obj)->uv.enabled = value;
    }
}

static char *spapr_uv_get_guard(Object *obj, Error **errp)
{
    return g_strdup(SPAPR_MACHINE(obj)->uv.report ? "report" : "deny");
}

static void spapr_uv_set_guard(Object *obj, const char *value, Error **errp)
{
    if (strcmp(value, "deny") && strcmp(value, "report")) {
        error_setg(errp, "cannot set x-dma-guard to '%s': it takes deny or "
                   "report", value);
        return;
    }
    if (spapr_uv_may_set("x-dma-guard", errp)) {
        SPAPR_MACHINE(obj)->uv.report = !strcmp(value, "report");
    }
}

static bool spapr_uv_get_secure(Object *obj, Error **errp)
{
    return SPAPR_MACHINE(obj)->uv.secure;
}

static char *spapr_uv_get_last(Object *obj, Error **errp)
{
    return dma_guard_last(&SPAPR_MACHINE(obj)->uv);
}

static char *spapr_uv_get_by_device(Object *obj, Error **errp)
{
    return dma_guard_by_device(&SPAPR_MACHINE(obj)->uv);
}

void spapr_uv_instance_init(Object *obj)
{
    SpaprUv *uv = &SPAPR_MACHINE(obj)->uv;

    qemu_mutex_init(&uv->lock);
    QLIST_INIT(&uv->guards);
    object_property_add_bool(obj, "x-ultravisor", spapr_uv_get_enabled,
                             spapr_uv_set_enabled);
    object_property_set_description(obj, "x-ultravisor",
        "Answer the ultracalls of a secure VM (TCG only)");
    object_property_add_str(obj, "x-dma-guard", spapr_uv_get_guard,
                            spapr_uv_set_guard);
    object_property_set_description(obj, "x-dma-guard",
        "Handle DMA to a secure VM's private memory: deny or report");
    object_property_add_bool(obj, "uv-secure", spapr_uv_get_secure, NULL);
    object_property_add_uint64_ptr(obj, "uv-shared-pages", &uv->pages.shared,
                                   OBJ_PROP_FLAG_READ);
    object_property_add_uint64_ptr(obj, "dma-guard-violations",
                                   &uv->violations, OBJ_PROP_FLAG_READ);
    object_property_add_str(obj, "dma-guard-last", spapr_uv_get_last, NULL);
    object_property_add_str(obj, "dma-guard-by-device", spapr_uv_get_by_device,
                            NULL);
}

void spapr_uv_machine_init(SpaprMachineState *spapr)
{
    if (!spapr->uv.enabled) {
        return;
    }
    if (!tcg_enabled()) {
        error_report("cannot set x-ultravisor=on: it needs TCG");
        exit(1);
    }
    dma_guard_init(&spapr->uv);
}

static void spapr_uv_register_types(void)
{
    QEMU_BUILD_BUG_ON(VDMA_H_UNSUPPORTED != H_UNSUPPORTED);
    QEMU_BUILD_BUG_ON(VDMA_U_PERMISSION != H_PERMISSION);

    spapr_register_hypercall(VDMA_H_SVM_PAGE_IN, h_svm);
    spapr_register_hypercall(VDMA_H_SVM_PAGE_OUT, h_svm);
    spapr_register_hypercall(VDMA_H_SVM_INIT_START, h_svm);
    spapr_register_hypercall(VDMA_H_SVM_INIT_DONE, h_svm);
    spapr_register_hypercall(VDMA_H_SVM_INIT_ABORT, h_svm);
}

type_init(spapr_uv_register_types)
