"""Tags that ran together when a page was copied (`dpoalignmentrlhf`) in, the tags out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from notesearch.corpus.facts.field_terms import FIELD_TERMS
from notesearch.spelling import normalise_tag

# Tags that ran together are a few words; a longer text is prose.
_MAX_RUN = 400
# A rest shorter than this is the end of a longer word (`llm` + `ops`), not a tag of its own.
_MIN_REST = 4
# Beside a rest that nobody knows, two letters prove nothing (`rl` in `controller`).
_MIN_TERM_BESIDE_REST = 3
_SEPARATORS = " \t,;|·•#"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the text that is a known tag, or a separator, which has no tag."""

    start: int
    end: int
    tag: str | None
    built_in: bool  # no tag of the corpus, only a term of the field


@dataclass(frozen=True, slots=True, order=True)
class _Cover:
    """Known tags that cover a stretch without a gap; the smallest is the best."""

    pieces: int = 0
    built_in: int = 0
    tags: tuple[str, ...] = ()

    def with_piece(self, piece: _Piece, *, in_front: bool) -> _Cover:
        """Lay one more piece before or after the tags."""
        if piece.tag is None:
            return self
        tags = (piece.tag, *self.tags) if in_front else (*self.tags, piece.tag)
        return _Cover(self.pieces + 1, self.built_in + piece.built_in, tags)


def split_run_together(text: str, vocabulary: Collection[str]) -> tuple[tuple[str, ...], str]:
    """Cut a text into known tags, as few as cover it, and the rest that is no known tag.

    The tags of `vocabulary`, in its spelling, go before the built-in terms of the field. At
    most one stretch may be left over: it is returned whole, and "" says that all is covered.
    Hand in one frozenset for all the texts of a page: its terms are spelled once.
    """
    run = text.strip()
    if not run or len(run) > _MAX_RUN:
        return (), run
    letters = "".join(_letter(char) for char in run)
    pieces = _find_pieces(letters, *_spellings(frozenset(vocabulary)))
    whole = _covers_from_start(pieces).get(len(run))
    if whole is not None:
        return tuple(dict.fromkeys(whole.tags)), ""
    tags, start, end = _cover_around_rest(letters, pieces)
    return tags, run[start:end]


def _letter(char: str) -> str:
    """Bring one character to the spelling of the terms; the length of the text stays."""
    lower = char.lower()
    return "-" if char == "_" else lower if len(lower) == 1 else char


@lru_cache(maxsize=4)  # a page of cards asks for every one of them with the same vocabulary
def _spellings(vocabulary: frozenset[str]) -> tuple[dict[str, tuple[str, bool]], set[str]]:
    """List how each term may stand in the text, with what they all begin with.

    A spelling leads to its tag, and whether that is only built in.
    """
    spellings: dict[str, tuple[str, bool]] = {}
    for tag, built_in in _terms(vocabulary):
        normal = normalise_tag(tag)
        if len(normal) >= 2:
            for spelling in (normal, normal.replace("-", " "), normal.replace("-", "")):
                spellings.setdefault(spelling, (tag, built_in))
    starts = {spelling[:end] for spelling in spellings for end in range(1, len(spelling) + 1)}
    return spellings, starts


def _terms(vocabulary: Collection[str]) -> Iterable[tuple[str, bool]]:
    """List the corpus's own tags first: the first spelling of a term is kept."""
    yield from ((tag, False) for tag in sorted(vocabulary))
    yield from ((term, True) for term in sorted(FIELD_TERMS))


def _find_pieces(
    letters: str, spellings: Mapping[str, tuple[str, bool]], starts: Collection[str]
) -> list[_Piece]:
    """Find every known tag at every place, in the order of their starts."""
    pieces: list[_Piece] = []
    for start, letter in enumerate(letters):
        if letter in _SEPARATORS:
            pieces.append(_Piece(start, start + 1, None, False))
        for end in range(start + 1, len(letters) + 1):
            stretch = letters[start:end]
            if stretch not in starts:
                break
            if stretch in spellings:
                pieces.append(_Piece(start, end, *spellings[stretch]))
    return pieces


def _covers_from_start(pieces: Iterable[_Piece]) -> dict[int, _Cover]:
    """Find the best cover from the start to each place that one reaches."""
    covers = {0: _Cover()}
    for piece in pieces:
        if (before := covers.get(piece.start)) is not None:
            cover = before.with_piece(piece, in_front=False)
            covers[piece.end] = min(cover, covers.get(piece.end, cover))
    return covers


def _covers_to_end(pieces: Iterable[_Piece], length: int) -> dict[int, _Cover]:
    """Find the best cover to the end from each place that one can begin at."""
    covers = {length: _Cover()}
    for piece in sorted(pieces, key=lambda piece: piece.end, reverse=True):
        if (after := covers.get(piece.end)) is not None:
            cover = after.with_piece(piece, in_front=True)
            covers[piece.start] = min(cover, covers.get(piece.start, cover))
    return covers


def _cover_around_rest(letters: str, pieces: Iterable[_Piece]) -> tuple[tuple[str, ...], int, int]:
    """Find the shortest rest with known tags on both sides: the tags, its start, its end."""
    sure = _sure_pieces(letters, pieces)
    heads, tails = _covers_from_start(sure), _covers_to_end(sure, len(letters))
    best = min(
        (end - start, heads[start].pieces + tails[end].pieces, start, end)
        for start in heads
        for end in tails
        if (start, end) == (0, len(letters)) or _is_rest(letters[start:end])
    )
    start, end = best[2:]
    return tuple(dict.fromkeys(heads[start].tags + tails[end].tags)), start, end


def _sure_pieces(letters: str, pieces: Iterable[_Piece]) -> list[_Piece]:
    """Leave out what proves too little beside a rest: short terms, and halves of a word.

    In `agentic-searchrag` the hyphen says that `agentic` goes on, so `agent` is no tag there.
    """
    found = list(pieces)
    go_on = {piece.start for piece in found if letters[piece.end :].startswith("-")}
    began_before = {piece.end for piece in found if letters[: piece.start].endswith("-")}
    return [
        piece
        for piece in found
        if piece.tag is None
        or (
            piece.end - piece.start >= _MIN_TERM_BESIDE_REST
            and piece.start not in go_on
            and piece.end not in began_before
        )
    ]


def _is_rest(stretch: str) -> bool:
    """Say whether a stretch can be a tag of its own: a hyphen binds it to its neighbour."""
    return len(stretch) >= _MIN_REST and stretch == stretch.strip("-/")
