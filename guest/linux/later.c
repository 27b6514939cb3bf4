// SPDX-License-Identifier: GPL-2.0
/*
 * Frees memory that another CPU may still use, having found it just before it was
 * unlinked. Drivers call DMA and configuration operations without a lock, and may be
 * preempted on the way there.
 */
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include "vdp.h"

static LLIST_HEAD(waiting);

static void later_free_all(struct work_struct *unused)
{
	struct llist_node *all = llist_del_all(&waiting);
	struct vdp_later *later, *next;

	synchronize_rcu_tasks();
	llist_for_each_entry_safe(later, next, all, node)
		later->free(later);
}

static DECLARE_WORK(work, later_free_all);

/**
 * vdp_free_later() - free an object that was unlinked
 * @later: part of it
 * @free: frees it once nobody can be using it any more; may sleep
 */
void vdp_free_later(struct vdp_later *later,
		    void (*free)(struct vdp_later *later))
{
	later->free = free;
	llist_add(&later->node, &waiting);
	schedule_work(&work);
}

/* Wait until all is freed. */
void vdp_later_flush(void)
{
	flush_work(&work);
}
