/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of a secure VM's pages. See uv_pages.h.
 *
 * The host's unit tests include this file, so "qemu/osdep.h" is not included.
 */
#include "uv_pages.h"
#include "vdma/abi.h"

#define WORD_BITS 64

uint64_t uv_pages_words(uint64_t count)
{
    return count / WORD_BITS + (count % WORD_BITS != 0);
}

void uv_pages_init(struct uv_pages *pages, uint64_t *map, uint64_t count)
{
    *pages = (struct uv_pages) { .count = count, .map = map };
    uv_pages_reset(pages);
}

void uv_pages_reset(struct uv_pages *pages)
{
    uint64_t i;

    for (i = 0; i < uv_pages_words(pages->count); i++) {
        __atomic_store_n(&pages->map[i], 0, __ATOMIC_RELEASE);
    }
    pages->shared = 0;
}

bool uv_pages_shared(const struct uv_pages *pages, uint64_t gfn)
{
    uint64_t word;

    if (gfn >= pages->count) {
        return false;
    }
    word = __atomic_load_n(&pages->map[gfn / WORD_BITS], __ATOMIC_ACQUIRE);
    return word >> gfn % WORD_BITS & 1;
}

bool uv_pages_private(const struct uv_pages *pages, uint64_t gfn)
{
    return gfn < pages->count && !uv_pages_shared(pages, gfn);
}

int64_t uv_pages_check(const struct uv_pages *pages, uint64_t gfn,
                       uint64_t num)
{
    if (gfn >= pages->count) {
        return VDMA_U_PARAMETER;
    }
    if (num == 0 || num > pages->count - gfn) {
        return VDMA_U_P2;
    }
    return VDMA_U_SUCCESS;
}

bool uv_pages_set(struct uv_pages *pages, uint64_t gfn, bool shared)
{
    uint64_t bit = (uint64_t)1 << gfn % WORD_BITS;
    uint64_t *word = &pages->map[gfn / WORD_BITS];
    uint64_t old;

    if (shared) {
        old = __atomic_fetch_or(word, bit, __ATOMIC_ACQ_REL);
    } else {
        old = __atomic_fetch_and(word, ~bit, __ATOMIC_ACQ_REL);
    }
    if (!!(old & bit) == shared) {
        return false;
    }
    pages->shared += shared ? 1 : -1;
    return true;
}

uint64_t uv_pages_next_shared(const struct uv_pages *pages, uint64_t gfn)
{
    while (gfn < pages->count && !uv_pages_shared(pages, gfn)) {
        if (gfn % WORD_BITS == 0 && pages->map[gfn / WORD_BITS] == 0) {
            gfn += WORD_BITS;
        } else {
            gfn++;
        }
    }
    return gfn < pages->count ? gfn : pages->count;
}
