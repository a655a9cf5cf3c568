"""Lay out quotes for people, with what differs from the words that were remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from notesearch.render.hits import FileLinks, hit_lines
from notesearch.render.terminal import Style
from notesearch.search.quotes import FoundBy, Quote
from notesearch.search.snippets import Piece
from notesearch.search.word_agreement import PieceKind, QuotePiece

# As git marks words that differ: read without colours too, and by a screen reader.
_YOURS = ("[-", "-]")
_THEIRS = ("{+", "+}")
LEGEND = "what differs: [-your words-] {+words of the note+}"


def quote_lines(quote: Quote, style: Style, links: FileLinks | None = None) -> Iterator[str]:
    """Lay out one quote as a hit: how it was found, the lines that say it, and the sentence."""
    hit = replace(quote.hit, line_start=quote.line_start, line_end=quote.line_end)
    return hit_lines(hit, marked_pieces(quote), style, links, score=describe_found(quote))


def describe_found(quote: Quote) -> str:
    """Say how a quote was found: `exact`, `near 0.82`, `by meaning`, or `weak`."""
    if quote.found is FoundBy.NEAR:
        # Rounding up would say that nothing differs.
        return f"near {min(quote.agreement, 0.99):.2f}"
    if quote.found is FoundBy.MEANING:
        return "weak" if quote.hit.weak else "by meaning"
    return "exact"


def marked_pieces(quote: Quote) -> list[Piece]:
    """Return a quote's sentence with what differs marked.

    Where it was found exactly or by meaning alone, what is the same is marked.
    """
    if quote.found is FoundBy.NEAR:
        return _differences(quote.pieces)
    return [
        Piece(piece.text, marked=piece.kind is PieceKind.SAME and not piece.text.isspace())
        for piece in quote.pieces
        if piece.kind is not PieceKind.OTHER
    ]


def _differences(pieces: Sequence[QuotePiece]) -> list[Piece]:
    shown: list[Piece] = []
    for at, piece in enumerate(pieces):
        if piece.kind is PieceKind.MISSING:
            shown.append(Piece(piece.text.join(_THEIRS), marked=True))
        elif piece.kind is PieceKind.OTHER:
            if shown and not shown[-1].text[-1:].isspace():
                shown.append(Piece(" "))
            shown.append(Piece(piece.text.join(_YOURS), marked=True))
            if at + 1 < len(pieces) and pieces[at + 1].text[:1].isalnum():
                shown.append(Piece(" "))
        else:
            shown.append(Piece(piece.text))
    return shown
