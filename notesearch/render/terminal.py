"""What the terminal at hand can show: its width, colour, links to files, and which signs.

Notes, file names and settings are other people's text. Whatever of them is shown goes through
`printable` (a text on one line), `printable_lines` (a text of several) or `escaped` (a name, which
must stay exact). `guarded` is the last look at what goes to stdout.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

_NARROWEST, _WIDEST = 40, 200
# Programs that open a file link (OSC 8); others would show or swallow it.
_LINKING = ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "kitty")

# Control signs: what a terminal acts on, or what turns the order of the signs around it. C0, DEL
# and C1; the marks, embeddings, overrides and isolates of the bidirectional algorithm; separators
# of lines and paragraphs; deprecated format signs; halves of surrogate pairs.
_CONTROLS = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff"
CONTROL_SIGNS = re.compile(f"[{_CONTROLS}]")
_SPACES = frozenset("\t\n\r\v\f\x85\u2028\u2029")
# The marks that `Style` writes, or any control sign; a line end is neither.
_MARK_OR_CONTROL = re.compile(
    rf"(\x1b\[(?:0|1|2|36|1;33)m|\x1b\]8;;[!-~]*\x1b\\)|(?!\n)[{_CONTROLS}]"
)


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
        return f"\x1b]8;;{file.absolute().as_uri()}\x1b\\{shown}\x1b]8;;\x1b\\"

    def match(self, text: str) -> str:
        """Mark a word of the question."""
        return self._sgr(text, "1;33")

    def _sgr(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


def printable(text: str) -> str:
    """Give a text on one line: spaces for line ends and tabs, other control signs left out."""
    return text if text.isprintable() else CONTROL_SIGNS.sub(_shown, text)


def printable_lines(text: str) -> str:
    """Give a text with its lines, and a tab as four spaces; all else as in `printable`."""
    if text.isprintable():
        return text
    lines = text.replace("\r\n", "\n").replace("\t", "    ").split("\n")
    return "\n".join(map(printable, lines))


def escaped(text: str) -> str:
    r"""Give a name on one line: control signs are written as \x1b or \u202e, and none is lost.

    A byte of a file name that is not UTF-8 is written as a shell takes it: \xff.
    """
    return text if text.isprintable() else CONTROL_SIGNS.sub(_escape, text)


def guarded(text: str) -> str:
    """Give lines for a terminal, with no control sign but line ends and the marks of `Style`."""
    return _MARK_OR_CONTROL.sub(lambda found: found[1] or "", text)


def _shown(found: re.Match[str]) -> str:
    if found[0] in _SPACES:
        return " "
    return "\ufffd" if "\ud800" <= found[0] <= "\udfff" else ""


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:  # how Python keeps a byte that it cannot decode
        code -= 0xDC00
        return f"\\x{code:02x}"
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}"


def style_of(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> Style:
    """Look at a stream and the environment; NO_COLOR and pipes get plain text."""
    if stream is None or not stream.isatty():  # None: closed before the program began
        return Style()
    width = shutil.get_terminal_size((100, 24)).columns
    plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
    linking = (
        environment.get("TERM_PROGRAM") in _LINKING
        or "kitty" in environment.get("TERM", "")
        or "WT_SESSION" in environment
        or (
            environment.get("VTE_VERSION", "0").isdecimal()
            and int(environment.get("VTE_VERSION", "0")) >= 5000
        )
    )
    return Style(
        width=min(max(width, _NARROWEST), _WIDEST), colour=not plain, links=linking and not plain
    )
