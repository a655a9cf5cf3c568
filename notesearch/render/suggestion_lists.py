"""Lay out suggested links for people: the two notes, their sentences, and the words of both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from notesearch.cells import cells
from notesearch.render.terminal import Style, escaped, printable
from notesearch.render.wrapping import clipped, wrapped, wrapped_words
from notesearch.search.alike_sentences import AlikeSentence
from notesearch.search.link_suggestions import LinkSuggestion
from notesearch.search.snippets import Piece, mark_words

_INDENT = " " * 4


def numbered_notes(
    suggestions: Sequence[LinkSuggestion], *, of_a_note: bool
) -> list[tuple[int, AlikeSentence]]:
    """Return the notes that are shown with a number, and the number of each, from 1.

    That is both of a pair, or the other one alone where a note was asked about.
    """
    notes = [
        note for one in suggestions for note in ([] if of_a_note else [one.note]) + [one.other]
    ]
    return list(enumerate(notes, start=1))


def suggestion_lines(
    suggestions: Sequence[LinkSuggestion], style: Style, *, of_a_note: bool
) -> Iterator[str]:
    """Lay out suggestions with a blank line between them, the notes numbered."""
    numbered = iter(numbered_notes(suggestions, of_a_note=of_a_note))
    for at, one in enumerate(suggestions):
        if at:
            yield ""
        score = f"{one.score:.2f}"
        if of_a_note:
            yield from _note_lines(next(numbered), one.note.sentence, score, style)
            yield _place(one.note, style, "like ")
            yield from _sentence(one.note.sentence, one.other.sentence, style)
        else:
            yield from _note_lines(next(numbered), one.other.sentence, score, style)
            yield from _note_lines(next(numbered), one.note.sentence, "", style)
        if one.words:
            said = wrapped_words(f"both say {', '.join(one.words)}", style, _INDENT)
            yield from map(style.faint, said)


def _note_lines(
    numbered: tuple[int, AlikeSentence], other: str, score: str, style: Style
) -> Iterator[str]:
    number, note = f"{numbered[0]:>2}  ", numbered[1]
    title = clipped(printable(note.title), style.width - len(number) - len(score) - 2)
    gap = " " * (style.width - len(number) - cells(title) - len(score)) if score else ""
    yield f"{number}{style.bold(title)}{gap}{style.faint(score)}"
    yield _place(note, style)
    yield from _sentence(note.sentence, other, style)


def _place(note: AlikeSentence, style: Style, before: str = "") -> str:
    place = f"{escaped(note.path)}:{note.line}"
    section = printable(" › ".join(note.section))
    room = style.width - len(_INDENT) - len(before) - cells(place) - 2
    shown = f"{_INDENT}{before}{style.place(place, None)}"
    return f"{shown}  {clipped(section, room)}" if section and room >= 12 else shown


def _sentence(sentence: str, other: str, style: Style) -> Iterator[str]:
    """Write a sentence with the words that the other one has too marked."""
    pieces: Sequence[Piece] = mark_words(sentence, other, raw=True)
    for line in wrapped(pieces, style.width - len(_INDENT)):
        shown = "".join(style.match(piece.text) if piece.marked else piece.text for piece in line)
        yield f"{_INDENT}{shown}".rstrip()
