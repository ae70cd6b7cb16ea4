# SPDX-License-Identifier: Apache-2.0
"""A real headless Chromium for tests, driven by tests/node/browser.mjs."""

import json
import subprocess
from pathlib import Path

_driver = Path(__file__).resolve().parent / "node" / "browser.mjs"


class Browser:
    """One page at a time. What may be selected is in services/emitter/page/README.md.

    Each method waits for its answer; errors of the driver are AssertionErrors.
    """

    def __init__(self):
        # The kernel ends it when the tests end, however they do.
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", "node", str(_driver)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def open(self, url, **options):
        """width, height, scheme="dark", websocket=False (as behind a proxy that forbids it),
        clock_ms (how far the page's clock is ahead of the true one)."""
        self._do("open", url=url, **options)

    def wait(self, selector, text="", count=1, timeout=30.0):
        """Until `count` visible elements match and contain the regular expression `text`.
        Returns how many milliseconds after open() that was."""
        return self._do("wait", selector=selector, text=text, count=count, timeout_s=timeout)["ms"]

    def read(self, selector):
        """[{"text", "data": data attributes, "roles": {role: text}, "times": {role: instant}}]"""
        return self._do("read", selector=selector)

    def click(self, selector):
        self._do("click", selector=selector)

    def press(self, key):
        self._do("press", key=key)

    def focus(self, selector):
        self._do("focus", selector=selector)

    def fill(self, selector, text):
        self._do("fill", selector=selector, text=text)

    def drag(self, selector, start, end):
        """Across an element, from and to a part of its width."""
        self._do("drag", selector=selector, **{"from": start, "to": end})

    def download(self, selector):
        """Name and text of the file that a click gives."""
        answer = self._do("download", selector=selector)
        return answer["name"], answer["text"]

    def screenshot(self, path, full=False):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._do("screenshot", path=str(path), full=full)

    def overflow(self):
        """By how many pixels the page is wider than the window."""
        return self._do("overflow")

    def axe(self):
        """Accessibility violations of serious and critical impact, a sentence each."""
        return self._do("axe")

    def problems(self):
        """What the page has logged as an error, failed to load or thrown since open()."""
        return self._do("problems")

    def close(self):
        self._process.stdin.close()
        self._process.wait(20)

    def _do(self, name, **options):
        self._process.stdin.write(json.dumps({"do": name, **options}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "the driver has ended"}')
        assert "error" not in answer, f"{name} {options}: {answer['error']}"
        return answer["value"]
