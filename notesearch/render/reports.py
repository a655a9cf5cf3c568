"""What an update did and what an index is: for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from notesearch.index.reports import CorpusDrift, IndexStatus, UpdateReport
from notesearch.render.machine import to_json
from notesearch.render.remarks import remark_line
from notesearch.render.terminal import escaped, printable


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


def status_lines(status: IndexStatus, update_command: str) -> Iterator[str]:
    """Describe an index for a person; the command is the one that brings it in step."""
    counts = status.counts
    yield f"{counts.passages:,} passages of {counts.notes:,} notes in {counts.files:,} files"
    size = (status.catalog_bytes + status.vectors_bytes) / 1e6
    yield printable(f"model     {status.embedder}, {status.dimension} dimensions")
    yield printable(f"reading   {status.reading}")
    yield f"size      {size:,.1f} MB"
    yield printable(f"updated   {status.updated}, generation {status.generation}")
    there = "" if status.drift else ", which is not there"
    yield f"corpus    {escaped(status.corpus)}{there}"
    if status.drift:
        yield f"          {drift_line(status.drift, update_command) or 'in step'}"
    for skipped in status.failed:
        yield remark_line(skipped)


def drift_line(drift: CorpusDrift, update_command: str) -> str:
    """Say how the corpus is ahead of the index, and what helps; nothing when they are in step."""
    counts = {"added": drift.added, "changed": drift.changed, "removed": drift.removed}
    changes = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    return escaped(f"the index is behind: {changes}; run: {update_command}") if changes else ""


def status_to_json(status: IndexStatus) -> str:
    """Write what an index is as one JSON object."""
    return to_json(asdict(status))
