"""Lay out hits for people: title, place, facts of the note, and the words that were found."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from notesearch.cells import cells
from notesearch.editors import note_address
from notesearch.records import Hit, place_in
from notesearch.render.terminal import CONTROL_SIGNS, Style, escaped, printable
from notesearch.render.wrapping import clipped, wrapped, wrapped_words
from notesearch.search.answer import Answer, Correction
from notesearch.search.snippets import Piece
from notesearch.spelling import normalise_tag

_INDENT = " " * 4
_MAX_TAGS = 6
_MAX_COPIES = 2


@dataclass(frozen=True, slots=True)
class FileLinks:
    """What links the places of hits to the files that they stand in."""

    corpus: Path
    editor: str = ""  # one of `EDITORS`, or ""
    takes_fragment: bool = False  # the terminal opens `file:///note.md#7` at the line
    prefix: str = ""  # of the paths, where several indexes are asked: the name of theirs

    def address(self, hit: Hit) -> str | None:
        """Return where a hit's place leads; None for a path out of the corpus, or no plain name.

        An index that came from somewhere else may hold any path.
        """
        root = os.path.abspath(self.corpus)  # noqa: PTH100 - takes `..` out without asking the disk
        file = Path(os.path.abspath(os.path.join(root, hit.path.removeprefix(self.prefix))))  # noqa: PTH100, PTH118
        if not file.is_relative_to(root) or CONTROL_SIGNS.search(hit.path):
            return None
        section = hit.section[-1] if hit.section else ""
        return note_address(
            self.editor, file, hit.line_start, section, takes_fragment=self.takes_fragment
        )


def hit_lines(
    hit: Hit,
    text: Sequence[Piece],
    style: Style,
    links: FileLinks | None = None,
    *,
    score: str | None = None,
) -> Iterator[str]:
    """Lay out one hit: title and score, place and section, facts, then the marked text.

    A `score` in words stands in the place of the hit's own.
    """
    score = shown_score(hit) if score is None else score
    number = f"{hit.rank:>2}  "
    room = style.width - len(number) - len(score) - 2
    title = clipped(printable(hit.title), room)
    gap = " " * (style.width - len(number) - cells(title) - len(score)) if score else ""
    yield f"{number}{style.bold(title)}{gap}{style.faint(score)}"
    yield from _place(hit, style, links)
    if hit.copies:
        yield f"{_INDENT}{style.faint(clipped(_copies(hit), style.width - len(_INDENT)))}"
    facts = clipped(printable(_facts(hit)), style.width - len(_INDENT))
    if facts:
        yield f"{_INDENT}{style.faint(facts)}"
    for line in wrapped(text, style.width - len(_INDENT)):
        shown = "".join(style.match(piece.text) if piece.marked else piece.text for piece in line)
        yield f"{_INDENT}{shown}".rstrip()


def name_corrections(corrections: Sequence[Correction]) -> str:
    """Say which words were asked for in the place of others, and how to have these."""
    taken = ", ".join(correction.taken for correction in corrections)
    typed = " or ".join(correction.typed for correction in corrections)
    return f"asked for {taken}, as no note says {typed} (quotes keep a word as it is)"


def explanation(hit: Hit, answer: Answer, style: Style) -> Iterator[str]:
    """Explain how a hit came about: its measures, the verdict, the filters and the words."""
    fused = answer.fused.get(hit.passage_id)
    score = "score" if fused is None else "reranked"
    measures = {"cosine": hit.cosine, "bm25": hit.bm25, "fused": fused, score: hit.score}
    parts = [f"{name} {value:.3f}" for name, value in measures.items() if value is not None]
    if answer.relevance is not None:
        parts.append(f"relevance {answer.relevance:.2f}")
    lines = [" · ".join(parts)]
    if answer.where:
        lines.append(f"let through by: {answer.where}")
    if answer.terms:
        lines.append(_searched_words(answer))
    for line in lines:
        for part in wrapped_words(line, style, _INDENT):
            yield f"{_INDENT}{style.faint(part.removeprefix(_INDENT))}"


def _searched_words(answer: Answer) -> str:
    """Name the words that were searched for, and how far they counted."""
    parts = ["words: " + " ".join(term.strip('"') for term in answer.terms)]
    if answer.pairs:
        parts.append("side by side: " + ", ".join(answer.pairs))
    if answer.rewordings:
        parts.append("also: " + ", ".join(answer.rewordings))
    if answer.evidence is not None:
        parts.append(f"evidence {answer.evidence:.2f}")
    return " · ".join(parts)


def _copies(hit: Hit) -> str:
    """Name where the text stands too: the first two places, and how many more there are."""
    places = [escaped(str(copy)) for copy in hit.copies[:_MAX_COPIES]]
    more = len(hit.copies) - len(places)
    return f"also in {', '.join(places)}{f' and {more} more' if more else ''}"


def _place(hit: Hit, style: Style, links: FileLinks | None) -> Iterator[str]:
    place = place_in(escaped(hit.path), hit.line_start, hit.line_end)
    section = printable(" › ".join(hit.section))
    room = style.width - len(_INDENT) - cells(place) - 2
    shown = style.place(place, links.address(hit) if links else None)
    if section and room >= 12:
        yield f"{_INDENT}{shown}  {clipped(section, room)}"
    else:
        yield f"{_INDENT}{shown}"
        if section:
            yield f"{_INDENT}{clipped(section, style.width - len(_INDENT))}"


def _facts(hit: Hit) -> str:
    # The path, which stands above, names the folders already; where several indexes are asked, it
    # begins with the name of its own and a colon.
    folders = {normalise_tag(folder) for folder in hit.path.replace(":", "/").split("/")[:-1]}
    own = [tag for tag in hit.tags if normalise_tag(tag) not in folders]
    tags = " ".join(f"#{tag.replace(' ', '-')}" for tag in own[:_MAX_TAGS])
    paper = hit.paper or ""
    if hit.year is not None:
        paper = f"{paper} ({hit.year})" if paper else str(hit.year)
    return " · ".join(part for part in (hit.date, paper, tags) if part)


def shown_score(hit: Hit) -> str:
    """Return the score; of a weak hit that it is one, and "" without a question to rank by."""
    if hit.cosine is None and hit.bm25 is None:
        return ""
    # The best of what answers nothing may well have 0.8, which a person would believe.
    return "weak" if hit.weak else f"{hit.score:.2f}"
