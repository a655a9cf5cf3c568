"""Write other people's text so that a terminal only shows it, in the style that it can show.

Notes, file names and settings are other people's text. All that is shown of them goes through
`printable` (a text on one line), `printable_lines` (a text of several), `escaped` (a name, which
must stay exact) or `to_json`. `guarded` checks once more what goes to a terminal.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, TextIO

_NARROWEST, _WIDEST = 40, 200
# Programs that open a file link (OSC 8); others would show or swallow it.
_LINKING = ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "kitty")

# Control signs: a terminal acts on them, or they turn the order of the signs around them. C0, DEL
# and C1; the marks, embeddings, overrides and isolates of the bidirectional algorithm; separators
# of lines and paragraphs; deprecated format signs; halves of surrogate pairs.
_CONTROLS = r"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff"
CONTROL_SIGNS = re.compile(f"[{_CONTROLS}]")
_SPACES = frozenset("\t\n\r\v\f\x85\u2028\u2029")
# The marks that `Style` writes, or any control sign; a line end is neither.
_MARK_OR_CONTROL = re.compile(
    rf"(\x1b\[(?:0|1|2|35|1;31)m|\x1b\]8;;[!-~]*\x1b\\)|(?!\n)[{_CONTROLS}]"
)


@dataclass(frozen=True, slots=True)
class Style:
    """How hits and notes are laid out and marked.

    The colours are those of grep, which are read on a dark ground and on a light one.
    """

    width: int = 100
    colour: bool = False
    links: bool = False
    cuts: bool = False  # lists are cut to the width: in a pipe nothing is lost

    def bold(self, text: str) -> str:
        """Mark a title."""
        return self._sgr(text, "1")

    def faint(self, text: str) -> str:
        """Mark scores, tags and other details."""
        return self._sgr(text, "2")

    def place(self, text: str, address: str | None) -> str:
        """Mark a path; as a link to an address, in ASCII, where the terminal shows links."""
        shown = self._sgr(text, "35")
        if not self.links or address is None:
            return shown
        return f"\x1b]8;;{address}\x1b\\{shown}\x1b]8;;\x1b\\"

    def match(self, text: str) -> str:
        """Mark a word of the question."""
        return self._sgr(text, "1;31")

    def _sgr(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


def printable(text: str) -> str:
    """Return a text on one line: spaces for line ends and tabs, other control signs left out."""
    return text if text.isprintable() else CONTROL_SIGNS.sub(_shown, text)


def printable_lines(text: str) -> str:
    """Return a text with its lines, and a tab as four spaces; all else as in `printable`."""
    if text.isprintable():
        return text
    lines = text.replace("\r\n", "\n").replace("\t", "    ").split("\n")
    return "\n".join(map(printable, lines))


def escaped(text: str) -> str:
    r"""Return a name on one line: control signs are written as \x1b or \u202e, and none is lost.

    A byte of a file name that is not UTF-8 is written as a shell takes it: \xff.
    """
    return text if text.isprintable() else CONTROL_SIGNS.sub(_escape, text)


def guarded(text: str) -> str:
    """Return lines for a terminal, with no control sign but line ends and the marks of `Style`."""
    return _MARK_OR_CONTROL.sub(lambda found: found[1] or "", text)


def to_json(value: object) -> str:
    r"""Return a value as JSON on one line; signs that a terminal acts on are \uXXXX escapes.

    They stand inside of strings alone, where JSON reads the escape back as the sign. A dataclass is
    written as its fields, and an enum as its value.
    """
    import json  # not for `--help`, which reads this module too

    text = json.dumps(value, ensure_ascii=False, default=_plain)
    if text.isprintable():
        return text
    return CONTROL_SIGNS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _plain(value: Any) -> object:  # noqa: ANN401 - a dataclass or an enum
    return value.value if isinstance(value, Enum) else asdict(value)


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
    """Return the style for a stream in its environment.

    Pipes get plain text, unless FORCE_COLOR is set; NO_COLOR is stronger. COLUMNS is the width
    of a pipe too.
    """
    is_terminal = stream is not None and stream.isatty()  # None: closed before the program began
    columns = environment.get("COLUMNS", "")
    has_width = columns.isdecimal() and int(columns) > 0
    if has_width:
        width = int(columns)
    elif is_terminal:
        width = shutil.get_terminal_size((100, 24)).columns
    else:
        width = Style().width
    plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
    return Style(
        width=min(max(width, _NARROWEST), _WIDEST),
        colour=takes_marks(stream, environment) and not plain,
        links=is_terminal and not plain and _shows_links(environment),
        cuts=is_terminal or has_width,
    )


def takes_marks(stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether a stream may be given the marks of `Style`."""
    return stream is not None and (stream.isatty() or bool(environment.get("FORCE_COLOR")))


def _shows_links(environment: Mapping[str, str]) -> bool:
    vte_version = environment.get("VTE_VERSION", "0")
    return (
        environment.get("TERM_PROGRAM") in _LINKING
        or environment.get("TERM") in ("xterm-kitty", "alacritty", "foot", "xterm-ghostty")
        or "WT_SESSION" in environment
        or (vte_version.isdecimal() and int(vte_version) >= 5000)
    )
