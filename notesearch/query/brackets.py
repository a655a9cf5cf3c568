"""Find which brackets of a query line group filters, and where filters begin and end."""

from __future__ import annotations

from dataclasses import dataclass

from notesearch.query.flaws import Flaw, usage_error
from notesearch.query.line_tokens import Kind, Token

MAX_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Shape:
    """For each token, in their order."""

    begins: tuple[bool, ...]  # a filter, a group of filters, or what negates one, begins here
    ends: tuple[bool, ...]  # a filter or a group ends here
    dropped: tuple[bool, ...]  # a bracket that holds filters and words, and is neither


@dataclass(slots=True)
class _Pair:
    """Brackets while they are read, and what stands between them."""

    opening: int
    words: int = 0
    filters: int = 0
    depth: int = 0  # of the groups inside


def shape_of(line: str, tokens: list[Token]) -> Shape:
    """Find the groups: brackets that hold filters alone; all others are text.

    UsageError for groups too deep, brackets around filters without their partner, and brackets
    of filters and words that are negated as if they were a group.
    """
    groups, mixed, alone = _pair_brackets(line, tokens)
    operands = (Kind.FILTER, Kind.PHRASE)
    begins = [False] * (len(tokens) + 1)
    for at in range(len(tokens) - 1, -1, -1):
        kind = tokens[at].kind
        negates = kind in (Kind.MINUS, Kind.NOT)
        is_group = kind is Kind.OPEN and at in groups
        begins[at] = kind in operands or is_group or (negates and begins[at + 1])
    ends = [
        token.kind in operands or (token.kind is Kind.CLOSE and at in groups)
        for at, token in enumerate(tokens)
    ]
    for at in sorted(alone):
        if begins[at + 1] if tokens[at].kind is Kind.OPEN else at > 0 and ends[at - 1]:
            raise usage_error(line, tokens[at].span, _alone(tokens[at].kind))
    for at in sorted(mixed):
        if at > 0 and tokens[at - 1].kind in (Kind.MINUS, Kind.NOT):
            flaw = Flaw(
                "these brackets hold words, and words cannot be left out",
                "leave filters and phrases alone in them",
            )
            raise usage_error(line, tokens[at].span, flaw)
    dropped = tuple(at in mixed for at in range(len(tokens)))
    return Shape(tuple(begins[:-1]), tuple(ends), dropped)


def _alone(kind: Kind) -> Flaw:
    if kind is Kind.OPEN:
        return Flaw("this bracket is not closed", "add a ) behind the filters that it groups")
    return Flaw("this bracket closes nothing", "add a ( before the filters that it groups")


def _pair_brackets(line: str, tokens: list[Token]) -> tuple[set[int], set[int], set[int]]:
    """Return the brackets that group, those that hold filters and words, and those alone."""
    groups: set[int] = set()
    mixed: set[int] = set()
    alone: set[int] = set()
    around: list[_Pair] = [_Pair(-1)]
    for at, token in enumerate(tokens):
        if token.kind is Kind.OPEN:
            around.append(_Pair(at))
        elif token.kind is Kind.CLOSE and len(around) > 1:
            pair = around.pop()
            if pair.filters and not pair.words and not _is_glued(tokens, pair.opening):
                groups.update((pair.opening, at))
                around[-1].depth = max(around[-1].depth, pair.depth + 1)
                _require_depth(line, tokens[pair.opening], pair.depth + 1)
            else:
                mixed.update((pair.opening, at) if pair.filters else ())
                around[-1].words += 1
            around[-1].filters += pair.filters
        elif token.kind is Kind.CLOSE:
            alone.add(at)
        around[-1].words += token.kind is Kind.WORD
        around[-1].filters += token.kind in (Kind.FILTER, Kind.PHRASE)
    alone.update(pair.opening for pair in around[1:])
    return groups, mixed, alone


def _is_glued(tokens: list[Token], at: int) -> bool:
    """Return whether a bracket follows a word without a space, as in p(x)."""
    before = tokens[at - 1] if at else None
    return (
        before is not None and before.kind is Kind.WORD and before.span.end == tokens[at].span.start
    )


def _require_depth(line: str, token: Token, depth: int) -> None:
    if depth > MAX_DEPTH:
        flaw = Flaw(f"brackets in brackets, more than {MAX_DEPTH} deep", "ask with fewer of them")
        raise usage_error(line, token.span, flaw)
