"""Write what an update did and what an index holds: for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from notesearch.index.reports import CorpusDrift, IndexStatus, UpdateReport
from notesearch.records import Finding
from notesearch.render.terminal import escaped, printable, to_json


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
    value = asdict(report)
    value["seconds"] = {stage.value: round(s, 3) for stage, s in report.seconds.items()}
    return to_json(value)


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


def status_to_json(status: IndexStatus) -> str:
    """Write what an index holds as one JSON object."""
    return to_json(asdict(status))
