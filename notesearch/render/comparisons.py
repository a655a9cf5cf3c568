"""Lay out two sides beside each other: what both speak of, then what only one does.

In two columns where the width has room for them, and else one below the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, zip_longest

from notesearch.cells import cells, cut_to_cells
from notesearch.records import Role, place_in
from notesearch.render.terminal import Style, escaped, printable
from notesearch.render.wrapping import clipped, wrapped
from notesearch.search.compared_sides import Side, SideKind
from notesearch.search.comparison import AlikePair, Comparison, Said
from notesearch.search.snippets import Piece, mark_words

_LEAST_WIDTH = 72  # of two columns that are read with ease
_BETWEEN = " │ "
_MOST_CHARS = 320  # of a sentence: in a column of 38 that is nine lines

# A line as it is printed, with the room that it takes.
_Line = tuple[str, int]
Address = Callable[[Said], str | None]


def comparison_lines(
    found: Comparison, style: Style, address: Address = lambda _: None
) -> Iterator[str]:
    """Lay out a comparison; `address` returns where the place of a sentence leads."""
    layout = _Layout(style, address)
    yield from layout.beside(layout.head("A", found.a), layout.head("B", found.b))
    yield ""
    yield style.faint(describe_pairs(found))
    for role, pairs in groupby(found.both, key=lambda pair: pair.role):
        yield ""
        yield style.bold(role_name(role))
        for number, pair in enumerate(pairs):
            if number:
                yield ""
            yield from layout.pair(pair)
    if found.only_a or found.only_b:
        yield ""
        yield from layout.beside(
            layout.only("only A", found.only_a), layout.only("only B", found.only_b), apart=True
        )


def role_name(role: Role | None) -> str:
    """Return how the kind of a section is called."""
    return role.value if role else "other sections"


def describe_side(side: Side) -> str:
    """Say what a side is: a note, or how many notes on a paper, or what answers a question."""
    notes = f"{len(side.notes):,} note{'s' if len(side.notes) > 1 else ''}"
    if side.kind is SideKind.NOTE:
        parts = [side.notes[0].path]
    elif side.kind is SideKind.PAPER:
        parts = [f"paper, {notes}"]
    else:
        parts = [f"question, {side.passages:,} passages of {notes}"]
    if side.read < side.passages:
        parts.append(f"read: the {side.read:,} of {side.passages:,} passages that say most")
    return "; ".join(parts)


def describe_pairs(found: Comparison) -> str:
    """Say how much both sides speak of."""
    if not found.pairs:
        return "nothing that both speak of was found"
    more = f", the likest {len(found.both)} of {found.pairs:,}"
    return f"both speak of{more if found.pairs > len(found.both) else ''}"


def reason(pair: AlikePair) -> str:
    """Say why two sentences are alike."""
    if pair.a.sentence.casefold() == pair.b.sentence.casefold():
        return "word for word"
    said = f"both say {', '.join(map(printable, pair.words))}" if pair.words else "in other words"
    return f"{pair.likeness:.2f}, {said}"


def marked(said: Said, words: Sequence[str] = ()) -> Sequence[Piece]:
    """Return a sentence with some words marked, a very long one in part."""
    text = clipped(printable(said.sentence), _MOST_CHARS)
    return mark_words(text, " ".join(words), raw=True)


class _Layout:
    """Sets lines into two columns, or into one."""

    def __init__(self, style: Style, address: Address) -> None:
        self._style = style
        self._address = address
        self._is_wide = style.width >= _LEAST_WIDTH
        self._width = (style.width - len(_BETWEEN)) // 2 if self._is_wide else style.width

    def head(self, letter: str, side: Side) -> list[_Line]:
        name = printable(side.name)
        if side.kind is SideKind.QUESTION:
            name = f"“{name}”"
        lines = self._text([Piece(f"{letter} {name}")])
        lines = [(self._style.bold(line), room) for line, room in lines]
        return lines + self._broken(escaped(describe_side(side)), self._style.faint)

    def pair(self, pair: AlikePair) -> Iterator[str]:
        a = self._said(pair.a, pair.words, "A ", pair.role)
        b = self._said(pair.b, pair.words, "B ", pair.role)
        yield from self.beside(a, b)
        for line in wrapped([Piece(reason(pair))], self._style.width):
            yield self._style.faint("".join(piece.text for piece in line))

    def only(self, title: str, listed: Sequence[Said]) -> list[_Line]:
        """Return what only one side says, by kinds of sections."""
        lines: list[_Line] = [(self._style.faint(title), cells(title))]
        if not listed:
            nothing = "nothing that the other has no counterpart for"
            lines += [("", 0), *self._text([Piece(nothing)])]
        for role, several in groupby(listed, key=lambda said: said.role):
            name = role_name(role)
            lines += [("", 0), (self._style.bold(name), cells(name))]
            before = None
            for said in several:
                own = self._said(said, (), "", role)
                place = (said.hit.path, said.line_start, said.line_end)
                lines += own[len(self._place(said, "")) :] if place == before else own
                before = place
        return lines

    def beside(
        self, left: Sequence[_Line], right: Sequence[_Line], *, apart: bool = False
    ) -> Iterator[str]:
        """Set lines beside each other, or below: `apart` with a line between."""
        if not self._is_wide:
            yield from (line for line, _ in left)
            if apart:
                yield ""
            yield from (line for line, _ in right)
            return
        for (one, room), (other, _) in zip_longest(left, right, fillvalue=("", 0)):
            padded = one + " " * (self._width - room)
            yield f"{padded}{self._style.faint(_BETWEEN)}{other}".rstrip()

    def _said(
        self, said: Said, words: Sequence[str], letter: str, role: Role | None
    ) -> list[_Line]:
        """Return the place of a sentence, what else its section is for, and the sentence."""
        lines = self._place(said, "" if self._is_wide else letter)
        if said.role not in (role, None):
            name = f"in {role_name(said.role)}"
            lines.append((self._style.faint(name), cells(name)))
        return lines + self._text(marked(said, words))

    def _place(self, said: Said, letter: str) -> list[_Line]:
        address = self._address(said)
        place = place_in(escaped(said.hit.path), said.line_start, said.line_end)
        return self._broken(f"{letter}{place}", lambda part: self._style.place(part, address))

    def _text(self, text: Sequence[Piece]) -> list[_Line]:
        return [
            (
                "".join(self._style.match(p.text) if p.marked else p.text for p in line),
                sum(cells(piece.text) for piece in line),
            )
            for line in self._fitted(text)
        ]

    def _fitted(self, text: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
        """Yield lines that fit a column: a word that is longer than it is broken."""
        for line in wrapped(text, self._width):
            if sum(cells(piece.text) for piece in line) <= self._width:
                yield line
            else:
                for part, _ in self._broken("".join(piece.text for piece in line), str):
                    yield [Piece(part)]

    def _broken(self, text: str, mark: Callable[[str], str]) -> list[_Line]:
        """Return a text in lines of a column, broken behind a slash or anywhere.

        A place is never cut.
        """
        lines: list[_Line] = []
        while text:
            part = cut_to_cells(text, self._width) or text[0]
            if len(part) < len(text) and "/" in part:
                part = part[: part.rindex("/") + 1]
            lines.append((mark(part), cells(part)))
            text = text[len(part) :]
        return lines
