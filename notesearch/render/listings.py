"""Write notes, tags, and what an index holds and an update did: for people, and notes as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.cells import cells
from notesearch.index.reports import CorpusDrift, IndexStatus, UpdateReport
from notesearch.index.snapshot import StoredNote, TagCount
from notesearch.records import Finding, Note, Passage, facts_of, place_in
from notesearch.render.terminal import Style, escaped, printable, printable_lines, to_json
from notesearch.render.wrapping import clipped, wrapped, wrapped_words
from notesearch.search.snippets import mark_words

if TYPE_CHECKING:
    from notesearch.embedding.cached_models import CachedModel
    from notesearch.index.past_indexes import KeptPast

_SHOWN_WORDS = 14
_MOST_NAMED = 3  # paths of files in a line
_INDENT = " " * 4
_DATE_WIDTH = 10
_NAME_WIDTH = 9  # of the name of a fact
# The fields of a note and of a passage in JSON, in their order.
_NOTE_FIELDS = ("id", "path", "title", "kind", "line_start", "line_end")
_PASSAGE_FIELDS = ("section", "roles", "line_start", "line_end", "text", "search_text", "tokens")


def note_to_json(note: Note, passages: Sequence[Passage]) -> str:
    """Write a note with its passages as one JSON object on one line."""
    value = {name: getattr(note, name) for name in _NOTE_FIELDS} | facts_of(note)
    value["passages"] = [
        {name: getattr(passage, name) for name in _PASSAGE_FIELDS} for passage in passages
    ]
    return to_json(value)


def note_lines(note: Note, passages: Sequence[Passage], style: Style) -> Iterator[str]:
    """Describe a note for a person: its facts, then two lines for each passage."""
    kind = "" if note.kind.value == "note" else f"  ({note.kind.value})"
    place = place_in(escaped(note.path), note.line_start, note.line_end)
    room = style.width - cells(place) - cells(kind) - 2
    title = printable(note.title)
    yield f"{style.place(place, None)}  {_cut(title, room, style)}{kind}".rstrip()
    facts = {
        "tags": ", ".join(note.tags),
        "folders": ", ".join(note.folder_tags),
        "date": note.date,
        "paper": " ".join(
            str(part) for part in (note.paper, note.year and f"({note.year})") if part
        ),
        "authors": ", ".join(note.authors),
        "aliases": ", ".join(note.aliases),
    }
    yield from _fact_lines(facts, style, _INDENT)
    for passage in passages:
        lines = _lines_of(passage)
        role = f" [{', '.join(role.value for role in passage.roles)}]" if passage.roles else ""
        section = " › ".join(passage.section)
        words = passage.search_text.removeprefix(note.title).split()
        shown = " ".join(words[:_SHOWN_WORDS]) + (" …" if len(words) > _SHOWN_WORDS else "")
        head = f"{_INDENT}{lines:>9}  {passage.tokens:3} tokens  {printable(section)}{role}"
        yield _cut(head.rstrip(), style.width, style)
        yield f"{' ' * 15}{_cut(printable(shown), style.width - 15, style)}"


def _lines_of(passage: Passage) -> str:
    return place_in("", passage.line_start, passage.line_end).removeprefix(":")


def listed_note_lines(notes: Sequence[StoredNote], style: Style) -> Iterator[str]:
    """List notes: date, place, title, tags; in columns where lines are cut.

    Places are there to be copied, and never cut: where many are too long for a column, each
    stands below its title.
    """
    places = [place_of(note) for note in notes]
    if not style.cuts:
        for note, place in zip(notes, places, strict=True):
            parts = (_date_of(note), place, printable(note.title), _hashtags(note.tags))
            yield "  ".join(part for part in parts if part)
        return
    room = style.width - _DATE_WIDTH - 2
    widths = sorted(map(cells, places))
    column = next((width for width in reversed(widths) if width <= room // 2), 0)
    is_stacked = 4 * sum(width > column for width in widths) > len(widths)
    indent = " " * (_DATE_WIDTH + 2)
    for note, place in zip(notes, places, strict=True):
        date, shown = _date_of(note), style.place(place, None)
        gap = " " * (column - cells(place) + 2)
        if is_stacked:
            yield f"{date}  {_title_and_tags(note, room, style)}"
            yield f"{indent}{shown}"
        elif cells(place) <= column:
            yield f"{date}  {shown}{gap}{_title_and_tags(note, room - column - 2, style)}"
        else:
            yield f"{date}  {shown}"
            title = _title_and_tags(note, room - column - 2, style)
            yield f"{indent}{' ' * (column + 2)}{title}"


def _title_and_tags(note: StoredNote, room: int, style: Style) -> str:
    title = clipped(printable(note.title), room)
    left = room - cells(title) - 2
    has_room = cells(_hashtags(note.tags[:1])) + 2 <= left  # no tag is broken
    tags = clipped(_hashtags(note.tags), left) if has_room else ""
    return f"{title}  {style.faint(tags)}" if tags else title


def _date_of(note: StoredNote) -> str:
    return f"{printable(note.date or ''):{_DATE_WIDTH}}"


def place_of(note: StoredNote) -> str:
    """Return where a note is, as it is printed to be copied: of a part of a file with its line."""
    path = escaped(note.path)
    return f"{path}:{note.line_start}" if "#" in note.note_id else path


def _hashtags(tags: Sequence[str]) -> str:
    return printable(" ".join(f"#{tag.replace(' ', '-')}" for tag in tags))


def _cut(text: str, width: int, style: Style) -> str:
    """Cut a line where the style cuts lines."""
    return clipped(text, max(width, 1)) if style.cuts else text


def _fact_lines(facts: Mapping[str, object], style: Style, indent: str = "") -> Iterator[str]:
    """Write facts with their names, the longer ones on several lines."""
    for name, value in facts.items():
        if value:
            label = f"{indent}{name:<{_NAME_WIDTH}}"
            first, *others = wrapped_words(str(value), style, label)
            yield f"{indent}{style.faint(label[len(indent) :])}{first[len(label) :]}"
            yield from others


def numbered_note_lines(notes: Sequence[StoredNote], width: int) -> Iterator[str]:
    """Number notes to choose from, two plain lines each: title, then place."""
    for number, note in enumerate(notes, start=1):
        yield f"{number:>2}  {clipped(printable(note.title), width - 4)}"
        yield f"    {place_of(note)}"


def stored_note_to_json(note: StoredNote) -> str:
    """Write a note of the index as one JSON object."""
    return to_json(stored_note_fields(note))


def stored_note_fields(note: StoredNote) -> dict[str, object]:
    """Return the fields of a note of the index in JSON, in their order."""
    place = {name: getattr(note, name) for name in ("note_id", *_NOTE_FIELDS[1:])}
    return place | facts_of(note)


def shown_note_lines(
    note: StoredNote, passages: Sequence[Passage], style: Style, *, raw: bool = False
) -> Iterator[str]:
    """Show a note of the index: its facts, then its passages with their lines.

    The passages are written as a reader sees them; with `raw`, as the note has them.
    """
    yield from map(style.bold, wrapped_words(note.title, style))
    facts = {
        "id": escaped(note.note_id),
        "lines": place_in(escaped(note.path), note.line_start, note.line_end),
        "tags": ", ".join(dict.fromkeys(note.tags + note.folder_tags)),
        "date": note.date,
        "paper": note.paper,
        "year": note.year,
        "authors": ", ".join(note.authors),
        "aliases": ", ".join(note.aliases),
        "links": " ".join(note.links),
    }
    yield from _fact_lines(facts, style)
    for passage in passages:
        yield ""
        yield style.faint(_lines_of(passage))
        if raw:
            yield from printable_lines(passage.text).split("\n")
            continue
        for line in wrapped(mark_words(passage.text, ""), style.width):
            yield "".join(piece.text for piece in line).rstrip()


def tag_lines(counts: Sequence[TagCount], style: Style, *, tree: bool = False) -> Iterator[str]:
    """List tags with the notes of each; as a tree, children stand below their parents."""
    for count, name in _counted_tags(counts, tree=tree):
        yield f"{count}{_cut(printable(name), style.width - cells(count), style)}"


def _counted_tags(counts: Sequence[TagCount], *, tree: bool) -> Iterator[tuple[str, str]]:
    width = max((len(f"{tag.notes:,}") for tag in counts), default=1)
    if not tree:
        for tag in counts:
            yield f"{tag.notes:>{width},}  ", f"{tag.written}{'/' if tag.folder else ''}"
        return
    by_name = {tag.normal: tag for tag in counts}
    parents = {
        "/".join(levels[:depth])
        for name in by_name
        for levels in [name.split("/")]
        for depth in range(1, len(levels))
    }
    for name in sorted(by_name.keys() | parents, key=lambda name: name.split("/")):
        *above, last = name.split("/")
        count = f"{by_name[name].notes:,}" if name in by_name else ""
        yield f"{count:>{width}}  {'  ' * len(above)}", last


# Updates and the index


def finding_line(found: Finding, *, left_out: bool = False) -> str:
    """Write a finding on one line: file and line, then the reason."""
    path = escaped(found.path)
    place = f"{path}, line {found.line}" if found.line else path
    skipped = "left out: " if left_out else ""
    return f"{place}: {skipped}{printable(found.reason)}"


def report_lines(report: UpdateReport) -> Iterator[str]:
    """Sum up an update, or what a dry run would do, after the files that it could not read."""
    yield from map(finding_line, report.findings)
    yield from (finding_line(skipped, left_out=True) for skipped in report.skipped)
    counts = {
        "added": len(report.added),
        "changed": len(report.changed),
        "renamed": len(report.renamed),
        "removed": len(report.removed),
        "unchanged": report.unchanged,
        "left out": len(report.skipped),
    }
    files = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count) or "none"
    if report.dry_run:
        yield f"files: {files}; nothing was written"
        return
    seconds = sum(report.seconds.values())
    yield (
        f"files: {files}; passages: {report.passages:,} in {report.notes:,} notes, "
        f"{report.passages_embedded:,} embedded, {report.passages_reused:,} reused; "
        f"{seconds:.1f} s"
    )


def change_lines(report: UpdateReport, known: Collection[Finding] = ()) -> Iterator[str]:
    """Say which notes an update has brought in step, on one line, and below it what was odd.

    Files that cannot be read are left out where they are `known`.
    """
    parts = []
    changes = {
        "added": report.added,
        "changed": report.changed,
        "renamed": [to for _, to in report.renamed],
        "removed": report.removed,
    }
    unread = {skipped.path for skipped in report.skipped}
    for word, all_paths in changes.items():
        if paths := [path for path in all_paths if path not in unread]:
            are_few = len(paths) <= _MOST_NAMED
            parts.append(f"{word} {', '.join(paths) if are_few else f'{len(paths):,} files'}")
    if report.waiting:
        parts.append(f"{report.waiting:,} {'file' if report.waiting == 1 else 'files'} to go")
    if not parts:
        parts.append(f"in step: {report.passages:,} passages of {report.notes:,} notes")
    yield escaped(f"{'; '.join(parts)}; {sum(report.seconds.values()):.1f} s")
    yield from map(finding_line, report.findings)
    new = (skipped for skipped in report.skipped if skipped not in known)
    yield from (finding_line(skipped, left_out=True) for skipped in new)


def report_to_json(report: UpdateReport) -> str:
    """Write the report of an update as one JSON object."""
    seconds = {stage.value: round(s, 3) for stage, s in report.seconds.items()}
    return to_json(asdict(report) | {"seconds": seconds})


def status_lines(status: IndexStatus, update_command: str) -> Iterator[str]:
    """Describe an index for a person; the command is the one that brings it in step."""
    counts = status.counts
    noun = "note" if counts.added == 1 else "notes"
    added = f" and {counts.added:,} added {noun}" if counts.added else ""
    yield f"{counts.passages:,} passages of {counts.notes:,} notes in {counts.files:,} files{added}"
    size = (status.catalog_bytes + status.segments_bytes) / 1e6
    yield printable(f"model     {status.embedder}, {status.dimension} dimensions")
    yield printable(f"reading   {status.reading}")
    if size:  # an engine does not say
        yield f"size      {size:,.1f} MB"
    yield printable(f"updated   {status.updated}, generation {status.generation}")
    missing = "" if status.drift or not status.corpus else ", which is not there"
    yield f"corpus    {escaped(status.corpus) or 'no folder'}{missing}"
    if status.drift:
        yield f"          {drift_line(status.drift, update_command) or 'in step'}"
    yield from (finding_line(skipped, left_out=True) for skipped in status.skipped)


def cached_model_lines(models: Sequence[CachedModel], folder: Path) -> Iterator[str]:
    """List compiled models, one a line, and below them their folder, number and size."""
    width = max((len(model.name) for model in models), default=0)
    for model in models:
        flaw = f"  {model.flaw}" if model.flaw else ""
        size = f"{model.size / 1e6:8,.1f} MB"
        yield printable(f"{model.name:<{width}}{size}  {model.compiled}{flaw}")
    count = "1 compiled model" if len(models) == 1 else f"{len(models):,} compiled models"
    total = sum(model.size for model in models) / 1e6
    yield f"{escaped(str(folder))}: {count}, {total:,.1f} MB"


def kept_past_line(kept: Sequence[KeptPast]) -> str:
    """Say on one line how many indexes of earlier notes are kept, how large they are, and where.

    There is one at least.
    """
    count = "1 index" if len(kept) == 1 else f"{len(kept):,} indexes"
    size = sum(one.size for one in kept) / 1e6
    return f"{escaped(str(Path(kept[0].folder).parent))}: {count} of earlier notes, {size:,.1f} MB"


def drift_line(drift: CorpusDrift, update_command: str) -> str:
    """Say how the corpus is ahead of the index, and what helps; "" when they are in step."""
    counts = {"added": drift.added, "changed": drift.changed, "removed": drift.removed}
    changes = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    return escaped(f"the index is behind: {changes}; run: {update_command}") if changes else ""
