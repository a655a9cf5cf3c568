"""Write hits for programs and documents: `HIT_FORMATS` has a row for each format.

To add a format, write a function that returns whole lines, and add its row. JSON loses nothing;
the other formats leave control signs out, and write those of paths as escapes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from urllib.parse import quote

from notesearch.records import Hit
from notesearch.render.terminal import (
    CONTROL_SIGNS,
    escaped,
    printable,
    printable_lines,
    to_json,
)

_ADDRESSES = {
    "arxiv": "https://arxiv.org/abs/{}",
    "doi": "https://doi.org/{}",
    "openreview": "https://openreview.net/forum?id={}",
    "acl": "https://aclanthology.org/{}",
    "pubmed": "https://pubmed.ncbi.nlm.nih.gov/{}",
}
# Signs that make a spreadsheet read a cell as a formula, in narrow and wide form.
_FORMULA_SIGNS = tuple("=+-@＝＋－＠")
# Signs that could end a link's address, begin another part of it, or be read as an entity.
_NO_ADDRESS = re.compile(rf"[<>\\%#?&:]|{CONTROL_SIGNS.pattern}")
# Signs that Markdown reads as more than themselves; not `_` inside of a word.
_MARKUP = re.compile(r"[\\\[\]<>*~&`]|(?<![^\W_])_|_(?![^\W_])")


def json_lines(hits: Sequence[object]) -> Iterator[str]:
    """Write hits, or what else is found, as one JSON array, one a line."""
    array = ",\n ".join(jsonl_lines(hits))
    return iter(f"[{array}]".split("\n"))


def jsonl_lines(hits: Sequence[object]) -> Iterator[str]:
    """Write hits as one JSON object a line."""
    return map(to_json, hits)


def csv_lines(hits: Sequence[Hit]) -> Iterator[str]:
    """Write hits as CSV with a line of names; several values in a field are separated by `; `.

    A text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    import csv  # not for `--help`, which reads the table of formats
    from io import StringIO

    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(field.name for field in fields(Hit))
    for hit in hits:
        values = {field.name: getattr(hit, field.name) for field in fields(Hit)}
        values |= {"path": escaped(hit.path), "note_id": escaped(hit.note_id)}
        values["copies"] = tuple(escaped(str(copy)) for copy in hit.copies)
        writer.writerow(map(_cell, values.values()))
    yield buffer.getvalue().rstrip("\n")


def markdown_lines(hits: Sequence[Hit]) -> Iterator[str]:
    """Write hits as a numbered list with citations, to be pasted into a note."""
    for hit in hits:
        year = [str(hit.year)] if hit.year else []
        about = [markdown_link(hit), *map(markdown_text, hit.section[-1:]), *year, *_citation(hit)]
        number = f"{hit.rank}. "
        yield f"{number}{' · '.join(about)}"
        yield ""
        lines = printable_lines(hit.text).split("\n")
        yield from (f"{' ' * len(number)}> {line}".rstrip() for line in lines)
        yield ""


def path_lines(hits: Sequence[Hit]) -> Iterator[str]:
    """Write the file of each hit, each file once, best first; control signs as escapes."""
    return iter(dict.fromkeys(escaped(hit.path) for hit in hits))


@dataclass(frozen=True, slots=True)
class HitFormat:
    """A format of hits for programs: its function, and a few words for `--help`."""

    lines: Callable[[Sequence[Hit]], Iterator[str]]
    help: str


HIT_FORMATS: Mapping[str, HitFormat] = {
    "json": HitFormat(json_lines, "one array"),
    "jsonl": HitFormat(jsonl_lines, "an object a line"),
    "csv": HitFormat(csv_lines, "with a line of names"),
    "markdown": HitFormat(markdown_lines, "a list with citations"),
    "paths": HitFormat(path_lines, "the files, best first"),
}


def paper_address(paper: str) -> str | None:
    """Return the web address of a paper's identity, None where its kind has none."""
    scheme, _, name = paper.partition(":")
    if scheme not in _ADDRESSES:
        return None
    return _ADDRESSES[scheme].format(quote(name, safe="/:;,._-~", errors="replace"))


def markdown_link(hit: Hit) -> str:
    """Write a hit as a Markdown link to its lines."""
    lines = f"#L{hit.line_start}-L{hit.line_end}"
    path = _NO_ADDRESS.sub(lambda found: quote(found[0], errors="replace"), hit.path)
    return f"**[{markdown_text(hit.title)}](<{path}{lines}>)**"


def _citation(hit: Hit) -> list[str]:
    if hit.paper is None:
        return []
    address = paper_address(hit.paper)
    paper = markdown_text(hit.paper)
    return [f"[{paper}]({address})" if address else paper]


def markdown_text(text: str) -> str:
    """Write a text so that Markdown shows it as it is."""
    return _MARKUP.sub(r"\\\g<0>", " ".join(printable(text).split()))


def _cell(value: object) -> object:
    """Write a value of a CSV row; numbers are ours, and stay numbers."""
    if isinstance(value, tuple):
        value = "; ".join(one.value if isinstance(one, Enum) else one for one in value)
    if isinstance(value, Enum):
        value = value.value
    if not isinstance(value, str):
        return value
    text = printable_lines(value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA_SIGNS) else text
