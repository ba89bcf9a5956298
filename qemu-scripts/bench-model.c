// SPDX-License-Identifier: GPL-2.0
/*
 * For make bench only: a model of a design in which each device has a completion and a
 * worker that blocks until all that depends on it is done, queued in the old order.
 * If bench_model in debugfs is 1, a reboot runs the trees of shutdown.sh first and puts
 * the figures into the log: workers come more slowly then than while the system runs.
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/workqueue.h>

#define MAX_ITEMS 600

static struct item {
	struct work_struct work;
	struct completion done;
	struct item *parent;
	unsigned int ms;
} items[MAX_ITEMS];

static unsigned int nr;
static atomic_t blocked, blocked_peak, workers, workers_peak;

static void count_up(atomic_t *count, atomic_t *peak)
{
	int n = atomic_inc_return(count), old = atomic_read(peak);

	while (n > old && !atomic_try_cmpxchg(peak, &old, n))
		;
}

static void work_fn(struct work_struct *work)
{
	struct item *item = container_of(work, struct item, work);
	unsigned int i;

	count_up(&workers, &workers_peak);
	for (i = 0; i < nr; i++) {
		if (items[i].parent != item || completion_done(&items[i].done))
			continue;
		count_up(&blocked, &blocked_peak);
		wait_for_completion(&items[i].done);
		atomic_dec(&blocked);
	}
	if (item->ms)
		usleep_range(item->ms * 1000, item->ms * 1000 + 100);
	complete_all(&item->done);
	atomic_dec(&workers);
}

static void add(struct item *parent, unsigned int ms)
{
	struct item *item = &items[nr++];

	item->parent = parent;
	item->ms = ms;
	init_completion(&item->done);
	INIT_WORK(&item->work, work_fn);
}

static void run(const char *name)
{
	struct workqueue_struct *wq = alloc_workqueue("bench_model", WQ_UNBOUND, WQ_MAX_ACTIVE);
	u64 start = ktime_get_ns();
	unsigned int i;

	if (!wq)
		return;
	atomic_set(&blocked_peak, 0);
	atomic_set(&workers_peak, 0);
	for (i = nr; i--;)
		queue_work(wq, &items[i].work);
	destroy_workqueue(wq);
	pr_emerg("bench_model: case=%s what=model us=%llu threads=%d blocked=%d\n", name,
		 (ktime_get_ns() - start) / 1000, atomic_read(&workers_peak),
		 atomic_read(&blocked_peak));
	nr = 0;
}

static void tree(unsigned int bridges, unsigned int leaves, unsigned int ms)
{
	unsigned int i;

	for (i = 0; i < bridges; i++)
		add(NULL, 0);
	for (i = 0; i < leaves; i++)
		add(&items[i % bridges], ms);
}

static u32 armed;

static int bench_model_reboot(struct notifier_block *nb, unsigned long action, void *data)
{
	unsigned int i;

	if (!armed)
		return NOTIFY_DONE;
	tree(8, 64, 50);
	run("leaves");
	for (i = 0; i < 16; i++)
		add(i ? &items[i - 1] : NULL, 20);
	run("chain");
	tree(8, 500, 1);
	run("many");
	return NOTIFY_DONE;
}

static struct notifier_block reboot_nb = {
	.notifier_call = bench_model_reboot,
	.priority = INT_MIN,
};

static int __init bench_model_init(void)
{
	debugfs_create_u32("bench_model", 0600, NULL, &armed);
	register_reboot_notifier(&reboot_nb);
	return 0;
}
late_initcall(bench_model_init);
