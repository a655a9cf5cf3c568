"""Records in, text for people and JSON for programs out; nothing here prints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from notesearch.index.records import IndexStatus, UpdateReport
from notesearch.records import Finding, Note, Passage, SkippedFile

_SHOWN_WORDS = 14


def note_to_json(note: Note, passages: Sequence[Passage]) -> str:
    """Write a note with its passages as one JSON object on one line."""
    value = {
        "id": note.id,
        "path": note.path,
        "title": note.title,
        "tags": note.tags,
        "folder_tags": note.folder_tags,
        "date": note.date,
        "year": note.year,
        "paper": note.paper,
        "kind": note.kind.value,
        "line_start": note.line_start,
        "line_end": note.line_end,
        "passages": [
            {
                "section": passage.section,
                "role": passage.role.value if passage.role else None,
                "line_start": passage.line_start,
                "line_end": passage.line_end,
                "text": passage.text,
                "search_text": passage.search_text,
                "tokens": passage.tokens,
            }
            for passage in passages
        ],
    }
    return to_json(value)


def to_json(value: object) -> str:
    """Write a value as JSON on one line; a lone surrogate is written as an escape."""
    text = json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def note_lines(note: Note, passages: Sequence[Passage]) -> Iterator[str]:
    """Describe a note for a person: what was read of it, then a line a passage."""
    kind = "" if note.kind.value == "note" else f"  ({note.kind.value})"
    yield f"{note.path}:{note.line_start}-{note.line_end}  {note.title}{kind}"
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
            yield f"    {name:8}{value}"
    for passage in passages:
        lines = f"{passage.line_start}-{passage.line_end}"
        role = f" [{passage.role.value}]" if passage.role else ""
        section = " > ".join(passage.section)
        words = passage.search_text.removeprefix(note.title).split()
        shown = " ".join(words[:_SHOWN_WORDS]) + (" …" if len(words) > _SHOWN_WORDS else "")
        yield f"    {lines:>9}  {passage.tokens:3} tokens  {section}{role}"
        yield f"               {shown}"


def remark_line(remark: Finding | SkippedFile) -> str:
    """Say what was odd or wrong with a file: place, finding."""
    place = f"{remark.path}, line {remark.line}" if remark.line else remark.path
    skipped = "left out: " if isinstance(remark, SkippedFile) else ""
    return f"{place}: {skipped}{remark.reason}"


def report_lines(report: UpdateReport) -> Iterator[str]:
    """Say what an update did, or with a dry run would do, and what it could not read."""
    for finding in report.findings:
        yield remark_line(finding)
    for skipped in report.skipped:
        yield remark_line(skipped)
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
    value = asdict(report)
    value["seconds"] = {stage.value: round(s, 3) for stage, s in report.seconds.items()}
    return to_json(value)


def status_lines(status: IndexStatus) -> Iterator[str]:
    """Describe an index for a person."""
    counts = status.counts
    yield f"{counts.passages:,} passages of {counts.notes:,} notes in {counts.files:,} files"
    size = (status.catalog_bytes + status.vectors_bytes) / 1e6
    yield f"model     {status.embedder}, {status.dimension} dimensions"
    yield f"reading   {status.reading}"
    yield f"size      {size:,.1f} MB"
    yield f"updated   {status.updated}, generation {status.generation}"
    drift = status.drift
    if drift is None:
        yield "corpus    not there"
    elif not (drift.added or drift.changed or drift.removed):
        yield "corpus    in step"
    else:
        changes = f"{drift.added} added, {drift.changed} changed, {drift.removed} removed"
        yield f"corpus    {changes} since; run: notesearch index"
    for skipped in status.failed:
        yield remark_line(skipped)


def status_to_json(status: IndexStatus) -> str:
    """Write what an index is as one JSON object."""
    return to_json(asdict(status))
