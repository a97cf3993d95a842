// SPDX-License-Identifier: GPL-2.0-only
#include "cli/control_client.h"

/* So that its functions are functions. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/library.h"
#include "cli/host_settings.h"
#include "daemon/daemon.h"

#define ANSWER_MAX (64u << 20)
#define TIMEOUT_MS 10000

#define CALLS(CALL)              \
	CALL(curl_easy_cleanup)  \
	CALL(curl_easy_getinfo)  \
	CALL(curl_easy_init)     \
	CALL(curl_easy_perform)  \
	CALL(curl_easy_setopt)   \
	CALL(curl_easy_strerror) \
	CALL(curl_url)           \
	CALL(curl_url_cleanup)   \
	CALL(curl_url_set)

static LIBRARY_CALLS(curl_calls, CALLS) libcurl;
LIBRARY(static, library, libcurl, CALLS, SONAME_CURL, "required", "asks the daemon");

struct answer {
	char *text;
	size_t size;
};

static size_t take_answer(char *data, size_t size, size_t count, void *userdata)
{
	struct answer *answer = userdata;
	size_t length = size * count;
	char *text;

	if (length > ANSWER_MAX - answer->size)
		return 0;
	text = realloc(answer->text, answer->size + length + 1);
	if (!text)
		return 0;
	memcpy(text + answer->size, data, length);
	answer->text = text;
	answer->size += length;
	text[answer->size] = '\0';
	return length;
}

static CURLUcode add_argument(CURLU *url, const char *name, const char *value)
{
	AUTO_FREE char *pair = NULL;

	if (asprintf(&pair, "%s=%s", name, value) < 0) {
		pair = NULL;
		return CURLUE_OUT_OF_MEMORY;
	}
	return libcurl.curl_url_set(url, CURLUPART_QUERY, pair,
				    CURLU_APPENDQUERY | CURLU_URLENCODE);
}

/* The host means nothing on a Unix socket. NULL: no memory. */
static CURLU *make_url(const struct control_request *request)
{
	CURLU *url = libcurl.curl_url();
	CURLUcode code;

	if (!url)
		return NULL;
	code = libcurl.curl_url_set(url, CURLUPART_URL, "http://localhost/", 0);
	if (!code)
		code = libcurl.curl_url_set(url, CURLUPART_PATH, request->path, 0);
	for (const char *const *argument = request->arguments; !code && argument && *argument;
	     argument += 2)
		code = add_argument(url, argument[0], argument[1]);
	if (code) {
		libcurl.curl_url_cleanup(url);
		return NULL;
	}
	return url;
}

/* The socket that is meant when nobody names one; malloc'ed. 0, or -errno that was told. */
static int find_socket(const char *named, char **out)
{
	AUTO_SETTINGS struct settings *settings = NULL;
	int r = named ? 0 : host_settings(NULL, &settings);

	if (r)
		return r;
	if (!named)
		named = settings->socket ? settings->socket : DAEMON_SOCKET_DEFAULT;
	*out = strdup(named);
	return *out ? 0 : -ENOMEM;
}

static CURLcode perform(CURL *curl, CURLU *url, const char *socket,
			const struct control_request *request, struct answer *answer, long *status)
{
	CURLcode code;

	libcurl.curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
	libcurl.curl_easy_setopt(curl, CURLOPT_CURLU, url);
	libcurl.curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
	libcurl.curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
				 (long)(request->timeout_ms ? request->timeout_ms : TIMEOUT_MS));
	libcurl.curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	libcurl.curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
	libcurl.curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	if (request->body) {
		libcurl.curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
		libcurl.curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
					 (curl_off_t)request->body_size);
	}
	code = libcurl.curl_easy_perform(curl);
	if (!code)
		libcurl.curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
	return code;
}

static void print_devices(const json_t *devices)
{
	const json_t *name;
	size_t i;

	if (!json_is_array(devices))
		return;
	if (!json_array_size(devices))
		fprintf(stderr, "There is no VFIO device on this host.\n");
	else
		fprintf(stderr, "The devices of this host are:\n");
	json_array_foreach(devices, i, name) fprintf(stderr, "  %s\n", json_string_value(name));
}

static int judge(const struct control_request *request, long status, const char *text, json_t **out)
{
	json_error_t error;
	json_t *object = json_loads(text ? text : "", 0, &error);
	const char *refusal = json_string_value(json_object_get(object, "error"));

	if (status == 200 && (json_is_object(object) || json_is_array(object))) {
		*out = object;
		return 0;
	}
	if (!request->is_quiet) {
		fprintf(stderr, "migwarden %s: %s\n", request->verb,
			refusal ? refusal : "the daemon gave no answer that can be read");
		print_devices(json_object_get(object, "devices"));
	}
	json_decref(object);
	return -EREMOTEIO;
}

static int failed(const struct control_request *request, const char *socket, CURLcode code)
{
	if (request->may_end && !control_answers(socket))
		return -ESHUTDOWN;
	if (request->is_quiet)
		return -ENOLINK;
	if (code == CURLE_COULDNT_CONNECT)
		fprintf(stderr,
			"migwarden %s: nobody answers on %s: is `migwarden run` there, and may you "
			"talk to it?\n",
			request->verb, socket);
	else
		fprintf(stderr, "migwarden %s: %s: %s\n", request->verb, socket,
			libcurl.curl_easy_strerror(code));
	return -ENOLINK;
}

bool control_answers(const char *named)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	AUTO_FREE char *path = NULL;

	if (fd < 0 || find_socket(named, &path) || strlen(path) >= sizeof(address.sun_path))
		return false;
	strcpy(address.sun_path, path);
	return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
}

int control_call(const struct control_request *request, json_t **out)
{
	AUTO_FREE char *socket = NULL;
	struct answer answer = {0};
	CURL *curl;
	CURLU *url;
	CURLcode code = CURLE_OUT_OF_MEMORY;
	char why[256];
	long status = 0;
	int r;

	if (library_load(&library, why, sizeof(why))) {
		if (!request->is_quiet)
			fprintf(stderr, "migwarden %s: libcurl is not installed: %s\n",
				request->verb, why);
		return -ENOLINK;
	}
	if (find_socket(request->socket, &socket))
		return -EREMOTEIO;
	curl = libcurl.curl_easy_init();
	url = make_url(request);
	if (curl && url)
		code = perform(curl, url, socket, request, &answer, &status);
	r = code ? failed(request, socket, code) : judge(request, status, answer.text, out);
	free(answer.text);
	libcurl.curl_url_cleanup(url);
	libcurl.curl_easy_cleanup(curl);
	return r;
}
