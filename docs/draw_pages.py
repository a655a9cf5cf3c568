"""Take the pictures of docs/serve.md: the page over the notes in corpus/, in Chromium.

python docs/draw_pages.py

It writes docs/page-*.png, and needs the extra `dev` and Chromium.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

_DOCS = Path(__file__).parent
_ROOT = _DOCS.parent
_WIDE, _NARROW = (1180, 820), (390, 820)
_ADDRESS = re.compile(rb"answering at (http://\S+)")


@contextmanager
def _served() -> Iterator[str]:
    """Yield the address of a page over the shipped notes, in an index of its own."""
    with tempfile.TemporaryDirectory() as folder:
        home = {f"XDG_{kind}_HOME": str(Path(folder, kind)) for kind in ("STATE", "DATA", "CONFIG")}
        command = [sys.executable, "-m", "notesearch"]
        shutil.copytree(_ROOT / "corpus", Path(folder, "corpus"))
        given: dict[str, Any] = {"cwd": folder, "env": {**os.environ, **home}}
        given["env"]["PYTHONPATH"] = str(_ROOT)
        subprocess.run([*command, "index"], check=True, capture_output=True, **given)
        process = subprocess.Popen(
            [*command, "serve", "--port", "0"], stderr=subprocess.PIPE, **given
        )
        assert process.stderr is not None
        found = next(filter(None, map(_ADDRESS.search, process.stderr)))
        try:
            yield found[1].decode()
        finally:
            process.terminate()
            process.wait()


def _type_question(tab: Any) -> None:  # noqa: ANN401 - a tab of playwright
    tab.fill("#q", "why DPO avoids reward model")
    tab.wait_for_selector(".snippet mark")


def _wait_for_map(tab: Any) -> None:  # noqa: ANN401
    tab.wait_for_selector("canvas:not([aria-busy])")
    tab.wait_for_timeout(500)


_PICTURES = (
    ("answer", "/", _WIDE, "light", _type_question),
    ("note", "/note/alignment/dpo.md?lines=13-18#asked", _WIDE, "light", None),
    ("browse", "/browse", _WIDE, "light", None),
    ("map", "/map", _WIDE, "dark", _wait_for_map),
    ("narrow", "/?q=reward+hacking+tag:rlhf", _NARROW, "dark", None),
)


def main() -> None:
    """Take all pictures."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with _served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=arguments
        )
        for name, path, (width, height), scheme, act in _PICTURES:
            tab = browser.new_page(
                viewport={"width": width, "height": height}, color_scheme=scheme, base_url=address
            )
            tab.goto(path)
            if act is not None:
                act(tab)
            tab.screenshot(path=_DOCS / f"page-{name}.png", animations="disabled")
            tab.close()
        browser.close()


if __name__ == "__main__":
    main()
