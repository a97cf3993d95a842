// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks around a gate that trusts user memory: while one thread calls, another flips what the call
 * asks for between a value that is never refused and one that is. Counts the data fds that came of
 * it: behind a gate that judges the kernel's own copy there is none.
 */
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "attack.h"

#define STACK_BYTES (256u << 10)
#define FDS_LOOKED_AT 64

static const char usage_text[] =
	"usage: attack-flip -d UUID [-e ENTRY] [-b BY] [-s SECONDS] [-n TRIES] [-r REFUSALS] [-x] "
	"FLIP\n"
	"\n"
	"FLIP   A/B      two states (RUNNING/RESUMING), flipped while the call asks for a SET\n"
	"       get/B    the flags, GET and SET of state B;  probe/B  PROBE and SET\n"
	"ENTRY  normal, compat (int $0x80), absent (a page nobody touched), compat-absent\n"
	"BY     thread, received (another process, which got the fd through a socket), cloned "
	"(another\n"
	"       process that shares the table of fds)\n"
	"\n"
	"Ends after SECONDS (2) and at least TRIES (0), or after REFUSALS; with -x at the first "
	"data\n"
	"fd. Prints one JSON object.\n"
	"Exit status: 0 no data fd, 1 data fds, 2 wrong usage, 3 the device cannot be opened.\n";

enum by {
	BY_THREAD,
	BY_RECEIVED,
	BY_CLONED,
	BYS,
};

static const char *const by_names[BYS] = {"thread", "received", "cloned"};

/* In memory that all processes of an attack share. */
struct counts {
	uint64_t tries;
	uint64_t passed;
	uint64_t refused; /* EPERM */
	uint64_t other;
	int last_other;
	uint64_t data_fds;
	uint64_t seen_in_table;
	atomic_bool done;
};

struct attack {
	const char *uuid;
	enum entry entry;
	enum by by;
	uint64_t milliseconds, tries, refusals;
	bool ends_at_first;
	struct state_call value[2]; /* what is flipped between */
	struct argument argument;
	struct counts *counts;
	int fd;
};

/* Writes both values in turn, as fast as it can. */
static void *flip(void *context)
{
	const struct attack *attack = context;
	volatile struct state_call *call = attack->argument.page;

	for (unsigned int i = 0; !atomic_load_explicit(&attack->counts->done, memory_order_relaxed);
	     i++) {
		call->flags = attack->value[i & 1].flags;
		call->state = attack->value[i & 1].state;
		/* The kernel reads between any two of these; how long a value stands must vary. */
		for (volatile unsigned int wait = i % 61; wait; wait--)
			;
	}
	return NULL;
}

static void count(struct counts *counts, int error)
{
	counts->tries++;
	if (!error) {
		counts->passed++;
	} else if (error == -EPERM) {
		counts->refused++;
	} else {
		counts->other++;
		counts->last_other = error;
	}
}

static void call_once(const struct attack *attack)
{
	struct state_call *call = attack->argument.page;
	int error;

	call->argsz = sizeof(*call);
	call->data_fd = -1;
	error = enter(attack->entry, attack->fd, VFIO_DEVICE_FEATURE, &attack->argument);
	count(attack->counts, error);
	if (error || call->data_fd < 0)
		return;
	attack->counts->data_fds++;
	reset(attack->fd);
	close(call->data_fd);
}

static void call_on(const struct attack *attack)
{
	const struct counts *counts = attack->counts;
	uint64_t end = now_ms() + attack->milliseconds;

	while ((now_ms() < end || counts->tries < attack->tries) &&
	       counts->refused < attack->refusals && !(attack->ends_at_first && counts->data_fds))
		call_once(attack);
	reset(attack->fd);
	atomic_store(&attack->counts->done, true);
}

static int call_on_cloned(void *context)
{
	call_on(context);
	return 0;
}

/* A data fd in our table, whoever opened it: drivers call theirs "mtty_mig" and the like. */
static void look_into_table(struct counts *counts)
{
	char path[32], name[64];

	for (int fd = 3; fd < FDS_LOOKED_AT; fd++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, name, sizeof(name) - 1);
		name[n > 0 ? n : 0] = '\0';
		if (strstr(name, "_mig"))
			counts->seen_in_table++;
	}
}

static int attack_by_clone(struct attack *attack)
{
	static _Alignas(16) char stack[STACK_BYTES];
	pid_t child = clone(call_on_cloned, stack + sizeof(stack), CLONE_FILES | CLONE_VM | SIGCHLD,
			    attack);

	if (child < 0)
		return -errno;
	while (!atomic_load(&attack->counts->done)) {
		look_into_table(attack->counts);
		usleep(500);
	}
	waitpid(child, NULL, 0);
	return 0;
}

static int send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int socket)
{
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte;
	struct iovec part = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	if (recvmsg(socket, &message, 0) != 1 || !CMSG_FIRSTHDR(&message))
		return -EPIPE;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static int attack_by_thread(struct attack *attack, void *(*flipper)(void *))
{
	pthread_t thread;
	int r = -pthread_create(&thread, NULL, flipper, attack);

	if (r)
		return r;
	if (attack->by == BY_CLONED)
		r = attack_by_clone(attack);
	else
		call_on(attack);
	atomic_store(&attack->counts->done, true);
	pthread_join(thread, NULL);
	return r;
}

/* The child exists before the device is opened: all it has of it is what it is sent. */
static int attack_by_received(struct attack *attack, struct target *target)
{
	int sockets[2], r, status;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0) {
		close(sockets[1]);
		attack->fd = receive_fd(sockets[0]);
		_exit(attack->fd >= 0 && !attack_by_thread(attack, flip) ? 0 : 3);
	}
	close(sockets[0]);
	r = target_open(target, attack->uuid);
	if (!r)
		r = send_fd(sockets[1], target->fd);
	close(sockets[1]);
	waitpid(child, &status, 0);
	return r ? r : status ? -ECHILD : 0;
}

static int run(struct attack *attack)
{
	struct target target;
	int r;

	if (attack->by == BY_RECEIVED)
		return attack_by_received(attack, &target);
	r = target_open(&target, attack->uuid);
	attack->fd = target.fd;
	return r ? r : attack_by_thread(attack, flip);
}

static bool parse_flip(char *text, struct attack *attack)
{
	char *second = strchr(text, '/');
	struct state_call *a = &attack->value[0], *b = &attack->value[1];

	if (!second)
		return false;
	*second++ = '\0';
	a->flags = b->flags = FLAG_SET | FEATURE_STATE;
	if (!parse_state(second, &b->state))
		return false;
	a->state = b->state;
	if (strcmp(text, "get") == 0)
		a->flags = FLAG_GET | FEATURE_STATE;
	else if (strcmp(text, "probe") == 0)
		a->flags = FLAG_SET | FLAG_PROBE | FEATURE_STATE;
	else
		return parse_state(text, &a->state);
	return true;
}

static bool parse(int argc, char **argv, struct attack *attack)
{
	uint32_t by;
	int option;

	while ((option = getopt(argc, argv, "d:e:b:s:n:r:x")) != -1) {
		if (option == 'd')
			attack->uuid = optarg;
		else if (option == 's')
			attack->milliseconds = (uint64_t)(strtod(optarg, NULL) * 1000);
		else if (option == 'n')
			attack->tries = strtoull(optarg, NULL, 10);
		else if (option == 'r')
			attack->refusals = strtoull(optarg, NULL, 10);
		else if (option == 'x')
			attack->ends_at_first = true;
		else if (option == 'e' && parse_entry(optarg, &attack->entry))
			continue;
		else if (option == 'b' && find_name(by_names, BYS, optarg, &by))
			attack->by = (enum by)by;
		else
			return false;
	}
	return attack->uuid && optind == argc - 1 && parse_flip(argv[optind], attack);
}

static void report(const struct counts *counts)
{
	printf("{\"tries\": %llu, \"passed\": %llu, \"refused\": %llu, \"other\": %llu, "
	       "\"other_error\": \"%s\", \"data_fds\": %llu, \"seen_in_table\": %llu}\n",
	       (unsigned long long)counts->tries, (unsigned long long)counts->passed,
	       (unsigned long long)counts->refused, (unsigned long long)counts->other,
	       answer_name(counts->last_other), (unsigned long long)counts->data_fds,
	       (unsigned long long)counts->seen_in_table);
}

int main(int argc, char **argv)
{
	struct attack attack = {.milliseconds = 2000, .refusals = UINT64_MAX};
	int r;

	if (!parse(argc, argv, &attack)) {
		fputs(usage_text, stderr);
		return 2;
	}
	attack.counts = mmap(NULL, sizeof(*attack.counts), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	r = attack.counts == MAP_FAILED ? -errno : argument_open(&attack.argument);
	if (!r) {
		*(struct state_call *)attack.argument.page = attack.value[0];
		r = run(&attack);
	}
	if (r) {
		fprintf(stderr, "attack-flip: %s: %s\n", attack.uuid, strerror(-r));
		return 3;
	}
	report(attack.counts);
	return attack.counts->data_fds || attack.counts->seen_in_table;
}
