// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Share, unshare and DMA in random order, against a model of each page: a device accesses
 * shared pages only, pages are zero when they change hands, and the guard has counted
 * each request that it stopped.
 */
#include <vdma/abi.h>
#include <vdma/error.h>
#include "lib/args.h"
#include "lib/base.h"
#include "lib/ktap.h"
#include "lib/page.h"
#include "lib/private.h"
#include "lib/ultravisor.h"

#define PAGES		24
#define PAGE		VDMA_UV_PAGE_SIZE
#define SEED		0x5ec2e75eedul
#define SECTOR		VDMA_BLK_SECTOR
#define FRESH_DISK	20000

/* Content of the sector used for DMA, and of the page's last word */
struct page {
	bool shared;
	uint64_t sector;
	uint64_t last;
};

struct model {
	struct disk disk;
	struct page pages[PAGES];
	char *memory;
	uint64_t dma;
	char *buffer;
	uint64_t random;
	uint64_t denied;
	uint64_t wrong;
};

static uint32_t pick(struct model *m, uint32_t below)
{
	m->random = m->random * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(m->random >> 33) % below;
}

/* Offset of a sector in the page, different for each page */
static uint64_t sector_at(uint32_t page)
{
	return page * PAGE + page * 5 % 127 * SECTOR;
}

static void fill(void *to, uint64_t word, uint64_t len)
{
	uint64_t i;

	for (i = 0; i < len / sizeof(word); i++)
		((uint64_t *)to)[i] = word;
}

static bool holds(const void *memory, uint64_t word, uint64_t len)
{
	uint64_t i;

	for (i = 0; i < len / sizeof(word); i++) {
		if (((const uint64_t *)memory)[i] != word)
			return false;
	}
	return true;
}

static void wrong(struct model *m, const char *what, uint32_t page)
{
	if (!m->wrong++)
		diag("page %u, which is %s: %s", page,
		     m->pages[page].shared ? "shared" : "private", what);
}

static void check(struct model *m, uint32_t page, const char *what)
{
	const struct page *p = &m->pages[page];
	uint64_t last;

	memcpy(&last, m->memory + (page + 1) * PAGE - sizeof(last),
	       sizeof(last));
	if (last != p->last ||
	    !holds(m->memory + sector_at(page), p->sector, SECTOR))
		wrong(m, what, page);
}

/* Shares or unshares up to three pages, which are zero afterwards. */
static void change_hands(struct model *m, bool share)
{
	uint32_t first = pick(m, PAGES), n = 1 + pick(m, 3), i;
	uint64_t opcode = share ? VDMA_UV_SHARE_PAGE : VDMA_UV_UNSHARE_PAGE;

	n = MIN(n, PAGES - first);
	if (ucall_pages(opcode, m->memory + first * PAGE, n) != VDMA_U_SUCCESS)
		wrong(m, "it cannot change hands", first);
	for (i = first; i < first + n; i++) {
		m->pages[i] = (struct page){ .shared = share };
		check(m, i, "it is not zero");
	}
}

static void cpu_writes(struct model *m)
{
	uint32_t page = pick(m, PAGES);
	struct page *p = &m->pages[page];

	p->sector = m->random | 1;
	p->last = ~m->random | 1;
	fill(m->memory + sector_at(page), p->sector, SECTOR);
	memcpy(m->memory + (page + 1) * PAGE - sizeof(p->last), &p->last,
	       sizeof(p->last));
}

/* The word that fills a sector of the disk; 0 if its words differ */
static uint64_t on_disk(struct model *m, uint64_t offset)
{
	uint64_t word;

	if (disk_do(&m->disk, 0, VDMA_BLK_READ, offset, m->buffer, SECTOR))
		m->wrong++;
	memcpy(&word, m->buffer, sizeof(word));
	return holds(m->buffer, word, SECTOR) ? word : 0;
}

/* The device reads a shared page's content, and nothing of a private page. */
static void device_reads(struct model *m, uint32_t page)
{
	uint64_t at = m->disk.bytes / 2;
	const struct page *p = &m->pages[page];
	uint64_t got;

	private_do(&m->disk, VDMA_BLK_WRITE, at, m->dma + sector_at(page));
	got = on_disk(m, at);
	if (p->shared ? got != p->sector : got && got == p->sector)
		wrong(m, "the device reads it wrong", page);
}

/* The device writes to shared pages only; its data is on the disk, from the pool. */
static void device_writes(struct model *m, uint32_t page)
{
	uint64_t at = m->disk.bytes / 2, word = m->random | 2;

	fill(m->buffer, word, SECTOR);
	if (disk_do(&m->disk, 0, VDMA_BLK_WRITE, at, m->buffer, SECTOR))
		m->wrong++;
	private_do(&m->disk, VDMA_BLK_READ, at, m->dma + sector_at(page));
	if (m->pages[page].shared)
		m->pages[page].sector = word;
	check(m, page, "the device wrote it wrong");
}

static void device_works(struct model *m)
{
	uint32_t page = pick(m, PAGES);

	m->denied += !m->pages[page].shared;
	if (pick(m, 2))
		device_reads(m, page);
	else
		device_writes(m, page);
}

static void open_disk(struct model *m)
{
	struct vdma_blk_config config = disk_config();

	disk_open(&m->disk, &config);
	m->dma = map_private(&m->disk.device, m->memory, PAGES * PAGE);
}

static void close_disk(struct model *m)
{
	unmap_private(&m->disk.device, m->dma, PAGES * PAGE);
	disk_close(&m->disk);
}

/* Runs without a disk, whose pool would be unshared with the rest. */
static void unshare_all(struct model *m)
{
	struct vdma_hcall call = { .opcode = VDMA_UV_UNSHARE_ALL_PAGES };
	uint32_t i;

	if (ucall(&call) != VDMA_U_SUCCESS)
		m->wrong++;
	for (i = 0; i < PAGES; i++) {
		if (m->pages[i].shared)
			m->pages[i] = (struct page){ .shared = false };
		check(m, i, "unshare all has left it wrong");
	}
}

static void step(struct model *m)
{
	switch (pick(m, 5)) {
	case 0:
		change_hands(m, true);
		break;
	case 1:
		change_hands(m, false);
		break;
	case 2:
		cpu_writes(m);
		break;
	default:
		device_works(m);
	}
}

static void restore_disk(struct model *m)
{
	uint64_t at = m->disk.bytes / 2;

	disk_fill(&m->disk, at, m->buffer, SECTOR);
	if (disk_do(&m->disk, 0, VDMA_BLK_WRITE, at, m->buffer, SECTOR))
		m->wrong++;
	metric("written0", "%u", SECTOR);
}

/* Over any order of steps, each page and each byte is as the model says. */
static void secure_random(void)
{
	uint64_t before = pages_free(), steps = arg_number("steps", 100000);
	struct model m = { .random = SEED };
	uint64_t i;

	m.memory = pages_get_aligned(PAGES * PAGE, PAGE);
	m.buffer = pages_get(SECTOR);
	diag("seed 0x%lx", SEED);
	open_disk(&m);
	for (i = 1; i <= steps; i++) {
		step(&m);
		if (i % FRESH_DISK)
			continue;
		restore_disk(&m);
		close_disk(&m);
		unshare_all(&m);
		open_disk(&m);
	}
	report(!m.wrong, "%lu steps, %lu requests denied: %lu wrong", steps,
	       m.denied, m.wrong);
	metric("violations", "%lu", VIOLATIONS * m.denied);
	restore_disk(&m);
	close_disk(&m);
	unshare_all(&m);
	pages_put(m.memory, PAGES * PAGE);
	pages_put(m.buffer, SECTOR);
	report(pages_free() == before, "all memory is free again");
}

GUEST_TEST(secure_random, secure_random);
