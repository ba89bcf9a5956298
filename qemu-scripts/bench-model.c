// SPDX-License-Identifier: GPL-2.0
/*
 * For make bench only: a model of a design in which each device has a completion and a
 * worker that blocks until all that depends on it is done, queued in the old order.
 * Reading bench_model in debugfs runs the trees of shutdown.sh and prints the figures.
 */

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/seq_file.h>
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

static void run(struct seq_file *m, const char *name)
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
	seq_printf(m, "case=%s what=model us=%llu threads=%d blocked=%d\n", name,
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

static int bench_model_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	tree(8, 64, 50);
	run(m, "leaves");
	for (i = 0; i < 16; i++)
		add(i ? &items[i - 1] : NULL, 20);
	run(m, "chain");
	tree(8, 500, 1);
	run(m, "many");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(bench_model);

static int __init bench_model_init(void)
{
	debugfs_create_file("bench_model", 0400, NULL, NULL, &bench_model_fops);
	return 0;
}
late_initcall(bench_model_init);
