"""Decode the bytes of a file: find the encoding, repair damaged characters, keep the lines.

A line is a line of the file as an editor counts it, whatever is repaired inside it.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

import ftfy
from ftfy.badness import is_bad

from notesearch.regular_files import MAX_FILE_BYTES

# The longest note file met in 43 collections has some 3,000 lines; past these sizes it is data.
MAX_LINES = 50_000
MAX_LINE_CHARS = 1_000_000

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC = {
    b"%PDF-": "a PDF",
    b"PK\x03\x04": "a zip archive or office document",
    b"\x89PNG": "an image",
    b"GIF8": "an image",
    b"\xff\xd8\xff": "an image",
    b"\x1f\x8b": "compressed data",
    b"SQLite format 3": "a database",
}
# Damaged lines and words, each counted once: one takes 50 to 150 µs.
_MOST_MENDED_PER_MB = 8_000
_CHEAP_IN_PARTS = 10_000  # odd signs times length: a line of 500 signs, 20 of them odd
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl"})
# UTF-8 once read as Thai (cp874), which ftfy does not know: a lone Thai sign before punctuation.
_THAI_DAMAGE = re.compile(
    "(?<![\u0e00-\u0e7f])[\u0e00-\u0e7f][\u2013\u2014\u2018-\u201d\u2022\u2026\u20ac]{1,2}"
)


Fault = tuple[int | None, str]  # what is odd in a file: the line, the reason


TOO_LARGE = f"too large for a note: more than {MAX_FILE_BYTES / 1e6:.0f} MB"


class UnreadableError(ValueError):
    """A file that is not to be read; the message says why."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class Decoded:
    """The lines of a file and what was odd in its bytes."""

    lines: list[str]
    faults: tuple[Fault, ...]


def decode(data: bytes) -> Decoded:
    """Return bytes as lines of text; UnreadableError where they are something else."""
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableError(TOO_LARGE)
    for magic, what in _MAGIC.items():
        if data.startswith(magic):
            raise UnreadableError(f"not text but {what}")
    text, encoding_fault = _to_text(data)
    text, control_fault = _without_controls(text.replace("\r\n", "\n").replace("\r", "\n"))
    lines = text.split("\n")
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    refuse_many_lines(len(lines))
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE_CHARS:
            raise UnreadableError(f"a line of {len(line):,} characters is data, not a note", number)
    mojibake_fault = None
    if not text.isascii():
        mender = _Mender(len(data))
        lines = mender.mend(lines)
        if mender.gave_up_at:
            reason = "too much is garbled; from here on it is read as it is"
            mojibake_fault = (mender.gave_up_at, reason)
    return Decoded(lines, tuple(filter(None, (encoding_fault, control_fault, mojibake_fault))))


def refuse_many_lines(lines: int) -> None:
    """Raise UnreadableError for more lines than anybody waits for."""
    if lines > MAX_LINES:
        raise UnreadableError(
            f"too long for a note: {lines:,} lines, at most {MAX_LINES:,} are read"
        )


def _to_text(data: bytes) -> tuple[str, Fault | None]:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            data = data[len(bom) :]
            try:
                return data.decode(encoding), None
            except UnicodeDecodeError as error:
                reason = f"damaged {encoding.upper()}, wrong bytes shown as \ufffd"
                return data.decode(encoding, "replace"), (_line_of(data, error.start), reason)
    if wide := _bare_utf16(data):
        return data.decode(wide, "replace"), (None, f"read as {wide.upper()} (a guess)")
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        return _guess(data, _line_of(data, error.start))


def _bare_utf16(data: bytes) -> str | None:
    """Recognise UTF-16 without a BOM by its zero bytes on one side."""
    head = data[:4096]
    if len(head) < 4 or b"\0" not in head:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.6 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.6 * half and odd < 0.1 * half:
        return "utf-16-be"
    return None


def _guess(data: bytes, line: int) -> tuple[str, Fault]:
    """Read bytes that are not UTF-8: mostly UTF-8 with a few wrong ones, or an old code page."""
    patched = data.decode("utf-8", "replace")
    wrong = patched.count("\ufffd")
    valid = sum(1 for sign in patched if sign > "\x7f") - wrong
    if valid > 3 * wrong:
        return patched, (line, f"{wrong} wrong UTF-8 bytes shown as \ufffd")
    try:
        text, name = data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        text, name = data.decode("latin-1"), "Latin-1"
    return text, (line, f"not UTF-8, read as {name} (a guess)")


def _without_controls(text: str) -> tuple[str, Fault | None]:
    """Replace control characters by spaces; UnreadableError where there are many of them."""
    match = _CONTROL.search(text)
    if match is None:
        return text, None
    line = text.count("\n", 0, match.start()) + 1
    cleaned, count = _CONTROL.subn(" ", text)
    if count > 16 and count > len(text) // 50:
        raise UnreadableError("not text but binary data", line)
    if match[0] in "\x0b\x0c" and count == text.count("\x0b") + text.count("\x0c"):
        return cleaned, None  # form feeds are white space to their writers
    return cleaned, (line, f"{count} control characters read as spaces")


class _Mender:
    """Undoes mojibake line by line, so that the count of lines can't change."""

    def __init__(self, size: int) -> None:
        self._known: dict[str, str] = {}  # a damaged file is damaged in the same few words
        self._most = int(_MOST_MENDED_PER_MB * max(1.0, size / 1e6))
        self.gave_up_at: int | None = None  # the first line that was left as it is

    def mend(self, lines: list[str]) -> list[str]:
        """Return the lines with their mojibake undone, up to where that takes too long."""
        mended = []
        for number, line in enumerate(lines, 1):
            if not line.isascii():
                line = _INVISIBLE.sub("", line).translate(_LIGATURES).replace("\u00a0", " ")
                line = _THAI_DAMAGE.sub(_mend_thai, line)
                if is_bad(line):
                    line = self._without_mojibake(line, number)
            mended.append(line)
        return mended

    def _without_mojibake(self, line: str, number: int) -> str:
        """Repair a whole line, or word by word where one odd sign keeps the rest from repair."""
        fixed = self._fix(line, number)
        if is_bad(fixed):
            words = line.split(" ")
            fixed = " ".join(self._fix(word, number) if is_bad(word) else word for word in words)
        return fixed.replace("\n", " ").replace("\r", " ")

    def _fix(self, text: str, number: int) -> str:
        if text not in self._known:
            if len(self._known) >= self._most:
                self.gave_up_at = self.gave_up_at or number
                return text
            self._known[text] = _fix_encoding(text)
        return self._known[text]


def _fix_encoding(text: str) -> str:
    """Repair a text that was wrongly decoded as a whole and, where that is cheap, in parts.

    ftfy may undo one part in each pass over the text: 30,000 signs took it 20 s.
    """
    odd_signs = len(text) - len(text.encode("ascii", "ignore"))
    in_parts = odd_signs * len(text) <= _CHEAP_IN_PARTS
    return ftfy.fix_encoding(text, decode_inconsistent_utf8=in_parts)


def _mend_thai(match: re.Match[str]) -> str:
    try:
        return match[0].encode("cp874").decode("utf-8")
    except UnicodeError:
        return match[0]


def _line_of(data: bytes, offset: int) -> int:
    return data.count(b"\n", 0, offset) + 1
