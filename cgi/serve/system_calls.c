/*
 * Blocks system calls that the program and its libraries never make. An attacker who can run code
 * in the program then cannot make them either. The blocked calls start programs, read other
 * processes' memory, change mounts, namespaces or kernel modules, or open unusual sockets. This is
 * a list of refused calls, and not of allowed calls, because libraries need different calls on
 * different systems. It has no call that a Kerberos login, a name service or a database driver
 * might need.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "serve/server_parts.h"

#if defined(__x86_64__)
#define NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE AUDIT_ARCH_AARCH64
#endif

#ifdef NATIVE

#define X32_BIT 0x40000000U /* marks the x32 numbers of system calls on x86-64 */

static const unsigned refused[] = {
    /* access to other programs and processes */
    SYS_execve,
    SYS_execveat,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_getfd,
    SYS_kcmp,
    /* mounts, namespaces, and files outside the visible file system */
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fspick,
    SYS_open_by_handle_at,
    SYS_unshare,
    SYS_setns,
    /* kernel features that have had many security bugs */
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    /* the machine: kernel, swap, clock and name */
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_sethostname,
    SYS_setdomainname,
};

/* glibc uses netlink to list the machine's addresses */
static const unsigned families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

#define N_REFUSED  (sizeof(refused) / sizeof(refused[0]))
#define N_FAMILIES (sizeof(families) / sizeof(families[0]))
#define FILTER_MAX (16 + 2 * (N_REFUSED + N_FAMILIES))

/*
 * The offset of the lower half of the first argument. Both supported architectures are
 * little-endian.
 */
#define FIRST_ARGUMENT offsetof(struct seccomp_data, args)

static void add(struct sock_fprog *filter, struct sock_filter step)
{
	filter->filter[filter->len++] = step;
}

static void load(struct sock_fprog *filter, size_t at)
{
	add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)at));
}

static void answer(struct sock_fprog *filter, unsigned what)
{
	add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what));
}

/* Adds instructions that return `what` if the loaded number is `value`. */
static void answer_if(struct sock_fprog *filter, unsigned value, unsigned what)
{
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
	answer(filter, what);
}

static void write_filter(struct sock_fprog *filter)
{
	const unsigned no = SECCOMP_RET_ERRNO | EPERM;

	load(filter, offsetof(struct seccomp_data, arch));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE, 1, 0));
	answer(filter, no);
	load(filter, offsetof(struct seccomp_data, nr));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1));
	answer(filter, no);
	for (size_t i = 0; i < N_REFUSED; i++)
		answer_if(filter, refused[i], no);
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0));
	answer(filter, SECCOMP_RET_ALLOW);
	load(filter, FIRST_ARGUMENT);
	for (size_t i = 0; i < N_FAMILIES; i++)
		answer_if(filter, families[i], SECCOMP_RET_ALLOW);
	answer(filter, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
}

bool system_calls_limit(void)
{
	struct sock_filter steps[FILTER_MAX];
	struct sock_fprog filter = {.filter = steps};

	write_filter(&filter);
	/* without SPEC_ALLOW, older kernels make the whole process slower */
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &filter) == 0;
}

#else

bool system_calls_limit(void)
{
	errno = ENOSYS;
	return false;
}

#endif
