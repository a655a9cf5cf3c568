"""Write notes, tags, and what an index holds and an update did: for people, and notes as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from notesearch.index.reports import CorpusDrift, IndexStatus, UpdateReport
from notesearch.index.snapshot import StoredNote, TagCount
from notesearch.records import Finding, Note, Passage, facts_of
from notesearch.render.terminal import Style, escaped, printable, printable_lines, to_json

_SHOWN_WORDS = 14
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


def note_lines(note: Note, passages: Sequence[Passage]) -> Iterator[str]:
    """Describe a note for a person: its facts, then two lines for each passage."""
    kind = "" if note.kind.value == "note" else f"  ({note.kind.value})"
    place = f"{escaped(note.path)}:{note.line_start}-{note.line_end}"
    yield printable(f"{place}  {note.title}{kind}")
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
    for name, value in facts.items():
        if value:
            yield printable(f"    {name:<9}{value}")
    for passage in passages:
        lines = f"{passage.line_start}-{passage.line_end}"
        role = f" [{', '.join(role.value for role in passage.roles)}]" if passage.roles else ""
        section = " › ".join(passage.section)
        words = passage.search_text.removeprefix(note.title).split()
        shown = " ".join(words[:_SHOWN_WORDS]) + (" …" if len(words) > _SHOWN_WORDS else "")
        yield printable(f"    {lines:>9}  {passage.tokens:3} tokens  {section}{role}".rstrip())
        yield printable(f"               {shown}")


def listed_note_line(note: StoredNote) -> str:
    """Name a note in one line: date, place, title, tags."""
    path = escaped(note.path)
    place = f"{path}:{note.line_start}" if "#" in note.note_id else path
    tags = " ".join(f"#{tag.replace(' ', '-')}" for tag in note.tags)
    parts = (f"{note.date or '':10}", place, note.title, tags)
    return printable("  ".join(part for part in parts if part))


def stored_note_to_json(note: StoredNote) -> str:
    """Write a note of the index as one JSON object."""
    place = {name: getattr(note, name) for name in ("note_id", *_NOTE_FIELDS[1:])}
    return to_json(place | facts_of(note))


def shown_note_lines(note: StoredNote, passages: Sequence[Passage], style: Style) -> Iterator[str]:
    """Show a note of the index: its facts, then its passages with their lines."""
    yield style.bold(printable(note.title))
    facts = {
        "id": escaped(note.note_id),
        "lines": f"{escaped(note.path)}:{note.line_start}-{note.line_end}",
        "tags": ", ".join(dict.fromkeys(note.tags + note.folder_tags)),
        "date": note.date,
        "paper": note.paper,
        "year": note.year,
        "authors": ", ".join(note.authors),
        "aliases": ", ".join(note.aliases),
        "links": " ".join(note.links),
    }
    for name, value in facts.items():
        if value:
            yield f"{style.faint(f'{name:<9}')}{printable(str(value))}"
    for passage in passages:
        yield ""
        yield style.faint(f"{passage.line_start}-{passage.line_end}")
        yield from printable_lines(passage.text).split("\n")


def tag_lines(counts: Sequence[TagCount], *, tree: bool = False) -> Iterator[str]:
    """List tags with the notes of each; as a tree, children stand below their parents."""
    width = max((len(f"{tag.notes:,}") for tag in counts), default=1)
    if not tree:
        for tag in counts:
            yield printable(f"{tag.notes:>{width},}  {tag.written}{'/' if tag.folder else ''}")
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
        yield printable(f"{count:>{width}}  {'  ' * len(above)}{last}")


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


def report_to_json(report: UpdateReport) -> str:
    """Write the report of an update as one JSON object."""
    seconds = {stage.value: round(s, 3) for stage, s in report.seconds.items()}
    return to_json(asdict(report) | {"seconds": seconds})


def status_lines(status: IndexStatus, update_command: str) -> Iterator[str]:
    """Describe an index for a person; the command is the one that brings it in step."""
    counts = status.counts
    yield f"{counts.passages:,} passages of {counts.notes:,} notes in {counts.files:,} files"
    size = (status.catalog_bytes + status.vectors_bytes) / 1e6
    yield printable(f"model     {status.embedder}, {status.dimension} dimensions")
    yield printable(f"reading   {status.reading}")
    yield f"size      {size:,.1f} MB"
    yield printable(f"updated   {status.updated}, generation {status.generation}")
    missing = "" if status.drift else ", which is not there"
    yield f"corpus    {escaped(status.corpus)}{missing}"
    if status.drift:
        yield f"          {drift_line(status.drift, update_command) or 'in step'}"
    yield from (finding_line(skipped, left_out=True) for skipped in status.failed)


def drift_line(drift: CorpusDrift, update_command: str) -> str:
    """Say how the corpus is ahead of the index, and what helps; "" when they are in step."""
    counts = {"added": drift.added, "changed": drift.changed, "removed": drift.removed}
    changes = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    return escaped(f"the index is behind: {changes}; run: {update_command}") if changes else ""
