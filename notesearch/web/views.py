"""What the templates of the page show, made of hits and notes."""

from __future__ import annotations

import os
from calendar import month_abbr
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path

from notesearch.editors import ADDRESSED, OBSIDIAN, editor_of, is_in_vault, note_address
from notesearch.index.linked_notes import FoundLink
from notesearch.index.snapshot import StoredNote, TagCount
from notesearch.papers import Paper
from notesearch.query.filters import AnyOf, OnPaper, Tag
from notesearch.records import Hit, NoteKind, place_in
from notesearch.render.bibtex import readable_title
from notesearch.render.citations import bibtex_lines, reference_text
from notesearch.render.hit_formats import markdown_link, paper_address
from notesearch.render.hits import name_corrections
from notesearch.render.quotes import LEGEND, describe_found, marked_pieces
from notesearch.render.terminal import printable
from notesearch.search.answer import Answer
from notesearch.search.quotes import FoundBy, Quote
from notesearch.search.snippets import GAP, Piece
from notesearch.spelling import normalise_tag
from notesearch.web.addresses import note_address as note_page
from notesearch.web.facets import own_tags
from notesearch.web.question_line import with_filter

_MOST_TAGS = 6


@dataclass(frozen=True, slots=True)
class Link:
    """A text, and where it leads; "" for nowhere."""

    text: str
    address: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class HitView:
    """A hit as the page shows it."""

    rank: int
    title: str
    address: str
    place: str
    section: str
    snippet: Sequence[Piece]
    date: str
    paper: Link | None
    tags: tuple[Link, ...]
    also_in: tuple[Link, ...]
    score: str
    copies: dict[str, str]  # what can be copied, by what it is called


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link from another note: that note, at the line, with the sentence."""

    title: str
    address: str
    sentence: str


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note in a list."""

    title: str
    address: str
    place: str
    date: str
    paper: Link | None
    tags: tuple[Link, ...]
    is_copy: bool = False  # it has the same text as another one on its paper


def link_view(link: FoundLink) -> LinkView:
    """Return what is shown of a link from another note."""
    address = note_page(link.note_id, str(link.line))
    return LinkView(printable(link.title), address, printable(link.sentence))


def hit_view(hit: Hit, snippet: Sequence[Piece], line: str) -> HitView:
    """Return what is shown of a hit, for the question of this line."""
    lines = _lines(hit.line_start, hit.line_end)
    place = place_in(printable(hit.path), hit.line_start, hit.line_end)
    is_ranked = hit.cosine is not None or hit.bm25 is not None
    return HitView(
        rank=hit.rank,
        title=printable(hit.title),
        address=note_page(hit.note_id, lines, line),
        place=place,
        section=printable(" › ".join(hit.section)),
        snippet=_tidied(snippet),
        date=printable(hit.date or ""),
        paper=paper_link(hit.paper, hit.year),
        tags=tag_links(hit, line),
        also_in=tuple(
            Link(
                printable(str(copy)),
                note_page(copy.note_id, _lines(copy.line_start, copy.line_end)),
            )
            for copy in hit.copies
        ),
        score=f"{hit.score:.2f}" if is_ranked and not hit.weak else "",
        copies={
            "Markdown link": markdown_link(hit),
            "place": place,
            "citation": _citation(hit, place),
        },
    )


def note_view(note: StoredNote, *, is_copy: bool = False) -> NoteView:
    """Return what a list shows of a note."""
    return NoteView(
        title=printable(note.title),
        address=note_page(note.note_id),
        place=printable(note.path),
        date=printable(note.date or ""),
        paper=paper_link(note.paper, note.year),
        tags=tag_links(note, ""),
        is_copy=is_copy,
    )


def tag_links(found: Hit | StoredNote, line: str) -> tuple[Link, ...]:
    """Return the written tags, each with the line that asks for it too; not those of the path."""
    return tuple(
        Link(printable(tag), with_filter(line, str(Tag(normalise_tag(tag)))))
        for tag in own_tags(found)[:_MOST_TAGS]
        if normalise_tag(tag)
    )


def paper_link(paper: str | None, year: int | None) -> Link | None:
    """Return the paper as it is named, with its address on the web."""
    if paper is None:
        return Link(str(year)) if year is not None else None
    text = f"{paper} ({year})" if year is not None else paper
    return Link(printable(text), paper_address(paper) or "")


def quote_view(quote: Quote) -> HitView:
    """Return what is shown of a passage that says a quote: the sentence, with what differs."""
    hit = replace(quote.hit, line_start=quote.line_start, line_end=quote.line_end)
    return replace(hit_view(hit, marked_pieces(quote), ""), score=describe_found(quote))


def news_of_quotes(quotes: Sequence[Quote]) -> list[str]:
    """Return what a person should know of the passages that say a quote."""
    if not quotes:
        return ["No note says it."]
    if all(one.hit.weak for one in quotes):
        return ["No note says it, nor anything like it; this is the nearest there is."]
    differs = any(one.found is FoundBy.NEAR for one in quotes)
    return [f"{LEGEND[0].upper()}{LEGEND[1:]}"] if differs else []


def news_of(answer: Answer) -> list[str]:
    """Return what a person should know of an answer, beside its hits."""
    news = []
    if answer.corrections:
        news.append(printable(name_corrections(answer.corrections)))
    if answer.weak:
        nearest = "; this is the nearest there is" if answer.hits else ""
        news.append(f"Nothing relevant was found{nearest}.")
    elif not answer.hits:
        news.append("No note matches.")
    return news


def editor_link(
    corpus: Path | None, note: StoredNote, line: int, section: str, editor: str
) -> Link | None:
    """Return what opens a note at a line in the person's editor, where that has addresses."""
    if corpus is None or note.kind is NoteKind.ADDED:
        return None
    editor = editor or editor_of(os.environ, in_vault=is_in_vault(corpus))
    file = Path(os.path.abspath(corpus / note.path))  # noqa: PTH100 - takes `..` out
    if editor not in ADDRESSED or not file.is_relative_to(corpus):
        return None
    name = "Obsidian" if editor == OBSIDIAN else editor
    return Link(f"Open in {name}", note_address(editor, file, line, section))


# ---------------------------------------------------------------- to browse by


@dataclass(frozen=True, slots=True)
class Month:
    """The notes of a month."""

    name: str  # "Jun"; "" where dates say no more than the year
    line: str
    count: int


def months_by_year(notes: Sequence[StoredNote]) -> dict[str, list[Month]]:
    """Count the notes of each month, the newest first; a date may be of a year alone."""
    counts = Counter(note.date[:7] for note in notes if note.date)
    years: defaultdict[str, list[Month]] = defaultdict(list)
    for date in sorted(counts, reverse=True):
        name = month_abbr[int(date[5:])] if date[5:] else ""
        years[date[:4]].append(Month(name, f"date:{date}", counts[date]))
    return dict(years)


def topics(tags: Sequence[TagCount]) -> list[Link]:
    """Return the tags as links, the written ones where there are some, the commonest first."""
    written = [tag for tag in tags if not tag.folder]
    return [
        Link(printable(tag.written), str(Tag(tag.normal)), tag.notes) for tag in written or tags
    ]


def shared_papers(papers: Sequence[Paper], most: int) -> Iterator[tuple[Link, list[NoteView]]]:
    """Yield papers that several notes are on, those with most notes first."""
    several = [paper for paper in papers if len(paper.notes) > 1]
    for paper in sorted(several, key=lambda paper: -len(paper.notes))[:most]:
        line = str(AnyOf(tuple(map(OnPaper, paper.ids)))) if paper.ids else ""
        year = f" ({paper.year})" if paper.year else ""
        yield Link(f"{readable_title(paper)}{year}", line), notes_on(paper)


def notes_on(paper: Paper, but: str = "") -> list[NoteView]:
    """Return the notes on a paper, but for the one with this id."""
    return [
        note_view(note, is_copy=note.note_id in paper.copies)
        for note in paper.notes
        if note.note_id != but
    ]


def copies_of(paper: Paper) -> dict[str, str]:
    """Return what can be copied of a paper, by what it is called."""
    return {
        "BibTeX": "\n".join(bibtex_lines([paper])),
        "reference": reference_text(paper),
    }


def _tidied(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces of a snippet, where what is left out begins no line of its own."""
    return [
        replace(piece, text=piece.text.rstrip("\n")) if after == GAP else piece
        for piece, after in zip_longest(pieces, pieces[1:])
    ]


def _lines(start: int, end: int) -> str:
    return f"{start}-{end}" if end > start else str(start)


def _citation(hit: Hit, place: str) -> str:
    """Return a reference with the place, of what the hit says.

    To gather all notes by their papers, as the page of a note does, takes longer than the answer.
    """
    paper = Paper(
        key="",
        ids=(hit.paper,) if hit.paper else (),
        title=hit.title,
        year=hit.year,
        authors=(),
        and_others=False,
        link=None,
        notes=(),
    )
    return f"{reference_text(paper)} {place}"
