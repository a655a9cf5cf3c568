"""What the terminal at hand can show: its width, colour, links to files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

_NARROWEST, _WIDEST = 40, 200
# Programs that open a file link (OSC 8); others would show or swallow it.
_LINKING = ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "kitty")

# Notes are other people's text: what would move the cursor or colour the terminal is left out.
_SPACES = map(ord, "\t\n\r\v\f\x85\u2028\u2029")
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), "") | dict.fromkeys(_SPACES, " ")


@dataclass(frozen=True, slots=True)
class Style:
    """How hits are laid out and marked."""

    width: int = 100
    colour: bool = False
    links: bool = False

    def bold(self, text: str) -> str:
        """Mark what stands out: titles."""
        return self._sgr(text, "1")

    def faint(self, text: str) -> str:
        """Mark what may be passed over: scores, tags."""
        return self._sgr(text, "2")

    def place(self, text: str, file: Path | None) -> str:
        """Mark a path; a link where the terminal knows them."""
        shown = self._sgr(text, "36")
        if not self.links or file is None:
            return shown
        return f"\x1b]8;;{file.resolve().as_uri()}\x1b\\{shown}\x1b]8;;\x1b\\"

    def match(self, text: str) -> str:
        """Mark a word of the question."""
        return self._sgr(text, "1;33")

    def _sgr(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


def printable(text: str) -> str:
    """Give a text on one line, without the signs that a terminal would act on."""
    return text if text.isprintable() else text.translate(_CONTROLS)


def style_of(stream: TextIO, environment: Mapping[str, str] = os.environ) -> Style:
    """Look at a stream and the environment; NO_COLOR and pipes get plain text."""
    if not stream.isatty():
        return Style()
    width = shutil.get_terminal_size((100, 24)).columns
    plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
    linking = (
        environment.get("TERM_PROGRAM") in _LINKING
        or "kitty" in environment.get("TERM", "")
        or "WT_SESSION" in environment
        or (
            environment.get("VTE_VERSION", "0").isdigit()
            and int(environment.get("VTE_VERSION", "0")) >= 5000
        )
    )
    return Style(
        width=min(max(width, _NARROWEST), _WIDEST), colour=not plain, links=linking and not plain
    )
