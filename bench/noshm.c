// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System V shared memory for fio, which keeps its jobs there, in a kernel that has
 * none (ours for secure VMs). Jobs are threads here: any memory is shared by them.
 * Loaded before the C library's (bench/workloads/fio.sh).
 */
#include <stdlib.h>
#include <sys/shm.h>

static size_t size;

int shmget(key_t key, size_t bytes, int flags)
{
	(void)key, (void)flags;
	size = bytes;
	return 1;
}

void *shmat(int id, const void *address, int flags)
{
	void *memory = calloc(1, size);

	(void)id, (void)address, (void)flags;
	return memory ? memory : (void *)-1;
}

int shmdt(const void *memory)
{
	free((void *)memory);
	return 0;
}

int shmctl(int id, int command, struct shmid_ds *state)
{
	(void)id, (void)command, (void)state;
	return 0;
}
