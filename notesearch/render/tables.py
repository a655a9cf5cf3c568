"""Hits for programs and documents: JSON, CSV, Markdown, paths. Each gives whole lines."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from io import StringIO

from notesearch.records import Hit
from notesearch.render.machine import to_json

_ADDRESSES = {
    "arxiv": "https://arxiv.org/abs/{}",
    "doi": "https://doi.org/{}",
    "openreview": "https://openreview.net/forum?id={}",
    "acl": "https://aclanthology.org/{}",
    "pubmed": "https://pubmed.ncbi.nlm.nih.gov/{}",
}


def hit_to_dict(hit: Hit) -> dict[str, object]:
    """Give a hit's fields in their fixed order, as JSON has them."""
    value = asdict(hit)
    value["role"] = hit.role.value if hit.role else None
    return value


def json_lines(hits: Sequence[Hit]) -> Iterator[str]:
    """Write hits as one JSON array, a hit a line."""
    if not hits:
        yield "[]"
        return
    for number, hit in enumerate(hits):
        opening = "[" if number == 0 else " "
        closing = "]" if number == len(hits) - 1 else ","
        yield f"{opening}{to_json(hit_to_dict(hit))}{closing}"


def jsonl_lines(hits: Sequence[Hit]) -> Iterator[str]:
    """Write hits as one JSON object a line."""
    return (to_json(hit_to_dict(hit)) for hit in hits)


def csv_lines(hits: Sequence[Hit]) -> Iterator[str]:
    """Write hits as CSV with a line of names; several values in a field are parted by `; `."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(field.name for field in fields(Hit))
    for hit in hits:
        values = hit_to_dict(hit).values()
        writer.writerow("; ".join(v) if isinstance(v, tuple) else v for v in values)
    yield buffer.getvalue().rstrip("\n")


def markdown_lines(hits: Sequence[Hit]) -> Iterator[str]:
    """Write hits as a numbered list with citations, to be pasted into a note."""
    for hit in hits:
        year = [str(hit.year)] if hit.year else []
        about = [_link(hit), *map(_escaped, hit.section[-1:]), *year, *_citation(hit)]
        yield f"{hit.rank}. {' · '.join(about)}"
        yield ""
        yield from (f"   > {line}".rstrip() for line in hit.text.split("\n"))
        yield ""


def path_lines(hits: Sequence[Hit]) -> Iterator[str]:
    """Write the file of each hit, each file once, best first."""
    return iter(dict.fromkeys(hit.path for hit in hits))


def paper_address(paper: str) -> str | None:
    """Give the web address of a paper's identity, where its kind has one."""
    scheme, _, name = paper.partition(":")
    return _ADDRESSES[scheme].format(name) if scheme in _ADDRESSES else None


def _link(hit: Hit) -> str:
    path = re.sub(r"([<>\\])", r"\\\1", hit.path)
    return f"**[{_escaped(hit.title)}](<{path}#L{hit.line_start}-L{hit.line_end}>)**"


def _citation(hit: Hit) -> list[str]:
    if hit.paper is None:
        return []
    address = paper_address(hit.paper)
    return [f"[{hit.paper}]({address})" if address else hit.paper]


def _escaped(text: str) -> str:
    """Write a text so that Markdown shows it as it is."""
    return re.sub(r"([\\\[\]<>*`])", r"\\\1", " ".join(text.split()))
