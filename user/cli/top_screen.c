// SPDX-License-Identifier: GPL-2.0-only
#include "cli/top_screen.h"

#include <errno.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/escape.h"

#define KEY_ESCAPE 27
#define ESCAPE_DELAY_MS 50

struct top_screen {
	SCREEN *terminal;
	size_t scroll; /* rows above the first that is shown */
	bool is_help;
	bool is_typing; /* the filter */
	char message[256];
};

static const char *const help[] = {
	"left, right   sort by the column before, behind",
	"r             reverse the order",
	"up, down      scroll by a row; PgUp, PgDn by ten",
	"/             show only devices, VMs, states with a text",
	"p, space      pause, go on",
	"h, ?          this help",
	"q             quit",
	"",
	"STATE  a ? behind it: records of it were lost",
	"SIDE   out: the device leaves; in: it comes",
	"NOW    bytes a second since the last look",
};

int top_screen_open(struct top_screen **out)
{
	struct top_screen *screen;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return -ENOTTY;
	screen = calloc(1, sizeof(*screen));
	if (!screen)
		return -ENOMEM;
	screen->terminal = newterm(NULL, stdout, stdin);
	if (!screen->terminal) {
		free(screen);
		return -ENOTTY;
	}
	set_escdelay(ESCAPE_DELAY_MS);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	curs_set(0);
	*out = screen;
	return 0;
}

void top_screen_message(struct top_screen *screen, const char *text)
{
	escape_text(screen->message, sizeof(screen->message), text);
}

/* The last column is left free: a character there makes some terminals scroll. */
static void put(int line, int attributes, const char *text)
{
	if (line < 0 || line >= LINES)
		return;
	move(line, 0);
	clrtoeol();
	attron(attributes);
	addnstr(text, COLS > 1 ? COLS - 1 : 0);
	attroff(attributes);
}

static void draw_help(void)
{
	put(0, A_BOLD, "migwarden top: keys");
	for (size_t i = 0; i < ARRAY_SIZE(help); i++)
		put((int)i + 2, 0, help[i]);
}

static void draw_last_line(const struct top_screen *screen, const struct top_model *model)
{
	char filter[4 * TOP_FILTER_BYTES], line[sizeof(filter) + 16];

	if (screen->is_typing) {
		snprintf(line, sizeof(line), "only: %s_",
			 escape_text(filter, sizeof(filter), model->filter));
		put(LINES - 1, 0, line);
	} else if (*screen->message) {
		put(LINES - 1, 0, screen->message);
	}
}

static void draw_rows(struct top_screen *screen, struct top_model *model)
{
	const struct top_row **rows;
	size_t count = top_model_order(model, &rows);
	int room = LINES - TOP_HEAD_LINES - 2;
	char line[TOP_LINE_BYTES];

	if (screen->scroll >= count)
		screen->scroll = count ? count - 1 : 0;
	for (int i = 0; i < room && screen->scroll + (size_t)i < count; i++)
		put(TOP_HEAD_LINES + 1 + i, 0,
		    top_text_row(model, rows[screen->scroll + (size_t)i], COLS - 1, line));
	if (!count)
		put(TOP_HEAD_LINES + 1, 0,
		    *model->filter ? "no device fits" : "no device has migrated yet");
}

void top_screen_draw(struct top_screen *screen, struct top_model *model,
		     const struct top_head *head)
{
	char line[TOP_LINE_BYTES];

	erase();
	if (screen->is_help) {
		draw_help();
	} else {
		for (int i = 0; i < TOP_HEAD_LINES; i++)
			put(i, 0, top_text_head(model, head, i, COLS - 1, line));
		put(TOP_HEAD_LINES, A_REVERSE, top_text_heading(model, COLS - 1, line));
		draw_rows(screen, model);
		draw_last_line(screen, model);
	}
	refresh();
}

static void type(struct top_screen *screen, struct top_model *model, int key)
{
	size_t length = strlen(model->filter);

	switch (key) {
	case KEY_ESCAPE:
		model->filter[0] = '\0';
		screen->is_typing = false;
		break;
	case '\n':
	case '\r':
	case KEY_ENTER:
		screen->is_typing = false;
		break;
	case KEY_BACKSPACE:
	case '\b':
	case 127:
		if (length)
			model->filter[length - 1] = '\0';
		break;
	default:
		if (key >= ' ' && key < 127 && length + 1 < sizeof(model->filter)) {
			model->filter[length] = (char)key;
			model->filter[length + 1] = '\0';
		}
	}
}

static void sort_next(struct top_model *model, int step)
{
	model->sort =
		(enum top_sort)(((int)model->sort + step + TOP_SORT_COUNT_) % TOP_SORT_COUNT_);
}

static void scroll_by(struct top_screen *screen, int step)
{
	if (step < 0 && screen->scroll < (size_t)-step)
		screen->scroll = 0;
	else
		screen->scroll += (size_t)step;
}

/* The keys that only change what is seen. */
static void look(struct top_screen *screen, struct top_model *model, int key)
{
	switch (key) {
	case KEY_LEFT:
		sort_next(model, -1);
		break;
	case KEY_RIGHT:
		sort_next(model, 1);
		break;
	case KEY_UP:
		scroll_by(screen, -1);
		break;
	case KEY_DOWN:
		scroll_by(screen, 1);
		break;
	case KEY_PPAGE:
		scroll_by(screen, -10);
		break;
	case KEY_NPAGE:
		scroll_by(screen, 10);
		break;
	case KEY_HOME:
		screen->scroll = 0;
		break;
	case 'r':
		model->is_reverse = !model->is_reverse;
		break;
	case '/':
		screen->is_typing = true;
		break;
	case 'h':
	case '?':
		screen->is_help = true;
		break;
	default:
		break;
	}
}

enum top_key top_screen_key(struct top_screen *screen, struct top_model *model, bool *is_more)
{
	int key = getch();

	*is_more = key != ERR;
	if (key == ERR)
		return TOP_KEY_NONE;
	screen->message[0] = '\0';
	if (screen->is_typing) {
		type(screen, model, key);
		return TOP_KEY_NONE;
	}
	if (key == 'q')
		return TOP_KEY_QUIT;
	if (screen->is_help) {
		screen->is_help = false;
		return TOP_KEY_NONE;
	}
	if (key == 'p' || key == ' ')
		return TOP_KEY_PAUSE;
	look(screen, model, key);
	return TOP_KEY_NONE;
}

void top_screen_resize(struct top_screen *screen)
{
	struct winsize size;

	(void)screen;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_row && size.ws_col)
		resizeterm(size.ws_row, size.ws_col);
}

void top_screen_close(struct top_screen *screen)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen->terminal);
	free(screen);
}
