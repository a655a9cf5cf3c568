"""Read the notes of a file: decode it, split it by its layout, find the facts of each note."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter
from pathlib import Path

from notesearch.corpus.decode import UnreadableError
from notesearch.corpus.document import Document, Part, open_document
from notesearch.corpus.facts import read_facts
from notesearch.corpus.facts.acronyms import find_acronyms
from notesearch.corpus.facts.dates import date_from_heading, date_from_line, find_date
from notesearch.corpus.facts.note_links import find_field_links, find_note_links
from notesearch.corpus.facts.run_together_tags import split_run_together
from notesearch.corpus.facts.tags import TAG_KEYS, folder_tags, tags_from_value, unique_tags
from notesearch.corpus.facts.title import Title, find_title, first_sentence, make_title
from notesearch.corpus.layouts import split_document
from notesearch.corpus.markdown_blocks import blocks_within, parse_blocks
from notesearch.corpus.markdown_lines import count_words
from notesearch.corpus.reading_rules import ReadingRule, rule_for
from notesearch.corpus.sections import find_sections
from notesearch.corpus.walk import NOT_UTF8, is_utf8
from notesearch.records import (
    AddedNote,
    Block,
    Facts,
    FileReading,
    Finding,
    Note,
    NoteKind,
    facts_of,
)
from notesearch.regular_files import read_stamped

NO_TEXT = "no text in it"
# A topic heading longer than this is a sentence or a date range, not a tag.
_MAX_TOPIC_WORDS = 5
# The largest digest of 43 collections has 1,301 notes in 1 MB, and each takes a fifth of a
# millisecond however short.
_MAX_NOTES_PER_MB = 5_000  # and as many in a smaller file
_LONGEST_DATE_LINE = 60
_MAX_TAGS_OF_ALL = 100  # that each note of a digest has from the head of its file
_SECTION_LEAD = re.compile(r"^(?:section|topic|area|category|part):\s+", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_LINK_WITHIN = re.compile(r"\]\((?:\./)?#([^()\s]{1,200})\)")


def read_file(
    corpus: Path,
    path: str,
    *,
    rules: Sequence[ReadingRule] = (),
    inline_tags: bool = False,
    follow_links: bool = False,
) -> FileReading:
    """Read one file of a corpus; where that is impossible, `skipped` of the result says why."""
    if not is_utf8(path):
        return _skipped(ascii(path), NOT_UTF8)
    try:
        data, stamp = read_stamped(corpus, path, follow_links=follow_links)
    except OSError as error:
        return _skipped(path, f"cannot be read: {error.strerror or error}")
    return replace(read_notes(path, data, rules=rules, inline_tags=inline_tags), stamp=stamp)


def read_notes(
    path: str, data: bytes, *, rules: Sequence[ReadingRule] = (), inline_tags: bool = False
) -> FileReading:
    """Read the bytes of a note file."""
    try:
        document = open_document(path, data)
        findings = [Finding(path, line, reason) for line, reason in document.faults]
        if not any(map(count_words, document.lines)):
            findings.append(Finding(path, None, NO_TEXT))
            return FileReading(path, (), tuple(findings))
        rule = rule_for(path, rules)
        parts = split_document(document, rule)
        if len(parts) > (most := int(_MAX_NOTES_PER_MB * max(1.0, document.size / 1e6))):
            raise UnreadableError(f"{len(parts):,} notes in one file, at most {most:,} are read")
        if rule and rule.inline_tags is not None:
            inline_tags = rule.inline_tags
        reader = _PartReader(document, parts, rule, inline_tags=inline_tags)
        notes = tuple(reader.note(part) for part in parts)
    except UnreadableError as error:
        return _skipped(path, str(error), error.line)
    return FileReading(path, notes, tuple(findings + reader.findings))


def read_added(added: AddedNote, *, inline_tags: bool = False) -> FileReading:
    """Read a note that is no file: one note, whatever its text looks like.

    Its id is a name of the caller's and says nothing about it; what is given wins over the text.
    """
    try:
        document = open_document("", added.text.encode())
        findings = tuple(Finding(added.id, line, reason) for line, reason in document.faults)
        if not any(map(count_words, document.lines)):
            return FileReading(added.id, (), (*findings, Finding(added.id, None, NO_TEXT)))
        if added.title is not None:
            document = replace(document, fields={**document.fields, "title": added.title})
        part = Part(range(len(document.lines)), kind=NoteKind.ADDED)
        note = _PartReader(document, [part], None, inline_tags=inline_tags).note(part)
    except UnreadableError as error:
        return _skipped(added.id, str(error), error.line)
    note = replace(
        note,
        id=added.id,
        path=added.id,
        title=added.title or note.title or added.id,
        tags=unique_tags((*added.tags, *note.tags)),
        date=added.date or note.date,
    )
    return FileReading(added.id, (note,), findings)


def _skipped(path: str, reason: str, line: int | None = None) -> FileReading:
    return FileReading(path, skipped=Finding(path, line, reason))


class _PartReader:
    """Makes notes of the parts of one document, with ids that no two of them share."""

    def __init__(
        self,
        document: Document,
        parts: Sequence[Part],
        rule: ReadingRule | None,
        *,
        inline_tags: bool,
    ) -> None:
        self._document = document
        self._rule_tags = rule.tags if rule else ()
        self._inline_tags = inline_tags
        self._slugs: dict[str, int] = {}  # those that are taken, and how far each is numbered
        self._folder_tags = folder_tags(document.path)
        self._tag_fields, finding = _tags_of_all(document)
        self._dates_between = _dates_between(document, parts)
        self._years_of_contents = _years_of_contents(document) if len(parts) > 1 else {}
        self.findings = [finding] if finding and len(parts) > 1 else []

    def note(self, part: Part) -> Note:
        """Return the note of one part; that of a whole file or its rest has the file's own id."""
        document = self._document
        is_part = part.kind is NoteKind.DIGEST_PART
        lines = tuple(document.lines[position] for position in part.positions)
        markup = self._markup(part, lines)
        blocks = self._blocks(part, markup)
        numbers = _numbers_at(document.numbers, part.positions)
        path, fields = ("", self._tag_fields) if is_part else (document.path, document.fields)
        title = self._title(part, markup, blocks)
        facts = read_facts(
            path, fields, markup, title, inline_tags=self._inline_tags, is_part=is_part
        )
        facts = replace(
            facts,
            tags=self._tags(part, facts, numbers[0]),
            folder_tags=self._folder_tags,
            date=part.date or facts.date or self._date_around(part),
            year=part.year or facts.year,
            acronyms=find_acronyms("\n".join(lines), (title.text, *facts.aliases)),
        )
        return Note(
            id=self._id(title.text) if is_part else document.path,
            path=document.path,
            title=title.text,
            kind=part.kind,
            line_start=numbers[0] if is_part else 1,
            line_end=numbers[-1] if is_part else document.line_count,
            lines=lines,
            markup=markup,
            line_numbers=numbers,
            sections=find_sections(markup, blocks, title.position),
            note_links=(
                *(() if is_part else find_field_links(document.fields)),
                *find_note_links(document.path, markup, blocks, numbers, own_paper=facts.paper),
            ),
            link_ids=document.link_ids if not is_part else (),
            **facts_of(facts),
        )

    def _markup(self, part: Part, lines: tuple[str, ...]) -> tuple[str, ...]:
        """Return the part's lines as Markdown, headings without markup marked as such."""
        markup = self._document.markup
        if markup is self._document.lines and not part.headings:
            return lines
        return tuple(
            f"## {markup[position].strip()}" if position in part.headings else markup[position]
            for position in part.positions
        )

    def _blocks(self, part: Part, markup: tuple[str, ...]) -> tuple[Block, ...]:
        """Return the blocks of the part; those of the document, unless one of them is cut."""
        positions = part.positions
        if isinstance(positions, range) and positions and not part.headings:
            inside = blocks_within(self._document.blocks, positions.start, positions.stop)
            if inside:
                return inside
        return parse_blocks(markup)

    def _title(self, part: Part, markup: Sequence[str], blocks: Sequence[Block]) -> Title:
        document = self._document
        if part.title is not None:
            title = make_title(part.title)
            at = 0 if markup and markup[0].startswith("#") else None
            linked = make_title(markup[0]).link if markup else None
            return Title(title.text or part.title, title.year, linked, at)
        if part.kind is NoteKind.DIGEST_PART:
            text = first_sentence(line for line in markup if line.strip())
            return Title(text or document.path)
        return find_title(document.path, document.fields, markup, blocks)

    def _date_around(self, part: Part) -> str | None:
        """Return the date that a part has from its topics, a line above it, or its file."""
        if part.kind is not NoteKind.DIGEST_PART:
            return None
        # The innermost heading counts; one may also begin a range of dates.
        dates = (date_from_heading(self._with_year(topic)) for topic in reversed(part.topics))
        return (
            next(filter(None, dates), None)
            or self._date_above(part)
            or find_date(self._document.path, self._document.fields)
        )

    def _date_above(self, part: Part) -> str | None:
        """Return the last date above a part that stands under its topics, or under some of them."""
        found = []
        for depth in range(len(part.topics) + 1):
            dates = self._dates_between.get(part.topics[:depth], [])
            before = bisect_left(dates, part.positions[0], key=itemgetter(0))
            found += dates[max(before - 1, 0) : before]
        return max(found, default=(0, None))[1]

    def _with_year(self, topic: str) -> str:
        """Add the year that the table of contents has for a heading like `Week of May 8`."""
        year = self._years_of_contents.get(_anchor(topic))
        return f"{topic} {year}" if year and date_from_heading(topic) is None else topic

    def _id(self, title: str) -> str:
        """Return an id made of the title, numbered where that is taken: `#a`, `#a-2`."""
        slug = "-".join(re.findall(r"\w+", title.casefold()))[:60].strip("-") or "part"
        name = slug
        while name in self._slugs:
            self._slugs[slug] += 1
            name = f"{slug}-{self._slugs[slug]}"
        self._slugs[name] = 1
        return f"{self._document.path}#{name}"

    def _tags(self, part: Part, facts: Facts, line: int) -> tuple[str, ...]:
        tags = [*self._rule_tags, *facts.tags]
        tags += [_SECTION_LEAD.sub("", topic) for topic in part.topics if _is_topic(topic)]
        if part.run_together_tags:
            split, rest = split_run_together(part.run_together_tags, part.listed_tags)
            tags += [*split, *([rest] if rest else [])]
            if rest:
                reason = f"tags run together, {rest!r} could not be split"
                self.findings.append(Finding(self._document.path, line, reason))
        return unique_tags(tags)


def _is_topic(heading: str) -> bool:
    return len(heading.split()) <= _MAX_TOPIC_WORDS and not any(sign.isdigit() for sign in heading)


def _years_of_contents(document: Document) -> dict[str, str]:
    """Return the year of each heading that a table of contents links to from below a year."""
    headings = document.headings
    ends = [heading.position for heading in headings[1:]] + [len(document.markup)]
    return {
        _anchor(target): heading.text
        for heading, end in zip(headings, ends, strict=False)  # no heading, one end
        if _YEAR.fullmatch(heading.text)
        for line in document.markup[heading.position : end]
        for target in _LINK_WITHIN.findall(line)
    }


def _anchor(heading: str) -> str:
    """Return the letters of a heading, or of the anchor of a link to it, so that they are equal."""
    return "".join(sign for sign in heading.casefold() if sign.isalnum())


def _tags_of_all(document: Document) -> tuple[dict[str, object], Finding | None]:
    """Return the fields with the tags that each part of a file has, and a finding if too many."""
    fields = {key: document.fields[key] for key in document.fields if key in TAG_KEYS}
    tags = [tag for value in fields.values() for tag in tags_from_value(value)]
    if len(tags) <= _MAX_TAGS_OF_ALL:
        return fields, None
    reason = f"{len(tags):,} tags for every note, the first {_MAX_TAGS_OF_ALL} are read"
    return {"tags": tags[:_MAX_TAGS_OF_ALL]}, Finding(document.path, 1, reason)


def _dates_between(
    document: Document, parts: Sequence[Part]
) -> dict[tuple[str, ...], list[tuple[int, str]]]:
    """Return the lines between the parts that are dates, as position and date, by their topics."""
    found: dict[tuple[str, ...], list[tuple[int, str]]] = {}
    if len(parts) < 2 or parts[-1].kind is NoteKind.DIGEST_PART:
        return found
    for position in parts[-1].positions:
        line = document.markup[position]
        if len(line) <= _LONGEST_DATE_LINE and (date := date_from_line(line)):
            found.setdefault(document.topics_at(position), []).append((position, date))
    return found


def _numbers_at(numbers: Sequence[int], positions: Sequence[int]) -> Sequence[int]:
    """Return the line numbers at some positions, as a range where possible."""
    if isinstance(numbers, range) and isinstance(positions, range):
        return numbers[positions.start : positions.stop]
    return tuple(numbers[position] for position in positions)
