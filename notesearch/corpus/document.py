"""The bytes of one file in, its body as lines and its head as fields out, whatever its markup."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from notesearch.corpus.block_rules import TooManyBlocksError
from notesearch.corpus.blocks import parse_blocks
from notesearch.corpus.decode import UnreadableError, decode, refuse_many_lines
from notesearch.corpus.facts.front_matter import FrontMatter, find_front_matter
from notesearch.corpus.formats import TRANSLATORS
from notesearch.corpus.text import HeadingLine, find_headings
from notesearch.records import Block

# The most in a file of 43 collections is 3,500; each takes some 60 µs, however short.
MAX_BLOCKS_PER_MB = 20_000  # and as many in a smaller file
_LINES_ABOVE_HEAD = 12
_HEAD_KEY = re.compile(r"(?:title|tags|date|aliases):\s", re.IGNORECASE)
_NOTE_FENCE = re.compile(r"^\s*(`{3,}|~{3,})\s*(?:markdown|md)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Document:
    """One file, decoded: the head parsed and taken off, the body as lines."""

    path: str
    size: int  # of the file, in bytes
    lines: tuple[str, ...]  # as shown
    markup: tuple[str, ...]  # the same lines as Markdown
    numbers: Sequence[int]  # the line in the file of each of `lines`
    line_count: int  # of the file
    fields: Mapping[str, object] = field(default_factory=dict)
    remarks: tuple[tuple[int | None, str], ...] = ()  # what was odd, as (line, reason)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The top-level blocks of the body; UnreadableError for more than a note ever had."""
        most = int(MAX_BLOCKS_PER_MB * max(1.0, self.size / 1e6))
        try:
            return parse_blocks(self.markup, most=most)
        except TooManyBlocksError as error:
            raise UnreadableError(
                f"more than {most:,} headings, paragraphs and items in one file"
            ) from error

    @cached_property
    def headings(self) -> tuple[HeadingLine, ...]:
        """The headings of the body that have words, in order."""
        return find_headings(self.markup, self.blocks)

    @cached_property
    def topic_paths(self) -> tuple[tuple[HeadingLine, ...], ...]:
        """For each of `headings` the path that leads to it and ends with it."""
        paths: list[tuple[HeadingLine, ...]] = []
        path: tuple[HeadingLine, ...] = ()
        for heading in self.headings:
            path = (*(above for above in path if above.level < heading.level), heading)
            paths.append(path)
        return tuple(paths)

    @cached_property
    def heading_ends(self) -> tuple[int, ...]:
        """For each of `headings` where the text below it ends: at the next that is no deeper."""
        ends = [len(self.markup)] * len(self.headings)
        open_: list[int] = []
        for number, heading in enumerate(self.headings):
            while open_ and self.headings[open_[-1]].level >= heading.level:
                ends[open_.pop()] = heading.position
            open_.append(number)
        return tuple(ends)

    def topics_at(self, position: int) -> tuple[str, ...]:
        """Give the words of the headings above a line, outermost first."""
        before = bisect_left(self.headings, position, key=lambda heading: heading.position)
        return tuple(heading.text for heading in self.topic_paths[before - 1]) if before else ()

    @cached_property
    def is_plain(self) -> bool:
        """Tell whether no line is a Markdown heading: text copied from a page looks like that."""
        return not any(block.kind == "heading" for block in self.blocks)


def open_document(path: str, data: bytes) -> Document:
    """Read a file's bytes; raise UnreadableError for what is no text."""
    decoded = decode(data)
    lines, remarks = decoded.lines, decoded.remarks
    translate = TRANSLATORS.get(PurePosixPath(path).suffix.lower())
    if translate:
        translated = translate(lines)
        refuse_many_lines(len(translated.markup))  # a line of HTML may hold thousands
        return Document(
            path,
            len(data),
            tuple(translated.lines),
            tuple(translated.markup),
            translated.numbers,
            len(lines),
            translated.fields,
            remarks,
        )
    first, last = _fenced_note(lines)
    head = find_front_matter(lines[first:last]) or _head_below_words(lines[first:last])
    if head.problem:
        remarks += ((head.problem[0] + first, head.problem[1]),)
    numbers: Sequence[int] = range(first + 1, last + 1)
    body = tuple(lines[first:last])
    if head:
        cut = slice(head.line_start - 1, head.line_end)
        before, after = body[: cut.start], body[cut.stop :]
        numbers = (
            numbers[cut.stop :] if not before else (*numbers[: cut.start], *numbers[cut.stop :])
        )
        body = before + after
    return Document(path, len(data), body, body, numbers, len(lines), head.fields, remarks)


def _head_below_words(lines: Sequence[str]) -> FrontMatter:
    """Find front matter that a sentence, a rule or the opening of a fence stands above.

    An opened fence counts to the head, so that its end has no partner and is no fence either.
    """
    for start in range(1, min(len(lines) - 1, _LINES_ABOVE_HEAD)):
        if lines[start].strip() != "---" or not _HEAD_KEY.match(lines[start + 1]):
            continue
        head = find_front_matter(lines[start:])
        if not {"title", "tags"} & head.fields.keys():
            continue
        opened = start - 1 if _NOTE_FENCE.match(lines[start - 1]) else start
        problem = (head.problem[0] + start, head.problem[1]) if head.problem else None
        return FrontMatter(head.fields, problem, opened + 1, head.line_end + start)
    return FrontMatter()


def _fenced_note(lines: Sequence[str]) -> tuple[int, int]:
    """Find the note inside a ```markdown fence that holds the whole file, else the whole."""
    texts = [number for number, line in enumerate(lines) if line.strip()]
    if len(texts) > 2:
        opened = _NOTE_FENCE.match(lines[texts[0]])
        inner = (lines[n].strip() for n in texts[1:-1] if lines[n].strip().startswith("```"))
        closed_early = next(inner, "") == "```"  # bare: it is no code inside, it ends the fence
        if opened and not closed_early and lines[texts[-1]].strip() == opened[1]:
            return texts[0] + 1, texts[-1]
    return 0, len(lines)
