/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Libraries that only some verbs need are loaded when one asks for them: the others neither pay for
 * them, nor need them installed.
 *
 * A list names the functions of a library that are called:
 *
 *	#define CALLS(CALL) CALL(curl_easy_init) CALL(curl_easy_perform)
 *	static LIBRARY_CALLS(curl_calls, CALLS) curl;
 *	LIBRARY(static, curl_library, curl, CALLS, SONAME_CURL, "recommended", "…for what…");
 *
 * and after library_load(&curl_library, …), `curl.curl_easy_init()` is one of them, of the
 * type that the library's header gives it. SONAME_… come from the Makefile: those of what is
 * built against.
 */
#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct library {
	const char *soname;
	const char *names; /* of its functions, each with its NUL; "" ends them */
	void *calls;       /* as many pointers, in the same order */
	bool is_loaded;
};

/*
 * library_load - fills the calls of @library, once; they stay until the process ends. Gives 0;
 * -ELIBACC where it is not installed or lacks a function: then @why, of @size bytes, says what the
 * dynamic linker says, and no call has changed.
 */
int library_load(struct library *library, char *why, size_t size);

#define LIBRARY_MEMBER_(name) __typeof__(name) *name;
#define LIBRARY_NAME_(name) #name "\0"

/* The type of a table of calls. */
#define LIBRARY_CALLS(tag, list)      \
	struct tag {                  \
		list(LIBRARY_MEMBER_) \
	}

/*
 * Packagers and image builders read from the ELF note what is loaded at run time, as they read
 * DT_NEEDED (https://uapi-group.org/specifications/specs/elf_dlopen_metadata/).
 */
#define LIBRARY_NOTE_TYPE 0x407c0c0a
#define LIBRARY_NOTE_(tag, text)                                                    \
	static const struct {                                                       \
		uint32_t name_bytes, text_bytes, type;                              \
		char name[4];                                                       \
		char json[sizeof(text)];                                            \
	} tag##_note __attribute__((used, aligned(4), section(".note.dlopen"))) = { \
		.name_bytes = 4,                                                    \
		.text_bytes = sizeof(text),                                         \
		.type = LIBRARY_NOTE_TYPE,                                          \
		.name = "FDO",                                                      \
		.json = text,                                                       \
	}

/* A library that fills the table @table; @priority: "required", "recommended", "suggested". */
#define LIBRARY(storage, tag, table, list, file, priority, purpose)                         \
	LIBRARY_NOTE_(tag, "[{\"feature\":\"" #table "\",\"description\":\"" purpose        \
			   "\",\"priority\":\"" priority "\",\"soname\":[\"" file "\"]}]"); \
	storage struct library tag = {                                                      \
		.soname = file,                                                             \
		.names = list(LIBRARY_NAME_),                                               \
		.calls = &(table),                                                          \
	}

#endif
