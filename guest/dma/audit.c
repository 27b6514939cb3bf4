// SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
/*
 * Audit: a treap of live mappings, a queue of past and unused ones, and the rules that
 * tell one fault from another.
 */
#include <vdma/audit.h>

const char *vdma_fault_text(enum vdma_fault fault)
{
	static const char *const texts[] = {
#define FAULT_TEXT(name, text) [VDMA_FAULT_##name] = (text),
		VDMA_FAULTS(FAULT_TEXT)
#undef FAULT_TEXT
	};

	return (unsigned int)fault < VDMA_FAULT_COUNT ? texts[fault] : "?";
}

void vdma_audit_count(const struct vdma_audit *audit,
		      struct vdma_audit_counts *counts)
{
	vdma_lock_acquire(audit->lock);
	*counts = audit->counts;
	vdma_lock_release(audit->lock);
}

/* The queue of nodes that are not live: unused first, then oldest first */
static void audit_put_node(struct vdma_audit *audit,
			   struct vdma_audit_node *node)
{
	node->left = NULL;
	node->right = NULL;
	if (audit->newest)
		audit->newest->right = node;
	else
		audit->oldest = node;
	audit->newest = node;
}

static struct vdma_audit_node *audit_get_node(struct vdma_audit *audit)
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

	*audit = (struct vdma_audit){
		.lock = lock, .report = report, .ctx = ctx, .random = 1
	};
	for (i = 0; i < count; i++) {
		nodes[i] = (struct vdma_audit_node){ .dir = 0 };
		audit_put_node(audit, &nodes[i]);
	}
}

/* Order in the tree: by address, then length, then direction. */
static bool audit_node_less(const struct vdma_audit_node *a,
			    const struct vdma_audit_node *b)
{
	if (a->start != b->start)
		return a->start < b->start;
	if (a->last != b->last)
		return a->last < b->last;
	return a->dir < b->dir;
}

static struct vdma_audit_node *audit_node_update(struct vdma_audit_node *node)
{
	uint64_t max = node->last;

	if (node->left && node->left->max_last > max)
		max = node->left->max_last;
	if (node->right && node->right->max_last > max)
		max = node->right->max_last;
	node->max_last = max;
	return node;
}

/* Nodes less than @key go to @low, the others to @high. */
static void audit_tree_split(struct vdma_audit_node *tree,
			     const struct vdma_audit_node *key,
			     struct vdma_audit_node **low,
			     struct vdma_audit_node **high)
{
	if (!tree) {
		*low = NULL;
		*high = NULL;
	} else if (audit_node_less(tree, key)) {
		audit_tree_split(tree->right, key, &tree->right, high);
		*low = audit_node_update(tree);
	} else {
		audit_tree_split(tree->left, key, low, &tree->left);
		*high = audit_node_update(tree);
	}
}

/* No node in @high is less than one in @low. */
static struct vdma_audit_node *audit_tree_merge(struct vdma_audit_node *low,
						struct vdma_audit_node *high)
{
	if (!low || !high)
		return low ? low : high;
	if (low->priority > high->priority) {
		low->right = audit_tree_merge(low->right, high);
		return audit_node_update(low);
	}
	high->left = audit_tree_merge(low, high->left);
	return audit_node_update(high);
}

/* xorshift32: any sequence will do that addresses do not follow */
static uint32_t audit_random(struct vdma_audit *audit)
{
	audit->random ^= audit->random << 13;
	audit->random ^= audit->random >> 17;
	audit->random ^= audit->random << 5;
	return audit->random;
}

static void audit_tree_insert(struct vdma_audit *audit,
			      struct vdma_audit_node *node)
{
	struct vdma_audit_node *low, *high;

	node->left = NULL;
	node->right = NULL;
	node->priority = audit_random(audit);
	audit_tree_split(audit->root, node, &low, &high);
	low = audit_tree_merge(low, audit_node_update(node));
	audit->root = audit_tree_merge(low, high);
}

/* @tree without its first node */
static struct vdma_audit_node *
audit_tree_del_first(struct vdma_audit_node *tree)
{
	if (!tree->left)
		return tree->right;
	tree->left = audit_tree_del_first(tree->left);
	return audit_node_update(tree);
}

/* Removes the first node that is not less than @key, if it starts at the same address. */
static struct vdma_audit_node *
audit_tree_remove(struct vdma_audit *audit, const struct vdma_audit_node *key)
{
	struct vdma_audit_node *low, *high, *first;

	audit_tree_split(audit->root, key, &low, &high);
	first = high;
	while (first && first->left)
		first = first->left;
	if (first && first->start == key->start)
		high = audit_tree_del_first(high);
	else
		first = NULL;
	audit->root = audit_tree_merge(low, high);
	return first;
}

/* A live mapping that covers [@dma, @last] and allows @dir */
static struct vdma_audit_node *audit_tree_find(struct vdma_audit_node *tree,
					       uint64_t dma, uint64_t last,
					       unsigned int dir)
{
	while (tree && tree->max_last >= last) {
		struct vdma_audit_node *found =
			audit_tree_find(tree->left, dma, last, dir);

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

/* The most recent past mapping that contained @dma */
static struct vdma_audit_node *audit_find_past(const struct vdma_audit *audit,
					       uint64_t dma)
{
	struct vdma_audit_node *node, *found = NULL;

	for (node = audit->oldest; node; node = node->right)
		if (node->dir && node->start <= dma && node->last >= dma)
			found = node;
	return found;
}

/* @about: the mapping concerned, live or past, or NULL */
static void audit_report(struct vdma_audit *audit, enum vdma_fault fault,
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

static struct vdma_audit_node audit_range(uint64_t dma, uint64_t len,
					  enum vdma_dir dir)
{
	return (struct vdma_audit_node){ .start = dma,
					 .last = dma + (len - 1),
					 .dir = dir };
}

void vdma_audit_map(struct vdma_audit *audit, uint64_t dma, uint64_t len,
		    enum vdma_dir dir, const char *where)
{
	struct vdma_audit_node what = audit_range(dma, len, dir);
	struct vdma_audit_node *node;

	vdma_lock_acquire(audit->lock);
	node = audit_get_node(audit);
	if (node) {
		*node = what;
		node->mapped = where;
		audit_tree_insert(audit, node);
		if (++audit->counts.live > audit->counts.live_max)
			audit->counts.live_max = audit->counts.live;
	} else {
		audit_report(audit, VDMA_FAULT_RECORD_FULL, &what, where, NULL);
	}
	vdma_lock_release(audit->lock);
}

/* Once the record was full, a missing mapping may just not have been recorded. */
static bool audit_complete(const struct vdma_audit *audit)
{
	return !audit->counts.faults[VDMA_FAULT_RECORD_FULL];
}

static void audit_report_unknown(struct vdma_audit *audit,
				 const struct vdma_audit_node *what,
				 const char *where)
{
	const struct vdma_audit_node *about =
		audit_find_past(audit, what->start);

	if (audit_complete(audit))
		audit_report(audit,
			     about && about->start == what->start
				     ? VDMA_FAULT_DOUBLE_UNMAP
				     : VDMA_FAULT_UNKNOWN_UNMAP,
			     what, where, about);
}

void vdma_audit_unmap(struct vdma_audit *audit, uint64_t dma, uint64_t len,
		      enum vdma_dir dir, const char *where)
{
	struct vdma_audit_node what = audit_range(dma, len, dir);
	struct vdma_audit_node first = { .start = dma };
	struct vdma_audit_node *node;

	vdma_lock_acquire(audit->lock);
	/* The exact mapping, or else one with this start */
	node = audit_tree_remove(audit, &what);
	if (!node)
		node = audit_tree_remove(audit, &first);
	if (!node) {
		audit_report_unknown(audit, &what, where);
	} else {
		if (node->last != what.last)
			audit_report(audit, VDMA_FAULT_UNMAP_SIZE, &what, where,
				     node);
		else if (node->dir != dir)
			audit_report(audit, VDMA_FAULT_UNMAP_DIRECTION, &what,
				     where, node);
		node->unmapped = where;
		audit_put_node(audit, node);
		audit->counts.live--;
	}
	vdma_lock_release(audit->lock);
}

static void audit_report_use(struct vdma_audit *audit,
			     const struct vdma_audit_node *what,
			     const char *where)
{
	struct vdma_audit_node *about;

	about = audit_tree_find(audit->root, what->start, what->last, 0);
	if (about) {
		audit_report(audit, VDMA_FAULT_DIRECTION, what, where, about);
		return;
	}
	about = audit_tree_find(audit->root, what->start, what->start, 0);
	if (about) {
		audit_report(audit, VDMA_FAULT_BEYOND, what, where, about);
		return;
	}
	about = audit_find_past(audit, what->start);
	audit_report(audit,
		     about ? VDMA_FAULT_AFTER_UNMAP : VDMA_FAULT_NOT_MAPPED,
		     what, where, about);
}

bool vdma_audit_check(struct vdma_audit *audit, uint64_t dma, uint64_t len,
		      enum vdma_dir dir, const char *where)
{
	struct vdma_audit_node what = audit_range(dma, len, dir);
	bool good;

	vdma_lock_acquire(audit->lock);
	good = audit_tree_find(audit->root, dma, what.last, dir);
	if (!good && audit_complete(audit))
		audit_report_use(audit, &what, where);
	vdma_lock_release(audit->lock);
	return good;
}

static uint32_t audit_report_leaks(struct vdma_audit *audit,
				   const struct vdma_audit_node *tree)
{
	uint32_t n;

	if (!tree)
		return 0;
	n = audit_report_leaks(audit, tree->left);
	audit_report(audit, VDMA_FAULT_LEAK, tree, NULL, tree);
	return n + 1 + audit_report_leaks(audit, tree->right);
}

uint32_t vdma_audit_finish(struct vdma_audit *audit)
{
	uint32_t leaks;

	vdma_lock_acquire(audit->lock);
	leaks = audit_report_leaks(audit, audit->root);
	vdma_lock_release(audit->lock);
	return leaks;
}
