"""Write papers for lists of references: `CITATION_FORMATS` has a row for each format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from notesearch.render.bibtex import address_of, bibtex_entry, readable_title
from notesearch.render.csl import csl_item
from notesearch.render.hit_formats import markdown_text
from notesearch.render.terminal import printable, to_json

if TYPE_CHECKING:
    from notesearch.papers import Paper


def bibtex_lines(papers: Sequence[Paper]) -> Iterator[str]:
    """Write papers as entries of a .bib file, with an empty line between two."""
    for number, paper in enumerate(papers):
        if number:
            yield ""
        yield from bibtex_entry(paper).split("\n")


def csl_lines(papers: Sequence[Paper]) -> Iterator[str]:
    """Write papers as one array of CSL-JSON, a paper a line."""
    array = ",\n ".join(to_json(csl_item(paper)) for paper in papers)
    yield from f"[{array}]".split("\n")


def reference_lines(papers: Sequence[Paper]) -> Iterator[str]:
    """Write papers as items of a list in Markdown: authors, year, title, link."""
    for paper in papers:
        yield f"- {_reference(paper)}"


def _reference(paper: Paper) -> str:
    address = address_of(paper)
    shown = markdown_text(_shown_id(paper.ids[0]) if paper.ids else address or "")
    link = f"[{shown}](<{address}>)" if address else shown
    return _sentences(paper, link, markdown_text, title="*{}*")


def reference_text(paper: Paper) -> str:
    """Return a reference as a sentence reads: authors, year, title, address."""
    shown = address_of(paper) or (_shown_id(paper.ids[0]) if paper.ids else "")
    return _sentences(paper, printable(shown), printable, title="{}")


def _sentences(paper: Paper, link: str, written: Callable[[str], str], *, title: str) -> str:
    authors = [written(name.in_text) for name in paper.names]
    if paper.and_others:
        named = ", ".join(authors) + " et al."
    elif len(authors) > 2:
        named = f"{', '.join(authors[:-1])}, and {authors[-1]}"
    else:
        named = " and ".join(authors)
    called = title.format(written(readable_title(paper)))
    year = f"({paper.year})" if paper.year else ""
    parts = [f"{named} {year}", called] if named else [f"{called} {year}"]
    if paper.entry:
        parts.append(written(paper.entry.text("journaltitle", "journal", "booktitle")))
    parts.append(link)
    return ". ".join(part.strip().removesuffix(".") for part in parts if part.strip()) + "."


def _shown_id(identity: str) -> str:
    return identity.replace("arxiv:", "arXiv:", 1)


CITATION_FORMATS: Mapping[str, Callable[[Sequence[Paper]], Iterator[str]]] = {
    "bibtex": bibtex_lines,
    "csl": csl_lines,
    "markdown": reference_lines,
}
