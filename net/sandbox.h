/*
 * sandbox - what a process can do without, taken from it for good.
 *
 * For the child that reads what a stranger's router sends: it keeps the
 * descriptors it has, its memory, UDP and TCP over IPv4, and its exit.
 * Everything the system offers is used, nothing is needed:
 *
 *	rlimit    no files, no processes, 16 MiB of data, 5 s of CPU
 *	Landlock  (Linux 5.13) no file can be opened, whatever its mode; no
 *	          TCP port bound (6.7), no signals and abstract sockets (6.12)
 *	seccomp   (Linux) a list of the calls that are allowed; all others
 *	          fail with EPERM
 */
#ifndef SANDBOX_H
#define SANDBOX_H

enum {
	SANDBOX_DATA = 16 << 20,	/* bytes of memory of its own */
	SANDBOX_CPU_S = 5
};

void sandbox_enter(void);

#endif
