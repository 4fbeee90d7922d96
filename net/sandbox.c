#include "sandbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif
#ifdef HAVE_LINUX_LANDLOCK_H
#include <linux/landlock.h>
#include <sys/syscall.h>
#endif
#ifdef HAVE_SECCOMP
#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#endif

/* Sanitizers reserve terabytes, which no limit of memory would let them. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

static void
limit(int what, rlim_t most)
{
	struct rlimit l = { .rlim_cur = most, .rlim_max = most };

	setrlimit(what, &l);
}

static void
limit_all(void)
{
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CPU, SANDBOX_CPU_S);
	limit(RLIMIT_NOFILE, 16);
#ifdef RLIMIT_NPROC
	limit(RLIMIT_NPROC, 0);
#endif
	if (IS_SANITIZED)
		return;
	/* On Linux DATA counts all private memory that can be written; AS is
	 * for systems where it does not, and has room for the libraries. */
	limit(RLIMIT_DATA, SANDBOX_DATA);
#ifdef RLIMIT_AS
	limit(RLIMIT_AS, (rlim_t)SANDBOX_DATA * 16);
#endif
}

/* Numbers of the kernel's interface, which may be newer than its headers. */
static void
close_files(void)
{
#if defined(HAVE_LINUX_LANDLOCK_H) && defined(SYS_landlock_create_ruleset)
	/* struct landlock_ruleset_attr, as it grew. */
	struct {
		uint64_t files, net, scopes;
	} rules = { .files = 0 };
	/* LANDLOCK_ACCESS_FS_* known since ABI 1, 2, 3, 5. */
	static const int n_files[] = { 0, 13, 14, 15, 15, 16 };
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	size_t len = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
	long fd;

	if (abi < 1)
		return;
	rules.files = (UINT64_C(1) << n_files[abi > 5 ? 5 : abi]) - 1;
	if (abi >= 4)
		rules.net = 1;		/* ACCESS_NET_BIND_TCP */
	if (abi >= 6)
		rules.scopes = 3;	/* abstract sockets, signals */
	fd = syscall(SYS_landlock_create_ruleset, &rules, len, 0);
	if (fd < 0)
		return;
	/* No rule: nothing of all that is allowed anywhere. */
	syscall(SYS_landlock_restrict_self, fd, 0);
	close((int)fd);
#endif
}

#ifdef HAVE_SECCOMP
/* Calls of any arguments.  What miniupnpc, malloc and getaddrinfo of a
 * numeric address need; 32-bit systems have other names for some. */
static const int allowed[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(close),
	SCMP_SYS(connect), SCMP_SYS(bind),
	SCMP_SYS(send), SCMP_SYS(sendto), SCMP_SYS(sendmsg),
	SCMP_SYS(recv), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg),
	SCMP_SYS(shutdown),
	SCMP_SYS(setsockopt), SCMP_SYS(getsockopt), SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(ppoll_time64),
	SCMP_SYS(select), SCMP_SYS(_newselect), SCMP_SYS(pselect6),
	SCMP_SYS(pselect6_time64),
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64),
	SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64),
	SCMP_SYS(nanosleep), SCMP_SYS(restart_syscall),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigreturn), SCMP_SYS(exit), SCMP_SYS(exit_group)
};

/* Memory, but none to be run; sockets, but only of IPv4. */
static bool
allow_some(scmp_filter_ctx c)
{
	/* Masked: datum_a is the mask, datum_b what must be left. */
	const struct scmp_arg_cmp no_code = { .arg = 2,
		.op = SCMP_CMP_MASKED_EQ, .datum_a = PROT_EXEC };
	const struct scmp_arg_cmp inet = { .arg = 0, .op = SCMP_CMP_EQ,
		.datum_a = AF_INET };
	const uint32_t allow = SCMP_ACT_ALLOW;

	/* One of the two forms of mmap is missing on most systems. */
	seccomp_rule_add_array(c, allow, SCMP_SYS(mmap2), 1, &no_code);
	return seccomp_rule_add_array(c, allow, SCMP_SYS(mmap), 1,
	    &no_code) == 0 &&
	    seccomp_rule_add_array(c, allow, SCMP_SYS(mprotect), 1,
	    &no_code) == 0 &&
	    seccomp_rule_add_array(c, allow, SCMP_SYS(socket), 1, &inet) == 0;
}

/* No way back into anything that was not foreseen: not a file, a process, a
 * signal handler, nor the alarm that ends it. */
static void
filter_calls(void)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool is_whole = c && allow_some(c);

	/* One that this system does not have is none the less allowed. */
	for (size_t i = 0; c && i < sizeof(allowed) / sizeof(*allowed); i++)
		seccomp_rule_add(c, SCMP_ACT_ALLOW, allowed[i], 0);
	/* A sanitizer takes its own signal stack back at the end. */
	if (c && IS_SANITIZED)
		seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(sigaltstack), 0);
	if (is_whole)
		seccomp_load(c);
	if (c)
		seccomp_release(c);
}
#endif

void
sandbox_enter(void)
{
#if defined(HAVE_SYS_PRCTL_H) && defined(PR_SET_NO_NEW_PRIVS)
	/* Both of the following need it. */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#endif
	limit_all();
	close_files();
#ifdef HAVE_SECCOMP
	/* Last: it forbids the calls of the others. */
	filter_calls();
#endif
}
