"""Join the passages of a note into the Markdown that they were cut from.

An index keeps passages without the white space around them. Their line numbers say how many lines
lie between, and the note's file, where it can be read, how the first line of each is indented.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from notesearch.corpus.decode import UnreadableError, decode
from notesearch.corpus.formats import Translated
from notesearch.corpus.formats.html import translate_html
from notesearch.corpus.formats.org import translate_org
from notesearch.corpus.formats.rst import translate_rst
from notesearch.corpus.markdown_blocks import mend_headings
from notesearch.corpus.markdown_lines import mend_fences, mend_links
from notesearch.corpus.search_text.latex import is_inline_math
from notesearch.records import Passage
from notesearch.regular_files import MAX_FILE_BYTES, read_inside
from notesearch.search.readable_text import is_in_code
from notesearch.section_roles import roles_of

# Stands for a "|" that ends no cell of a table: in a formula, in code, in a link.
HIDDEN_PIPE = "\ue07c"

# What an index has of these files are their own lines; what it has of HTML is Markdown.
_TRANSLATORS: Mapping[str, Callable[[Sequence[str]], Translated]] = {
    ".org": translate_org,
    ".rst": translate_rst,
}
_PAGES = frozenset((".html", ".htm"))
_MOST_BLANK = 2  # lines between passages: where more are missing, they are of other notes
_ROW_OR_ITEM = re.compile(r"\s*(?:\||[-*+] |\d{1,9}[.)] )")
_LONGEST_HEADING = 60
_UNDERLINE = re.compile(r"(?:=+|-{3,})[ \t]*\Z")
_BORDER = re.compile(r"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[-|: \t]*)?\Z")
_PIPE = re.compile(r"(?<!\\)\|")
_HEADING_NAME = re.compile(r"\s*\{[#:.][^{}]*\}\s*$")
# The name of a file with spaces in it, which CommonMark takes for no target.
_SPACED_TARGET = re.compile(
    r"\]\(([^()<>\s\"'][^()<>\"'\n]{0,400} [^()<>\"'\n]{0,400}"
    r"\.(?:md|png|jpe?g|gif|webp|avif|svg|pdf))\)",
    re.IGNORECASE,
)
_ORG_LINK = re.compile(r"\[\[([^\[\]<>\n]*)\]\[([^\[\]\n]*)\]\]")
_HOLDS_PIPE = re.compile(
    r"(?<!`)(`+)(?!`)[^`\n]*(?<!`)\1(?!`)|\$(?P<math>[^$\n]+)\$(?=(?P<after>.?))"
    r"|\[\[[^\[\]\n]*\]\]"
)


@dataclass(frozen=True, slots=True)
class NoteText:
    """A note in Markdown, with the line in the file of each of its lines."""

    lines: Sequence[str]
    numbers: Sequence[int]  # never falling


def read_file_lines(corpus: Path, path: str) -> Sequence[str]:
    """Return the lines of a note's file; none where it cannot be read, or there is no such file."""
    try:
        return decode(read_inside(corpus, path, most=MAX_FILE_BYTES)).lines
    except (OSError, ValueError, UnreadableError):
        return ()


def join_passages(
    path: str, passages: Sequence[Passage], file_lines: Sequence[str] = ()
) -> NoteText:
    """Return the Markdown of a note.

    `file_lines` are those of its file. Where they are others than when the note was read, or none,
    items of a list may stand farther to the left than they do there.
    """
    suffix = PurePosixPath(path).suffix.lower()
    lines, numbers = _joined(passages, file_lines, is_page=suffix in _PAGES)
    is_copied = False
    if translate := _TRANSLATORS.get(suffix):
        translated = translate(lines)
        lines = translated.markup
        numbers = [numbers[at - 1] for at in translated.numbers]
    elif suffix not in _PAGES:
        is_copied = _is_copied(lines, passages)
        lines, numbers = _with_tables(lines, numbers)
    if is_copied:
        lines = list(_headed(lines, passages))
    lines = [_mend_line(line) for line in mend_headings(mend_fences(lines))]
    return NoteText(*_with_paragraphs(lines, numbers, is_copied=is_copied))


def _joined(
    passages: Sequence[Passage], file_lines: Sequence[str], *, is_page: bool
) -> tuple[list[str], list[int]]:
    lines: list[str] = []
    numbers: list[int] = []
    for passage in passages:
        first, *others = passage.text.split("\n")
        start = passage.line_start
        if lines and not is_page and start == numbers[-1]:
            lines[-1] += f" {first}"  # a long line was cut
        else:
            if lines:
                blank = _blank_lines(lines[-1], first, start - numbers[-1], is_page=is_page)
                lines += [""] * blank
                numbers += [numbers[-1]] * blank
            lines.append(_indent_of(first, file_lines[start - 1 : start]) + first)
            numbers.append(start)
        lines += others
        numbers += _numbers_of(others, passage, file_lines)
    return lines, numbers


def _numbers_of(
    others: Sequence[str], passage: Passage, file_lines: Sequence[str]
) -> Iterator[int]:
    """Yield the numbers of the lines of a passage but the first.

    Lines of other notes may stand between them, which the file shows.
    """
    number = passage.line_start
    is_whole = len(others) == passage.line_end - number
    for line in others:
        number += 1
        if not is_whole:
            later = range(number, min(passage.line_end, len(file_lines)) + 1)
            found = (at for at in later if file_lines[at - 1].rstrip() == line.rstrip())
            number = next(found, min(number, passage.line_end))
        yield number


def _is_copied(lines: Sequence[str], passages: Sequence[Passage]) -> bool:
    """Return whether a note was copied from a page: its headings are lines without marks."""
    headings = {heading for passage in passages for heading in passage.section[-1:]}
    is_marked = any(line.startswith("#") or _UNDERLINE.match(line) for line in lines)
    return not is_marked and not headings.isdisjoint(lines)


def _headed(lines: Sequence[str], passages: Sequence[Passage]) -> Iterator[str]:
    """Yield the lines of a copied page, its headings marked as such."""
    headings = {heading for passage in passages for heading in passage.section[-1:]}
    roles = {role for passage in passages for role in passage.roles}
    for line in lines:
        is_heading = line in headings or (
            len(line) <= _LONGEST_HEADING and roles.issuperset(roles_of(line) or (None,))
        )
        yield f"## {line}" if is_heading else line


def _blank_lines(before: str, line: str, distance: int, *, is_page: bool) -> int:
    """Return how many blank lines stand between two passages whose lines are so far apart."""
    if not is_page:
        return min(distance - 1, _MOST_BLANK)
    # In a page, the distance is that of its source, where tags have lines too.
    return 0 if _ROW_OR_ITEM.match(before) and _ROW_OR_ITEM.match(line) else 1


def _indent_of(line: str, originals: Sequence[str]) -> str:
    for original in originals:
        text = original.lstrip()
        if text.startswith(line):
            return original[: len(original) - len(text)]
    return ""


def _with_tables(lines: Sequence[str], numbers: Sequence[int]) -> tuple[list[str], list[int]]:
    """Return the lines with tables of HTML as tables of Markdown."""
    written: list[str] = []
    kept: list[int] = []
    done = 0
    for start, end in _html_tables(lines):
        table = translate_html(lines[start:end])
        written += [*lines[done:start], "", *table.markup, ""]
        kept += numbers[done:start]
        kept += [numbers[start + at - 1] for at in (1, *table.numbers, end - start)]
        done = end
    return [*written, *lines[done:]], [*kept, *numbers[done:]]


def _html_tables(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield where the tables of HTML begin and end, those in code left out."""
    start: int | None = None
    is_code = False
    for number, line in enumerate(lines):
        is_code = start is None and is_in_code(line, is_code)
        if is_code or "<" not in line:
            continue
        lowered = line.lower()
        if start is None and lowered.lstrip().startswith("<table"):
            start = number
        if start is not None and "</table>" in lowered:
            yield start, number + 1
            start = None


def _with_paragraphs(
    lines: Sequence[str], numbers: Sequence[int], *, is_copied: bool
) -> tuple[list[str], list[int]]:
    """Return the lines with a blank one between what would run together.

    Those are the cells of rows that are part of no table, and the lines of a copied page.
    """
    written: list[str] = []
    kept: list[int] = []
    is_code = is_table = False
    for at, line in enumerate(lines):
        is_code = is_in_code(line, is_code)
        is_row = not is_code and line.lstrip().startswith("|")
        is_table = is_row and (is_table or any(map(_BORDER.match, lines[at : at + 2])))
        parts = [line]
        if is_row and not is_table:
            cells = (cell.strip() for cell in _PIPE.split(line.strip().strip("|")))
            parts = [part for cell in cells if cell for part in ("", cell)]
        elif is_copied and not is_code:
            parts = ["", line]
        written += parts
        kept += [numbers[at]] * len(parts)
    return written, kept


def _mend_line(line: str) -> str:
    line = mend_links(line)
    if line.startswith("#") and line.rstrip().endswith("}"):
        line = _HEADING_NAME.sub("", line)
    if "](" in line:
        line = _SPACED_TARGET.sub(r"](<\1>)", line)
    if "][" in line:
        line = _ORG_LINK.sub(r"[\2](<\1>)", line)
    return _HOLDS_PIPE.sub(_hide_pipes, line)


def _hide_pipes(found: re.Match[str]) -> str:
    math = found["math"]
    if math is not None and not is_inline_math(math, found["after"]):
        return found[0]
    return found[0].replace("|", HIDDEN_PIPE)
