"""Write papers for lists of references: `CITATION_FORMATS` has a row for each format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from notesearch.person_names import split_name
from notesearch.render.bibtex import address_of, bibtex_entry, ids_by_scheme, readable_title
from notesearch.render.hit_formats import markdown_text
from notesearch.render.terminal import printable, to_json

if TYPE_CHECKING:
    from notesearch.papers import Paper

# Fields of CSL for ids of these kinds.
_CSL_IDS = {"doi": "DOI", "pubmed": "PMID", "pmc": "PMCID"}


def bibtex_lines(papers: Sequence[Paper]) -> Iterator[str]:
    """Write papers as entries of a .bib file, with an empty line between two."""
    for number, paper in enumerate(papers):
        if number:
            yield ""
        yield from bibtex_entry(paper).split("\n")


def csl_lines(papers: Sequence[Paper]) -> Iterator[str]:
    """Write papers as one array of CSL-JSON, a paper a line."""
    array = ",\n ".join(to_json(_csl_item(paper)) for paper in papers)
    yield from f"[{array}]".split("\n")


def _csl_item(paper: Paper) -> dict[str, object]:
    ids = ids_by_scheme(paper)
    item: dict[str, object] = {
        "id": paper.key,
        "type": "article" if list(ids) == ["arxiv"] else "document",  # article: a preprint
        "title": readable_title(paper),
    }
    if paper.authors:
        # CSL has no word for `et al.`; pandoc writes and reads this one.
        others = [{"literal": "others"}] if paper.and_others else []
        item["author"] = [*map(_csl_name, paper.authors), *others]
    if paper.year:
        item["issued"] = {"date-parts": [[paper.year]]}
    if "arxiv" in ids:
        item["number"] = f"arXiv:{ids['arxiv']}"
    item |= {name: ids[scheme] for scheme, name in _CSL_IDS.items() if scheme in ids}
    if address := address_of(paper):
        item["URL"] = address
    return item


def _csl_name(author: str) -> dict[str, str]:
    name = split_name(printable(author))
    if name.is_whole:
        return {"literal": name.family}
    parts = {
        "family": name.family,
        "given": name.given,
        "non-dropping-particle": name.particle,
        "suffix": name.suffix,
    }
    return {part: text for part, text in parts.items() if text}


def reference_lines(papers: Sequence[Paper]) -> Iterator[str]:
    """Write papers as items of a list in Markdown: authors, year, title, link."""
    for paper in papers:
        yield f"- {_reference(paper)}"


def _reference(paper: Paper) -> str:
    authors = [markdown_text(author_in_text(author)) for author in paper.authors]
    if paper.and_others:
        named = ", ".join(authors) + " et al."
    elif len(authors) > 2:
        named = f"{', '.join(authors[:-1])}, and {authors[-1]}"
    else:
        named = " and ".join(authors)
    title = f"*{markdown_text(readable_title(paper))}*"
    year = f"({paper.year})" if paper.year else ""
    parts = [f"{named} {year}", title] if named else [f"{title} {year}"]
    address = address_of(paper)
    shown = _shown_id(paper.ids[0]) if paper.ids else address or ""
    if shown:
        text = markdown_text(shown)
        parts.append(f"[{text}](<{address}>)" if address else text)
    return ". ".join(part.strip().removesuffix(".") for part in parts) + "."


def author_in_text(author: str) -> str:
    """Return a name in the order in which it is read."""
    name = split_name(author)
    parts = (name.given, name.particle, name.family, name.suffix)
    return " ".join(part for part in parts if part)


def _shown_id(identity: str) -> str:
    return identity.replace("arxiv:", "arXiv:", 1)


CITATION_FORMATS: Mapping[str, Callable[[Sequence[Paper]], Iterator[str]]] = {
    "bibtex": bibtex_lines,
    "csl": csl_lines,
    "markdown": reference_lines,
}
