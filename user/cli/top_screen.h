/* SPDX-License-Identifier: GPL-2.0-only */
/* `migwarden top` on a terminal: draws what top_text gives, and takes keys. */
#ifndef CLI_TOP_SCREEN_H
#define CLI_TOP_SCREEN_H

#include "cli/top_model.h"
#include "cli/top_text.h"

struct top_screen;

enum top_key {
	TOP_KEY_NONE,  /* nothing that the caller has to act on; the screen may have changed */
	TOP_KEY_PAUSE, /* freeze, or go on */
	TOP_KEY_QUIT,
};

/* top_screen_open - takes the terminal over. Gives 0 and *out, -ENOTTY where it cannot be used. */
int top_screen_open(struct top_screen **out);

/* top_screen_message - what the last line says, once; copied. */
void top_screen_message(struct top_screen *screen, const char *text);

/* top_screen_draw - all of it. */
void top_screen_draw(struct top_screen *screen, struct top_model *model,
		     const struct top_head *head);

/*
 * top_screen_key - takes one key that waits, or none; changes how @model is sorted and filtered.
 * *is_more says whether there was one.
 */
enum top_key top_screen_key(struct top_screen *screen, struct top_model *model, bool *is_more);

/* top_screen_resize - after SIGWINCH. */
void top_screen_resize(struct top_screen *screen);

/* top_screen_close - gives the terminal back; NULL is fine. */
void top_screen_close(struct top_screen *screen);

#endif
