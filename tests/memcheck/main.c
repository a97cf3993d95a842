// SPDX-License-Identifier: GPL-2.0-only
/*
 * units-forked [--valgrind] JOBS [PATH...]: the unit tests, all or those whose source is there,
 * each in a process that is forked. Criterion starts itself anew for each, which under valgrind or
 * a sanitizer takes longer than nearly any test. With --valgrind without those whose test it would
 * be.
 *
 * Prints "pass memcheck/SUITE/TEST" or "fail memcheck/SUITE/TEST: why"; what a test says of itself
 * stands on stderr, and what valgrind finds in its log. Exits with 1 when something failed.
 */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <criterion/redirect.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX 64

/* Where the linker puts the tests and suites of all files. */
extern struct criterion_test *__start_cr_tst[], *__stop_cr_tst[];
extern struct criterion_suite *__start_cr_sts[], *__stop_cr_sts[];

struct job {
	pid_t pid;
	const struct criterion_test *test;
	void *parameter; /* of a test with parameters */
};

struct jobs {
	struct job slots[JOBS_MAX];
	size_t count;
	bool failed;
};

static const struct criterion_test *current;
static const struct criterion_suite *current_suite;
static void *parameter;
static jmp_buf out_of_test;
static bool has_failed;
static FILE *said; /* a test may redirect its stderr */

/*
 * What the tests call, in the place of the library's: there is no runner behind a socket that
 * could be told.
 */
void criterion_internal_test_setup(void)
{
	if (current_suite && current_suite->data && current_suite->data->init)
		current_suite->data->init();
	if (current->data->init)
		current->data->init();
}

void criterion_internal_test_main(void (*test)(void))
{
	if (current->data->kind_ == CR_TEST_PARAMETERIZED)
		((void (*)(void *))(void *)test)(parameter);
	else
		test();
}

void criterion_internal_test_teardown(void)
{
	if (current->data->fini)
		current->data->fini();
	if (current_suite && current_suite->data && current_suite->data->fini)
		current_suite->data->fini();
}

void criterion_send_assert(struct criterion_assert_stats *stats)
{
	fprintf(said, "%s:%u: %s/%s: %s\n", stats->file, stats->line, current->category,
		current->name, stats->message);
}

void criterion_continue_test(void)
{
	has_failed = true;
}

void criterion_abort_test(void)
{
	has_failed = true;
	longjmp(out_of_test, 1);
}

void criterion_skip_test(const char *format, ...)
{
	(void)format;
	longjmp(out_of_test, 1);
}

void criterion_test_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(said, format, args);
	va_end(args);
	_exit(EXIT_FAILURE);
}

/* Of a test that says what it tried: nobody reads it here. */
void cr_log(enum criterion_severity severity, const char *format, ...)
{
	(void)severity;
	(void)format;
}

static FILE *redirect(FILE *stream)
{
	int ends[2];

	fflush(stream);
	if (pipe(ends) || dup2(ends[1], fileno(stream)) < 0)
		_exit(EXIT_FAILURE);
	close(ends[1]);
	return fdopen(ends[0], "r");
}

static FILE *test_stdout;

void cr_redirect_stdout(void)
{
	test_stdout = redirect(stdout);
}

void cr_redirect_stderr(void)
{
	redirect(stderr);
}

FILE *cr_get_redirected_stdout(void)
{
	return test_stdout;
}

static const struct criterion_suite *suite_of(const char *name)
{
	for (struct criterion_suite **at = __start_cr_sts; at < __stop_cr_sts; at++)
		if (*at && !strcmp((*at)->name, name))
			return *at;
	return NULL;
}

/* In a process of its own; its exit is where valgrind looks for leaks. */
static int run(const struct job *job)
{
	current = job->test;
	parameter = job->parameter;
	current_suite = suite_of(current->category);
	if (!setjmp(out_of_test))
		current->test();
	fclose(said);
	return has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void tell(const struct job *job, int status)
{
	const char *suite = job->test->category, *name = job->test->name;

	if (status == 0)
		printf("pass memcheck/%s/%s\n", suite, name);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE)
		printf("fail memcheck/%s/%s: it fails\n", suite, name);
	else
		printf("fail memcheck/%s/%s: wait status %#x, process %d\n", suite, name,
		       (unsigned int)status, (int)job->pid);
	/* Or each child would print it again. */
	fflush(stdout);
}

/* Waits for one of them, whose slot is free then; NULL when there is none. */
static struct job *reap(struct jobs *jobs)
{
	int status;
	pid_t pid = wait(&status);

	for (size_t i = 0; i < jobs->count && pid > 0; i++) {
		struct job *job = &jobs->slots[i];

		if (job->pid != pid)
			continue;
		tell(job, status);
		jobs->failed |= status != 0;
		job->pid = 0;
		return job;
	}
	return NULL;
}

static struct job *free_slot(struct jobs *jobs)
{
	for (size_t i = 0; i < jobs->count; i++)
		if (!jobs->slots[i].pid)
			return &jobs->slots[i];
	return reap(jobs);
}

static void start(struct jobs *jobs, const struct criterion_test *test, void *with)
{
	struct job *job = free_slot(jobs);

	*job = (struct job){.test = test, .parameter = with};
	job->pid = fork();
	if (job->pid == 0)
		exit(run(job));
	if (job->pid < 0)
		exit(EXIT_FAILURE);
}

static void start_each(struct jobs *jobs, const struct criterion_test *test)
{
	struct criterion_test_params all = {.length = 1};

	if (test->data->kind_ == CR_TEST_PARAMETERIZED)
		all = test->data->param_();
	for (size_t i = 0; i < all.length; i++)
		start(jobs, test, (char *)all.params + i * all.size);
}

/* What a test would measure is valgrind. */
static bool is_of_itself(const struct criterion_test *test)
{
	static const char *const names[] = {
		"ten_thousand_rules_load_in_less_than_a_second",
		/* /proc/self/exe is valgrind. */
		"what_it_runs_is_the_link_or_what_it_says_of_itself",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(test->name, names[i]))
			return true;
	return false;
}

static bool is_wanted(const struct criterion_test *test, bool valgrind, char **paths)
{
	if (!test || test->data->disabled || (valgrind && is_of_itself(test)))
		return false;
	if (!*paths)
		return true;
	while (*paths && strncmp(test->data->file_, *paths, strlen(*paths)) != 0)
		paths++;
	return *paths;
}

int main(int argc, char **argv)
{
	bool valgrind = argc > 1 && !strcmp(argv[1], "--valgrind");

	argc -= valgrind;
	argv += valgrind;

	long count = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
	struct jobs jobs = {.count = (size_t)count};

	said = fdopen(dup(STDERR_FILENO), "w");
	if (!said || count < 1 || count > JOBS_MAX) {
		fprintf(stderr, "usage: units-forked [--valgrind] JOBS [PATH...], 1 to %d jobs\n",
			JOBS_MAX);
		return EXIT_FAILURE;
	}
	for (struct criterion_test **at = __start_cr_tst; at < __stop_cr_tst; at++)
		if (is_wanted(*at, valgrind, argv + 2))
			start_each(&jobs, *at);
	while (reap(&jobs))
		;
	fclose(said);
	return jobs.failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
