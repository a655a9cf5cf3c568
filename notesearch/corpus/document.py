"""Open a note file as a document: the fields of its head, and its body as lines of Markdown.

A part is the lines of a document that make one note.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath

from notesearch.corpus.decode import Fault, UnreadableError, decode, refuse_many_lines
from notesearch.corpus.facts.front_matter import NOTE_FENCE, find_front_matter
from notesearch.corpus.formats import Translated
from notesearch.corpus.formats.html import translate_html
from notesearch.corpus.formats.org import translate_org
from notesearch.corpus.formats.rst import translate_rst
from notesearch.corpus.markdown_blocks import parse_blocks
from notesearch.corpus.markdown_it_rules import TooManyBlocksError
from notesearch.corpus.markdown_lines import HeadingLine, count_words, find_headings
from notesearch.records import Block, NoteKind

# The most in a file of 43 collections is 3,500; each takes some 60 µs, however short.
MAX_BLOCKS_PER_MB = 20_000  # and as many in a smaller file
# What reads the lines of a file that is not Markdown, by the ending of its name.
TRANSLATORS: Mapping[str, Callable[[Sequence[str]], Translated]] = {
    ".org": translate_org,
    ".rst": translate_rst,
    ".html": translate_html,
    ".htm": translate_html,
}


@dataclass(frozen=True)
class Document:
    """One file, decoded: the fields of its head, and the lines below it."""

    path: str
    size: int  # of the file, in bytes
    lines: tuple[str, ...]  # as shown
    markup: tuple[str, ...]  # the same lines as Markdown
    numbers: Sequence[int]  # the line in the file of each of `lines`
    line_count: int  # of the file
    fields: Mapping[str, object] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    link_ids: tuple[str, ...] = ()

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The top-level blocks of the body; UnreadableError for more than any note has."""
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
        """The path of each of `headings`: those above it, and itself."""
        paths: list[tuple[HeadingLine, ...]] = []
        path: tuple[HeadingLine, ...] = ()
        for heading in self.headings:
            path = (*(above for above in path if above.level < heading.level), heading)
            paths.append(path)
        return tuple(paths)

    @cached_property
    def heading_ends(self) -> tuple[int, ...]:
        """The end of the text below each of `headings`: the next that is no deeper."""
        ends = [len(self.markup)] * len(self.headings)
        open_: list[int] = []
        for number, heading in enumerate(self.headings):
            while open_ and self.headings[open_[-1]].level >= heading.level:
                ends[open_.pop()] = heading.position
            open_.append(number)
        return tuple(ends)

    def topics_at(self, position: int) -> tuple[str, ...]:
        """Return the words of the headings above a line, outermost first."""
        before = bisect_left(self.headings, position, key=lambda heading: heading.position)
        return tuple(heading.text for heading in self.topic_paths[before - 1]) if before else ()

    @cached_property
    def is_plain(self) -> bool:
        """Whether no line is a Markdown heading, as in text that was copied from a page."""
        return not any(block.kind == "heading" for block in self.blocks)


def open_document(path: str, data: bytes) -> Document:
    """Read a file's bytes; UnreadableError where they are no text."""
    decoded = decode(data)
    lines, faults = decoded.lines, decoded.faults
    numbers: Sequence[int]
    translate = TRANSLATORS.get(PurePosixPath(path).suffix.lower())
    if translate:
        translated = translate(lines)
        refuse_many_lines(len(translated.markup))  # a line of HTML may hold thousands
        shown, markup = tuple(translated.lines), tuple(translated.markup)
        numbers, fields = translated.numbers, translated.fields
        ids = tuple(dict.fromkeys(translated.link_ids))
        return Document(path, len(data), shown, markup, numbers, len(lines), fields, faults, ids)
    first, last = _fenced_note(lines)
    body = tuple(lines[first:last])
    numbers = range(first + 1, last + 1)
    head = find_front_matter(body)
    if head.problem:
        faults += ((head.problem[0] + first, head.problem[1]),)
    if head:
        start, end = head.line_start - 1, head.line_end
        body = body[:start] + body[end:]
        numbers = (*numbers[:start], *numbers[end:]) if start else numbers[end:]
    return Document(path, len(data), body, body, numbers, len(lines), head.fields, faults)


def _fenced_note(lines: Sequence[str]) -> tuple[int, int]:
    """Return where the note begins and ends: inside a ```markdown fence around the whole file."""
    texts = [number for number, line in enumerate(lines) if line.strip()]
    if len(texts) > 2:
        opened = NOTE_FENCE.match(lines[texts[0]])
        inner = (lines[n].strip() for n in texts[1:-1] if lines[n].strip().startswith("```"))
        closed_early = next(inner, "") == "```"  # bare: it is no code inside, it ends the fence
        if opened and not closed_early and lines[texts[-1]].strip() == opened[1]:
            return texts[0] + 1, texts[-1]
    return 0, len(lines)


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of a document that make one note, and the facts that their position gives."""

    positions: Sequence[int]  # in the document's lines, ascending
    title: str | None = None  # None: find it in the lines
    topics: tuple[str, ...] = ()  # the headings above, which become tags
    kind: NoteKind = NoteKind.DIGEST_PART
    date: str | None = None
    year: int | None = None  # in which the paper came out
    run_together_tags: str = ""  # "dpoalignmentrlhf", still to be split
    listed_tags: frozenset[str] = frozenset()  # tags that the page names elsewhere
    headings: frozenset[int] = frozenset()  # positions of lines that are headings without markup


def fills(document: Document, parts: Sequence[Part]) -> bool:
    """Return whether a file consists of these parts for the most."""
    inside = sum(count_words(document.markup[n]) for part in parts for n in part.positions)
    return inside >= 0.5 * sum(map(count_words, document.markup))
