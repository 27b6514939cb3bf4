// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * The audit's record: a treap of live mappings, a queue of past and unused
 * ones, and what it takes to tell one fault from another.
 */
#include <vdma/audit.h>

const char *vdma_fault_text(enum vdma_fault fault)
{
	static const char * const texts[] = {
#define FAULT_TEXT(name, text) [VDMA_FAULT_##name] = (text),
		VDMA_FAULTS(FAULT_TEXT)
#undef FAULT_TEXT
	};

	return (unsigned int)fault < VDMA_FAULT_COUNT ? texts[fault] : "?";
}

static void lock(const struct vdma_audit *audit)
{
	if (audit->lock && audit->lock->acquire)
		audit->lock->acquire(audit->lock->ctx);
}

static void unlock(const struct vdma_audit *audit)
{
	if (audit->lock && audit->lock->acquire)
		audit->lock->release(audit->lock->ctx);
}

void vdma_audit_count(const struct vdma_audit *audit,
		      struct vdma_audit_counts *counts)
{
	lock(audit);
	*counts = audit->counts;
	unlock(audit);
}

/* The queue of nodes that are not live: unused and oldest first. */
static void retire(struct vdma_audit *audit, struct vdma_audit_node *node)
{
	node->left = NULL;
	node->right = NULL;
	if (audit->newest)
		audit->newest->right = node;
	else
		audit->oldest = node;
	audit->newest = node;
}

static struct vdma_audit_node *recruit(struct vdma_audit *audit)
{
	struct vdma_audit_node *node = audit->oldest;

	if (!node)
		return NULL;
	audit->oldest = node->right;
	if (!audit->oldest)
		audit->newest = NULL;
	return node;
}

void vdma_audit_init(struct vdma_audit *audit, struct vdma_audit_node *nodes,
		     uint32_t count,
		     void (*report)(void *ctx,
				    const struct vdma_audit_report *report),
		     void *ctx, const struct vdma_lock *lock)
{
	uint32_t i;

	*audit = (struct vdma_audit){ .lock = lock, .report = report,
				      .ctx = ctx, .random = 1 };
	for (i = 0; i < count; i++) {
		nodes[i] = (struct vdma_audit_node){ .dir = 0 };
		retire(audit, &nodes[i]);
	}
}

/* Order in the tree: by address, then length, then direction. */
static bool before(const struct vdma_audit_node *a,
		   const struct vdma_audit_node *b)
{
	if (a->start != b->start)
		return a->start < b->start;
	if (a->last != b->last)
		return a->last < b->last;
	return a->dir < b->dir;
}

static struct vdma_audit_node *updated(struct vdma_audit_node *node)
{
	uint64_t max = node->last;

	if (node->left && node->left->max_last > max)
		max = node->left->max_last;
	if (node->right && node->right->max_last > max)
		max = node->right->max_last;
	node->max_last = max;
	return node;
}

/* Everything before @key goes to @low, the rest to @high. */
static void split(struct vdma_audit_node *tree,
		  const struct vdma_audit_node *key,
		  struct vdma_audit_node **low, struct vdma_audit_node **high)
{
	if (!tree) {
		*low = NULL;
		*high = NULL;
	} else if (before(tree, key)) {
		split(tree->right, key, &tree->right, high);
		*low = updated(tree);
	} else {
		split(tree->left, key, low, &tree->left);
		*high = updated(tree);
	}
}

/* Nothing in @high is before anything in @low. */
static struct vdma_audit_node *merge(struct vdma_audit_node *low,
				     struct vdma_audit_node *high)
{
	if (!low || !high)
		return low ? low : high;
	if (low->priority > high->priority) {
		low->right = merge(low->right, high);
		return updated(low);
	}
	high->left = merge(low, high->left);
	return updated(high);
}

/* xorshift32: any sequence does that addresses don't follow */
static uint32_t next_random(struct vdma_audit *audit)
{
	audit->random ^= audit->random << 13;
	audit->random ^= audit->random >> 17;
	audit->random ^= audit->random << 5;
	return audit->random;
}

static void insert(struct vdma_audit *audit, struct vdma_audit_node *node)
{
	struct vdma_audit_node *low, *high;

	node->left = NULL;
	node->right = NULL;
	node->priority = next_random(audit);
	split(audit->root, node, &low, &high);
	audit->root = merge(merge(low, updated(node)), high);
}

/* Returns @tree without its first node. */
static struct vdma_audit_node *without_first(struct vdma_audit_node *tree)
{
	if (!tree->left)
		return tree->right;
	tree->left = without_first(tree->left);
	return updated(tree);
}

/* Removes the first node that is not before @key, if it begins there too. */
static struct vdma_audit_node *take(struct vdma_audit *audit,
				    const struct vdma_audit_node *key)
{
	struct vdma_audit_node *low, *high, *first;

	split(audit->root, key, &low, &high);
	first = high;
	while (first && first->left)
		first = first->left;
	if (first && first->start == key->start)
		high = without_first(high);
	else
		first = NULL;
	audit->root = merge(low, high);
	return first;
}

/* A live mapping of all of [@dma, @last] for @dir. */
static struct vdma_audit_node *covering(struct vdma_audit_node *tree,
					uint64_t dma, uint64_t last,
					unsigned int dir)
{
	while (tree && tree->max_last >= last) {
		struct vdma_audit_node *found =
			covering(tree->left, dma, last, dir);

		if (found)
			return found;
		if (tree->start > dma)
			return NULL;
		if (tree->last >= last && (tree->dir & dir) == dir)
			return tree;
		tree = tree->right;
	}
	return NULL;
}

/* The latest past mapping that held @dma. */
static struct vdma_audit_node *past(const struct vdma_audit *audit,
				    uint64_t dma)
{
	struct vdma_audit_node *node, *found = NULL;

	for (node = audit->oldest; node; node = node->right)
		if (node->dir && node->start <= dma && node->last >= dma)
			found = node;
	return found;
}

/* @about: the mapping that it concerns, live or past, or NULL */
static void report(struct vdma_audit *audit, enum vdma_fault fault,
		   const struct vdma_audit_node *what, const char *where,
		   const struct vdma_audit_node *about)
{
	struct vdma_audit_report r = {
		.fault = fault,
		.dma = what->start,
		.len = what->last - what->start + 1,
		.dir = (enum vdma_dir)what->dir,
		.where = where,
	};

	if (about) {
		r.mapping_dma = about->start;
		r.mapping_len = about->last - about->start + 1;
		r.mapping_dir = (enum vdma_dir)about->dir;
		r.mapped = about->mapped;
		r.unmapped = about->unmapped;
	}
	audit->counts.total++;
	audit->counts.faults[fault]++;
	audit->report(audit->ctx, &r);
}

static struct vdma_audit_node range(uint64_t dma, uint64_t len,
				    enum vdma_dir dir)
{
	return (struct vdma_audit_node){ .start = dma, .last = dma + (len - 1),
					 .dir = dir };
}

void vdma_audit_map(struct vdma_audit *audit, uint64_t dma, uint64_t len,
		    enum vdma_dir dir, const char *where)
{
	struct vdma_audit_node what = range(dma, len, dir);
	struct vdma_audit_node *node;

	lock(audit);
	node = recruit(audit);
	if (node) {
		*node = what;
		node->mapped = where;
		insert(audit, node);
		if (++audit->counts.live > audit->counts.live_max)
			audit->counts.live_max = audit->counts.live;
	} else {
		report(audit, VDMA_FAULT_RECORD_FULL, &what, where, NULL);
	}
	unlock(audit);
}

/* Once something could not be entered, what is missing may be just that. */
static bool complete(const struct vdma_audit *audit)
{
	return !audit->counts.faults[VDMA_FAULT_RECORD_FULL];
}

static void unmap_missing(struct vdma_audit *audit,
			  const struct vdma_audit_node *what,
			  const char *where)
{
	const struct vdma_audit_node *about = past(audit, what->start);

	if (complete(audit))
		report(audit, about && about->start == what->start ?
			      VDMA_FAULT_DOUBLE_UNMAP :
			      VDMA_FAULT_UNKNOWN_UNMAP, what, where, about);
}

void vdma_audit_unmap(struct vdma_audit *audit, uint64_t dma, uint64_t len,
		      enum vdma_dir dir, const char *where)
{
	struct vdma_audit_node what = range(dma, len, dir);
	struct vdma_audit_node first = { .start = dma };
	struct vdma_audit_node *node;

	lock(audit);
	/* The one meant; or else one that begins there. */
	node = take(audit, &what);
	if (!node)
		node = take(audit, &first);
	if (!node) {
		unmap_missing(audit, &what, where);
	} else {
		if (node->last != what.last)
			report(audit, VDMA_FAULT_UNMAP_SIZE, &what, where,
			       node);
		else if (node->dir != dir)
			report(audit, VDMA_FAULT_UNMAP_DIRECTION, &what, where,
			       node);
		node->unmapped = where;
		retire(audit, node);
		audit->counts.live--;
	}
	unlock(audit);
}

static void use_fault(struct vdma_audit *audit,
		      const struct vdma_audit_node *what, const char *where)
{
	struct vdma_audit_node *about;

	about = covering(audit->root, what->start, what->last, 0);
	if (about) {
		report(audit, VDMA_FAULT_DIRECTION, what, where, about);
		return;
	}
	about = covering(audit->root, what->start, what->start, 0);
	if (about) {
		report(audit, VDMA_FAULT_BEYOND, what, where, about);
		return;
	}
	about = past(audit, what->start);
	report(audit, about ? VDMA_FAULT_AFTER_UNMAP : VDMA_FAULT_NOT_MAPPED,
	       what, where, about);
}

bool vdma_audit_check(struct vdma_audit *audit, uint64_t dma, uint64_t len,
		      enum vdma_dir dir, const char *where)
{
	struct vdma_audit_node what = range(dma, len, dir);
	bool good;

	lock(audit);
	good = covering(audit->root, dma, what.last, dir);
	if (!good && complete(audit))
		use_fault(audit, &what, where);
	unlock(audit);
	return good;
}

static uint32_t report_leaks(struct vdma_audit *audit,
			     const struct vdma_audit_node *tree)
{
	uint32_t n;

	if (!tree)
		return 0;
	n = report_leaks(audit, tree->left);
	report(audit, VDMA_FAULT_LEAK, tree, NULL, tree);
	return n + 1 + report_leaks(audit, tree->right);
}

uint32_t vdma_audit_finish(struct vdma_audit *audit)
{
	uint32_t leaks;

	lock(audit);
	leaks = report_leaks(audit, audit->root);
	unlock(audit);
	return leaks;
}
