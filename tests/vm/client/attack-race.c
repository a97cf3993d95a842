// SPDX-License-Identifier: GPL-2.0-only
/*
 * One ticket, two destinations: asks the daemon for an admission with one use, then lets two
 * threads, or two processes with one device fd, set RESUMING at the same moment. Exactly one may
 * pass, as often as it is tried.
 */
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "attack.h"

#define RACERS 2
#define BODY_BYTES (64u << 10)
#define ANSWER_SECONDS 20

static const char usage_text[] =
	"usage: attack-race -d UUID -a SOURCE.json [-S SOCKET] [-e ENTRY] [-p] [-n ROUNDS]\n"
	"\n"
	"ENTRY  normal, compat, absent, compat-absent;  -p: two processes instead of two threads\n"
	"Prints one JSON object: rounds, and of how many nobody, one or both passed.\n"
	"Exit status: 0 exactly one in each, 1 not so, 2 wrong usage, 3 no device or no daemon.\n";

struct race {
	const char *uuid, *source, *socket;
	enum entry entry;
	bool processes;
	unsigned int rounds;
	struct target target;
	char body[BODY_BYTES];
	size_t body_size;
};

/* In memory that both racers see. */
struct track {
	atomic_uint round; /* that may be run */
	atomic_uint ready, arrived;
	int answer[RACERS];
	int data_fd[RACERS];
};

struct racer {
	const struct race *race;
	struct track *track;
	struct argument argument;
	unsigned int number;
};

static int read_source(struct race *race)
{
	int fd = open(race->source, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, race->body, sizeof(race->body));

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return -errno;
	race->body_size = (size_t)n;
	return 0;
}

static int connect_to(const char *path)
{
	const struct timeval limit = {.tv_sec = ANSWER_SECONDS};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	close(fd);
	return -ECONNREFUSED;
}

/* One admission, one use. Gives 0 or -errno. */
static int admit(const struct race *race)
{
	char text[1024], *status = text;
	int fd = connect_to(race->socket);
	size_t length;
	ssize_t n;

	if (fd < 0)
		return fd;
	length = (size_t)snprintf(text, sizeof(text),
				  "POST /v1/admit?device=%s HTTP/1.1\r\nHost: localhost\r\n"
				  "Connection: close\r\nContent-Length: %zu\r\n\r\n",
				  race->uuid, race->body_size);
	if (write(fd, text, length) != (ssize_t)length ||
	    write(fd, race->body, race->body_size) != (ssize_t)race->body_size) {
		close(fd);
		return -EPIPE;
	}
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return -ETIMEDOUT;
	text[n] = '\0';
	if (strsep(&status, " ") && status && strncmp(status, "200", 3) == 0)
		return 0;
	fprintf(stderr, "attack-race: %s\n", text);
	return -EPROTO;
}

static void run_round(struct racer *racer)
{
	struct state_call *call = racer->argument.page;
	struct track *track = racer->track;

	*call = (struct state_call){
		.argsz = sizeof(*call),
		.flags = FLAG_SET | FEATURE_STATE,
		.state = VFIO_DEVICE_STATE_RESUMING,
		.data_fd = -1,
	};
	/* The last few steps to the line together: both are off at the same instant. */
	atomic_fetch_add(&track->ready, 1);
	while (atomic_load(&track->ready) % RACERS)
		;
	track->answer[racer->number] = enter(racer->race->entry, racer->race->target.fd,
					     VFIO_DEVICE_FEATURE, &racer->argument);
	track->data_fd[racer->number] = call->data_fd;
	if (!track->answer[racer->number] && call->data_fd >= 0)
		close(call->data_fd);
	atomic_fetch_add(&track->arrived, 1);
}

static void *run(void *context)
{
	struct racer *racer = context;

	for (unsigned int round = 1; round <= racer->race->rounds; round++) {
		while (atomic_load(&racer->track->round) < round)
			usleep(100);
		run_round(racer);
	}
	return NULL;
}

static int start(struct racer *racer, pthread_t *thread, pid_t *process)
{
	if (!racer->race->processes)
		return -pthread_create(thread, NULL, run, racer);
	*process = fork();
	if (*process == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(racer);
		_exit(0);
	}
	return *process < 0 ? -errno : 0;
}

/* By how many racers passed. */
static int run_rounds(const struct race *race, struct track *track,
		      unsigned int passed[static RACERS + 1])
{
	for (unsigned int round = 1; round <= race->rounds; round++) {
		unsigned int count = 0;
		int r = admit(race);

		if (r)
			return r;
		atomic_store(&track->round, round);
		while (atomic_load(&track->arrived) < round * RACERS)
			usleep(100);
		for (unsigned int i = 0; i < RACERS; i++)
			count += track->answer[i] == 0;
		passed[count]++;
		reset(race->target.fd);
	}
	return 0;
}

static int race_on(const struct race *race, unsigned int passed[static RACERS + 1])
{
	struct track *track = mmap(NULL, sizeof(*track), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct racer racers[RACERS] = {0};
	pthread_t threads[RACERS];
	pid_t processes[RACERS];
	int r = track == MAP_FAILED ? -errno : 0;

	for (unsigned int i = 0; i < RACERS && !r; i++) {
		racers[i] = (struct racer){.race = race, .track = track, .number = i};
		r = argument_open(&racers[i].argument);
		if (!r)
			r = start(&racers[i], &threads[i], &processes[i]);
	}
	if (!r)
		r = run_rounds(race, track, passed);
	for (unsigned int i = 0; i < RACERS && !r; i++) {
		if (race->processes)
			waitpid(processes[i], NULL, 0);
		else
			pthread_join(threads[i], NULL);
	}
	return r;
}

static bool parse(int argc, char **argv, struct race *race)
{
	int option;

	while ((option = getopt(argc, argv, "d:a:S:e:pn:")) != -1) {
		if (option == 'd')
			race->uuid = optarg;
		else if (option == 'a')
			race->source = optarg;
		else if (option == 'S')
			race->socket = optarg;
		else if (option == 'p')
			race->processes = true;
		else if (option == 'n')
			race->rounds = (unsigned int)strtoul(optarg, NULL, 10);
		else if (option != 'e' || !parse_entry(optarg, &race->entry))
			return false;
	}
	return race->uuid && race->source && optind == argc;
}

int main(int argc, char **argv)
{
	static struct race race = {.socket = "/run/migwarden/control.sock", .rounds = 50};
	unsigned int passed[RACERS + 1] = {0};
	int r;

	if (!parse(argc, argv, &race)) {
		fputs(usage_text, stderr);
		return 2;
	}
	r = read_source(&race);
	if (!r)
		r = target_open(&race.target, race.uuid);
	if (!r)
		r = race_on(&race, passed);
	if (r) {
		fprintf(stderr, "attack-race: %s\n", strerror(-r));
		return 3;
	}
	printf("{\"rounds\": %u, \"nobody\": %u, \"one\": %u, \"both\": %u}\n", race.rounds,
	       passed[0], passed[1], passed[2]);
	return passed[1] != race.rounds;
}
