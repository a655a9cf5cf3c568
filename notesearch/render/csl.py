"""Write papers as items of CSL-JSON 1.0.2: from what notes say, or from the person's own entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from notesearch.person_names import PersonName
from notesearch.render.bibtex import address_of, ids_by_scheme, plain_address, readable_title
from notesearch.render.terminal import printable

if TYPE_CHECKING:
    from notesearch.bibliography.bib_entry import BibEntry
    from notesearch.papers import Paper

# Fields of CSL for ids of these kinds.
_IDS = {"doi": "DOI", "pubmed": "PMID", "pmc": "PMCID"}
# The types of CSL for the kinds of BibTeX and biblatex; any other is a document.
_TYPES = {
    "article": "article-journal", "inproceedings": "paper-conference",
    "conference": "paper-conference", "book": "book", "mvbook": "book", "collection": "book",
    "proceedings": "book", "manual": "book", "booklet": "pamphlet", "inbook": "chapter",
    "incollection": "chapter", "inreference": "entry-encyclopedia", "phdthesis": "thesis",
    "mastersthesis": "thesis", "thesis": "thesis", "techreport": "report", "report": "report",
    "unpublished": "manuscript", "online": "webpage", "electronic": "webpage", "www": "webpage",
    "dataset": "dataset", "software": "software", "patent": "patent",
}  # fmt: skip
# Fields of CSL, each with those of an entry that may say it, the most telling first.
_TEXTS = {
    "container-title": ("journaltitle", "journal", "booktitle", "maintitle"),
    "collection-title": ("series",),
    "event-title": ("eventtitle",),
    "publisher": ("publisher", "school", "institution", "organization"),
    "publisher-place": ("location", "address"),
    "edition": ("edition",),
    "volume": ("volume",),
    "issue": ("issue", "number"),
    "page": ("pages", "eid"),
    "genre": ("type",),
    "language": ("langid", "language"),
    "ISBN": ("isbn",),
    "ISSN": ("issn",),
    "title-short": ("shorttitle",),
}
_NUMBERED = ("report", "patent", "document", "article")  # types whose number is no issue's
_GENRES = {"phdthesis": "PhD thesis", "mastersthesis": "Master’s thesis"}


def csl_item(paper: Paper) -> dict[str, object]:
    """Return a paper as one item."""
    item: dict[str, object] = {
        "id": paper.key,
        "type": _type(paper),
        "title": readable_title(paper),
    }
    if paper.names:
        item["author"] = _names(paper.names, and_others=paper.and_others)
    if paper.entry:
        item |= _of_entry(paper.entry, str(item["type"]))
    if paper.year:
        date = paper.entry.date if paper.entry and paper.entry.date else (paper.year,)
        item["issued"] = {"date-parts": [list(date)]}
    ids = ids_by_scheme(paper)
    if "arxiv" in ids and "container-title" not in item:
        item.setdefault("number", f"arXiv:{ids['arxiv']}")
    item |= {name: ids[scheme] for scheme, name in _IDS.items() if scheme in ids}
    own = plain_address(paper.entry.address("url")) if paper.entry else ""
    if address := own or address_of(paper):
        item["URL"] = address
    return item


def _type(paper: Paper) -> str:
    """Return the type of an item; that of a preprint is `article`, however its entry calls it."""
    is_preprint = list(ids_by_scheme(paper)) == ["arxiv"]
    known = _TYPES.get(paper.entry.kind, "") if paper.entry else ""
    if is_preprint and known in ("", "article-journal", "webpage"):
        return "article"
    return known or "document"


def _of_entry(entry: BibEntry, csl_type: str) -> dict[str, object]:
    """Return what an entry says beside title, authors, date and ids."""
    item = {name: printable(entry.text(*fields)) for name, fields in _TEXTS.items()}
    if csl_type in _NUMBERED:
        item["number"] = item.pop("issue")
    item["page"] = re.sub(r"\s*[–—-]+\s*", "-", item["page"])
    item["genre"] = item["genre"] or _GENRES.get(entry.kind, "")
    found: dict[str, object] = {name: text for name, text in item.items() if text}
    editors, and_others = entry.names("editor")
    if editors:
        found["editor"] = _names(editors, and_others=and_others)
    return found


def _names(names: tuple[PersonName, ...], *, and_others: bool) -> list[dict[str, str]]:
    # CSL has no word for `et al.`; pandoc writes and reads this one.
    others = [{"literal": "others"}] if and_others else []
    return [*map(_name, names), *others]


def _name(name: PersonName) -> dict[str, str]:
    if name.is_whole:
        return {"literal": printable(name.family)}
    return dict(_name_parts(name))


def _name_parts(name: PersonName) -> Iterator[tuple[str, str]]:
    yield "family", printable(name.family)
    yield "given", printable(name.given)
    if name.particle:
        yield "non-dropping-particle", printable(name.particle)
    if name.suffix:
        yield "suffix", printable(name.suffix)
