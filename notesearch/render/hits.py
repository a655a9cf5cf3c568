"""Hits for people: title, place, what is known of the note, and the words that made it win."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from notesearch.cells import cells, cut_to_cells
from notesearch.records import Hit
from notesearch.render.terminal import CONTROL_SIGNS, Style, escaped, printable
from notesearch.search.answer import Answer
from notesearch.search.snippets import Look, cut_snippet

_INDENT = 4
# The heading of a section stands beside the place already.
_HEADING_LINES = re.compile(r"\A(?:\s*#{1,6} [^\n]*\n)+\s*")
# A heading with text right below it, which is no sentence with that text; in code it is a comment.
_HEADING_END = re.compile(
    r"(?P<code>```.*?(?:```|\Z))|^(?P<heading> {0,3}#{1,6} [^\n]*)\n(?!\n)",
    re.MULTILINE | re.DOTALL,
)
# A line end inside a paragraph; before a heading, a bullet, a row or a blank line it says more.
_LOOSE_BREAK = re.compile(r"(?<!\n)\n(?!\s*(?:\n|[-*+|>] |#{1,6} |\d+[.)] |```))")
_MAX_TAGS = 6


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text that is marked, or is not."""

    text: str
    marked: bool = False


def hit_lines(
    hit: Hit, runs: Sequence[Run], style: Style, corpus: Path | None = None
) -> Iterator[str]:
    """Lay out one hit: title and score, place and section, facts, then the text in `runs`."""
    score = _score(hit)
    number = f"{hit.rank:>2}  "
    room = style.width - len(number) - len(score) - 2
    title = clipped(printable(hit.title), room)
    gap = " " * (style.width - len(number) - cells(title) - len(score)) if score else ""
    yield f"{number}{style.bold(title)}{gap}{style.faint(score)}"
    yield from _place(hit, style, corpus)
    facts = clipped(printable(_facts(hit)), style.width - _INDENT)
    if facts:
        yield f"{' ' * _INDENT}{style.faint(facts)}"
    for line in wrapped(runs, style.width - _INDENT):
        shown = "".join(style.match(run.text) if run.marked else run.text for run in line)
        yield f"{' ' * _INDENT}{shown}".rstrip()


def text_runs(text: str, words: str, max_chars: int | None) -> list[Run]:
    """Mark the words of a question in a passage, cut to the sentences that hold most of them.

    With no `max_chars` the passage is given whole, its heading and its lines as they are.
    """
    if max_chars is None:
        pieces = cut_snippet(text, words, max_chars=len(text))
    else:
        body = _HEADING_LINES.sub("", text, count=1) or text
        body = _HEADING_END.sub(lambda m: m["code"] or f"{m['heading']}\n\n", body)
        body = _LOOSE_BREAK.sub(" ", body)
        pieces = cut_snippet(body, words, max_chars=max_chars)
    return [
        Run(" … ") if piece.look is Look.GAP else Run(piece.text, piece.look is Look.MARKED)
        for piece in pieces
    ]


def explanation(hit: Hit, answer: Answer, style: Style) -> Iterator[str]:
    """Say how a hit came about: its measures, the words looked for, the floor."""
    fused = answer.fused.get(hit.passage_id)
    score = "score" if fused is None else "reranked"
    measures = {"cosine": hit.cosine, "bm25": hit.bm25, "fused": fused, score: hit.score}
    parts = [f"{name} {value:.3f}" for name, value in measures.items() if value is not None]
    if answer.floor is not None:
        parts.append(f"floor {answer.floor:.3f}")
    same = answer.duplicates.get(hit.passage_id)
    if same:
        parts.append(f"the same text stands in {same} more")
    yield f"{' ' * _INDENT}{style.faint(' · '.join(parts))}"
    if answer.where:
        yield f"{' ' * _INDENT}{style.faint(printable(f'let through by: {answer.where}'))}"
    if answer.terms:
        yield f"{' ' * _INDENT}{style.faint(printable(_words_said(answer)))}"


def _words_said(answer: Answer) -> str:
    """Say what was looked for, and how far it counted."""
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


def wrapped(runs: Sequence[Run], width: int) -> list[list[Run]]:
    """Break runs at spaces and line ends into lines of a width; a longer word stands alone."""
    if not any(run.text.strip() for run in runs):
        return []
    return [line for runs in _split_lines(runs) for line in _wrapped_line(runs, width)]


def _split_lines(runs: Sequence[Run]) -> list[list[Run]]:
    lines: list[list[Run]] = [[]]
    for run in runs:
        for number, part in enumerate(run.text.split("\n")):
            if number:
                lines.append([])
            lines[-1].append(Run(printable(part), run.marked))
    return lines


def _wrapped_line(runs: list[Run], width: int) -> list[list[Run]]:
    if _length(runs) <= width:
        return [runs]
    lines: list[list[Run]] = [[]]
    used = 0
    for word in _words(runs):
        for number, piece in enumerate(_pieces(word, width)):
            length = _length(piece)
            if used and (number or used + 1 + length > width):
                lines.append([])
                used = 0
            if used:
                lines[-1].append(Run(" "))
                used += 1
            lines[-1].extend(piece)
            used += length
    return lines


def _length(word: Sequence[Run]) -> int:
    return sum(cells(run.text) for run in word)


def _pieces(word: list[Run], width: int) -> list[list[Run]]:
    """Break a long word of wide signs, whose scripts write no spaces; others stay whole."""
    length = _length(word)
    if length <= width or length <= sum(len(run.text) for run in word):
        return [word]
    pieces: list[list[Run]] = [[]]
    for run in word:
        rest = run.text
        while rest:
            part = cut_to_cells(rest, width - _length(pieces[-1]))
            part = part or ("" if pieces[-1] else rest[0])
            if part:
                pieces[-1].append(Run(part, run.marked))
                rest = rest[len(part) :]
            else:
                pieces.append([])
    return pieces


def _words(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Give the words between spaces, each as the runs it consists of."""
    word: list[Run] = []
    for run in runs:
        for number, part in enumerate(run.text.split(" ")):
            if number and word:
                yield word
                word = []
            if part:
                word.append(Run(part, run.marked))
    if word:
        yield word


def _place(hit: Hit, style: Style, corpus: Path | None) -> Iterator[str]:
    lines = f"{hit.line_start}-{hit.line_end}" if hit.line_end > hit.line_start else hit.line_start
    place = f"{escaped(hit.path)}:{lines}"
    section = printable(" › ".join(hit.section))
    room = style.width - _INDENT - cells(place) - 2
    shown = style.place(place, _file_of(hit, corpus) if corpus else None)
    if section and room >= 12:
        yield f"{' ' * _INDENT}{shown}  {clipped(section, room)}"
    else:
        yield f"{' ' * _INDENT}{shown}"
        if section:
            yield f"{' ' * _INDENT}{clipped(section, style.width - _INDENT)}"


def _file_of(hit: Hit, corpus: Path) -> Path | None:
    """Find the file to link to; None for a path that leads out of the corpus, or is no plain name.

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
    """Give the score, and nothing where there was no question to rank by."""
    if hit.cosine is None and hit.bm25 is None:
        return ""
    return f"{hit.score:.2f}{' weak' if hit.weak else ''}"
