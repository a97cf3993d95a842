// SPDX-License-Identifier: GPL-2.0-only
// Looks for what is new, and takes it over from the page as the server writes it.
"use strict";

const EVERY_MS = 2000;
const pause = document.getElementById("pause");
const live = document.getElementById("live");
let known = null;
let paused = false;

function say(text) {
	// A reader of the screen hears of changes, not of every look.
	if (live.textContent !== text)
		live.textContent = text;
}

// What a person has the focus on, or has marked, stays where it is.
function isInUse(section) {
	const selection = document.getSelection();

	return section.contains(document.activeElement) ||
		(selection && !selection.isCollapsed && section.contains(selection.anchorNode));
}

function takeOver(fresh) {
	const main = document.getElementById("main");
	const next = fresh.getElementById("main");
	let complete = true;

	for (const old of [...main.children])
		if (!fresh.getElementById(old.id))
			old.remove();
	let before = null;
	for (const section of [...next.children]) {
		const old = document.getElementById(section.id);
		let now = old;

		if (!old) {
			now = document.importNode(section, true);
			main.insertBefore(now, before ? before.nextSibling : main.firstChild);
		} else if (old.innerHTML !== section.innerHTML) {
			if (isInUse(old)) {
				complete = false;
			} else {
				now = document.importNode(section, true);
				old.replaceWith(now);
			}
		}
		before = now;
	}
	document.title = fresh.title;
	return complete;
}

async function get(path) {
	const answer = await fetch(path, {cache: "no-store", signal: AbortSignal.timeout(10000)});

	if (!answer.ok)
		throw new Error(String(answer.status));
	return answer.text();
}

async function look() {
	if (paused || document.hidden)
		return;
	try {
		const state = await get("/state.json");

		if (state !== known) {
			const page = await get("/");

			if (takeOver(new DOMParser().parseFromString(page, "text/html")))
				known = state;
		}
		say("Live.");
	} catch {
		say("The daemon does not answer; what is shown may be old.");
	}
}

async function turn() {
	await look();
	setTimeout(turn, EVERY_MS);
}

pause.hidden = false;
pause.addEventListener("click", () => {
	paused = !paused;
	pause.setAttribute("aria-pressed", String(paused));
	say(paused ? "Paused." : "Live.");
});
turn();
