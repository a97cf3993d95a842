#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The page of the loopback port in a real browser, by its debugging protocol.

usage: page-check.py URL FOLDER

Prints a line "pass NAME" or "fail NAME: why" for each check; screenshots go to FOLDER. Chromium runs
without a sandbox of its own: it is root's here.
"""

import base64
import json
import subprocess
import sys
import tempfile
import time
import urllib.request

import websocket

PORT = 9222
SECONDS = 240

FOCUS = """(() => { const e = document.activeElement; return e === document.body ? "" :
    [e.tagName, e.id, e.getAttribute("aria-label") || e.textContent.trim().slice(0, 40)].join("|"); })()"""
REACHABLE = """[...document.querySelectorAll('a[href], button, [tabindex="0"]')]
    .filter(e => !e.hidden).map(e => [e.tagName, e.id, e.getAttribute("aria-label") ||
    e.textContent.trim().slice(0, 40)].join("|"))"""
# As WCAG 2 reckons it, of every text against the background behind it.
LOW_CONTRAST = """(() => {
    const rgb = c => c.match(/[\\d.]+/g).map(Number);
    const light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
        return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const behind = e => { for (; e; e = e.parentElement) {
        const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3]) return c; }
        return [255, 255, 255]; };
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
    while (walk.nextNode()) {
        const e = walk.currentNode.parentElement;
        if (!walk.currentNode.textContent.trim() || !e.getClientRects().length) continue;
        const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) found.push(walk.currentNode.textContent.trim() + " " + ratio.toFixed(2));
    }
    return found; })()"""


class Browser:
    def __init__(self, profile):
        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
             "--disable-background-networking", "--disable-dev-shm-usage", f"--remote-debugging-port={PORT}",
             "--remote-allow-origins=*", f"--user-data-dir={profile}", "--window-size=1240,1500", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.number = 0
        self.said = []
        self.socket = websocket.create_connection(self.address(), timeout=SECONDS)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.do(f"{domain}.enable")

    def address(self):
        end = time.monotonic() + SECONDS
        while True:
            try:
                targets = json.load(urllib.request.urlopen(f"http://127.0.0.1:{PORT}/json", timeout=SECONDS))
                return next(t for t in targets if t["type"] == "page")["webSocketDebuggerUrl"]
            except (OSError, StopIteration):
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.5)

    def read(self):
        message = json.loads(self.socket.recv())
        method, params = message.get("method", ""), message.get("params", {})
        if method == "Log.entryAdded":
            self.said.append(params["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.said.append(str(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled":
            self.said.append(str(params["args"]))
        elif method == "Network.requestWillBeSent":
            self.asked.add(params["request"]["url"])
        return message

    asked = set()

    def do(self, method, **params):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": params}))
        while True:
            message = self.read()
            if message.get("id") == self.number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def value(self, expression):
        return self.do("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def go(self, url):
        self.do("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && !!document.getElementById('main')")

    def until(self, expression):
        end = time.monotonic() + SECONDS
        while not self.value(expression):
            if time.monotonic() > end:
                raise TimeoutError(expression)
            time.sleep(0.2)

    def tab(self):
        for kind in ("keyDown", "keyUp"):
            self.do("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)

    def shoot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.do("Page.captureScreenshot", captureBeyondViewport=True)["data"]))

    def media(self, scheme):
        self.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])


def check(name, failure):
    print(f"fail {name}: {str(failure)[:300]}" if failure else f"pass {name}", flush=True)


def check_keyboard(browser):
    wanted, reached = browser.value(REACHABLE), []
    for _ in range(len(wanted) + 1):
        browser.tab()
        reached.append(browser.value(FOCUS))
    check("the_keyboard_reaches_everything", sorted(set(wanted) - set(reached)))
    check("in_the_order_of_the_page", [f for f in reached if f] != wanted and f"{reached} of {wanted}")
    check("and_leaves_again", "" not in reached and reached)


def check_updates(browser, url):
    """The script is up and says so; then a mark of ours is gone when something has happened."""
    browser.until("document.getElementById('live').textContent === 'Live.'")
    browser.value("document.activeElement.blur()")
    browser.value("document.getElementById('pause').click()")
    check("it_can_be_paused", browser.value("document.getElementById('live').textContent") != "Paused." and "no")
    browser.value("document.getElementById('pause').click()")


def main():
    url, folder = sys.argv[1:]
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(profile)
        try:
            for scheme in ("light", "dark"):
                browser.media(scheme)
                browser.go(url)
                browser.shoot(f"{folder}/page-{scheme}.png")
                check(f"{scheme}:every_text_can_be_read", browser.value(LOW_CONTRAST))
            check_keyboard(browser)
            check_updates(browser, url)
            check("it_takes_nothing_from_elsewhere", [u for u in browser.asked if not u.startswith((url, "about:"))])
            check("its_headings_are_in_order",
                  browser.value("[...document.querySelectorAll('h1, h2')].map(h => h.tagName)[0]") != "H1" and "no h1")
            check("every_id_is_there_once", browser.value(
                "(i => i.filter((v, n) => i.indexOf(v) !== n))([...document.querySelectorAll('[id]')].map(e => e.id))"))
            check("the_browser_says_nothing", browser.said)
            browser.do("Emulation.setScriptExecutionDisabled", value=True)
            browser.go(url)
            text = browser.value("document.documentElement.outerHTML")
            check("it_can_be_read_without_a_script", "Gate and policy" not in text and text)
            check("and_has_no_button_then", 'id="pause" type="button" aria-pressed="false" hidden' not in text and text)
        finally:
            browser.process.kill()
            browser.process.wait()


if __name__ == "__main__":
    main()
