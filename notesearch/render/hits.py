"""Lay out hits for people: title, place, facts of the note, and the words that were found."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from notesearch.cells import cells, cut_to_cells
from notesearch.records import Hit, place_in
from notesearch.render.terminal import CONTROL_SIGNS, Style, escaped, printable
from notesearch.search.answer import Answer
from notesearch.search.snippets import Piece

_INDENT = " " * 4
_MAX_TAGS = 6
_MAX_COPIES = 2


def hit_lines(
    hit: Hit, text: Sequence[Piece], style: Style, corpus: Path | None = None
) -> Iterator[str]:
    """Lay out one hit: title and score, place and section, facts, then the marked text."""
    score = _score(hit)
    number = f"{hit.rank:>2}  "
    room = style.width - len(number) - len(score) - 2
    title = clipped(printable(hit.title), room)
    gap = " " * (style.width - len(number) - cells(title) - len(score)) if score else ""
    yield f"{number}{style.bold(title)}{gap}{style.faint(score)}"
    yield from _place(hit, style, corpus)
    if hit.copies:
        yield f"{_INDENT}{style.faint(clipped(_copies(hit), style.width - len(_INDENT)))}"
    facts = clipped(printable(_facts(hit)), style.width - len(_INDENT))
    if facts:
        yield f"{_INDENT}{style.faint(facts)}"
    for line in wrapped(text, style.width - len(_INDENT)):
        shown = "".join(style.match(piece.text) if piece.marked else piece.text for piece in line)
        yield f"{_INDENT}{shown}".rstrip()


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
        lines.append(printable(f"let through by: {answer.where}"))
    if answer.terms:
        lines.append(printable(_searched_words(answer)))
    for line in lines:
        yield f"{_INDENT}{style.faint(line)}"


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


def clipped(text: str, width: int) -> str:
    """Cut a line to a width, with a sign that it was cut."""
    return text if cells(text) <= width else cut_to_cells(text, width - 1).rstrip() + "…"


# rich wraps too, but loading it takes 12 ms of every question, and it breaks addresses, which stay
# whole here.
def wrapped(text: Sequence[Piece], width: int) -> list[list[Piece]]:
    """Break a text at spaces and line ends into lines of a width; a longer word stands alone."""
    if not any(piece.text.strip() for piece in text):
        return []
    lines: list[list[Piece]] = []
    for source in _split(text, "\n"):
        line = [Piece(printable(piece.text), piece.marked) for piece in source]
        lines += [line] if _width(line) <= width else _wrapped_line(line, width)
    return lines


def _wrapped_line(line: Sequence[Piece], width: int) -> list[list[Piece]]:
    lines: list[list[Piece]] = [[]]
    used = 0
    for word in _split(line, " "):
        if not any(piece.text for piece in word):
            continue
        for number, part in enumerate(_parts(word, width)):
            length = _width(part)
            if used and (number or used + 1 + length > width):
                lines.append([])
                used = 0
            if used:
                lines[-1].append(Piece(" "))
                used += 1
            lines[-1].extend(part)
            used += length
    return lines


def _split(text: Sequence[Piece], separator: str) -> list[list[Piece]]:
    """Split a text, each part as the pieces it consists of."""
    parts: list[list[Piece]] = [[]]
    for piece in text:
        first, *others = piece.text.split(separator)
        parts[-1].append(Piece(first, piece.marked))
        parts += [[Piece(other, piece.marked)] for other in others]
    return parts


def _parts(word: list[Piece], width: int) -> list[list[Piece]]:
    """Break a long word of wide signs, whose scripts write no spaces; others stay whole."""
    length = _width(word)
    if length <= width or length <= sum(len(piece.text) for piece in word):
        return [word]
    parts: list[list[Piece]] = [[]]
    for piece in word:
        rest = piece.text
        while rest:
            part = cut_to_cells(rest, width - _width(parts[-1]))
            part = part or ("" if parts[-1] else rest[0])
            if part:
                parts[-1].append(Piece(part, piece.marked))
                rest = rest[len(part) :]
            else:
                parts.append([])
    return parts


def _width(text: Sequence[Piece]) -> int:
    return sum(cells(piece.text) for piece in text)


def _copies(hit: Hit) -> str:
    """Name where the text stands too: the first two places, and how many more there are."""
    places = [escaped(str(copy)) for copy in hit.copies[:_MAX_COPIES]]
    more = len(hit.copies) - len(places)
    return f"also in {', '.join(places)}{f' and {more} more' if more else ''}"


def _place(hit: Hit, style: Style, corpus: Path | None) -> Iterator[str]:
    place = place_in(escaped(hit.path), hit.line_start, hit.line_end)
    section = printable(" › ".join(hit.section))
    room = style.width - len(_INDENT) - cells(place) - 2
    shown = style.place(place, _file_of(hit, corpus) if corpus else None)
    if section and room >= 12:
        yield f"{_INDENT}{shown}  {clipped(section, room)}"
    else:
        yield f"{_INDENT}{shown}"
        if section:
            yield f"{_INDENT}{clipped(section, style.width - len(_INDENT))}"


def _file_of(hit: Hit, corpus: Path) -> Path | None:
    """Return the file to link to; None where a path leads out of the corpus, or is no plain name.

    An index that came from somewhere else may hold any path.
    """
    root = os.path.abspath(corpus)  # noqa: PTH100 - takes `..` out without asking the disk
    file = Path(os.path.abspath(os.path.join(root, hit.path)))  # noqa: PTH100, PTH118
    return file if file.is_relative_to(root) and not CONTROL_SIGNS.search(hit.path) else None


def _facts(hit: Hit) -> str:
    tags = " ".join(f"#{tag.replace(' ', '-')}" for tag in hit.tags[:_MAX_TAGS])
    paper = hit.paper or ""
    if hit.year is not None:
        paper = f"{paper} ({hit.year})" if paper else str(hit.year)
    return " · ".join(part for part in (hit.date, paper, tags) if part)


def _score(hit: Hit) -> str:
    """Return the score, "" where there was no question to rank by."""
    if hit.cosine is None and hit.bm25 is None:
        return ""
    return f"{hit.score:.2f}{' weak' if hit.weak else ''}"
