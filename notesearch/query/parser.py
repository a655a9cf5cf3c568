"""Parse a query line into words, the phrases that a passage must have, and a filter tree."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from notesearch.errors import UsageError
from notesearch.query.fields import FIELDS
from notesearch.query.filters import AllOf, AnyOf, Filter, Not, Phrase
from notesearch.query.flaws import Flaw, Span, usage_error
from notesearch.query.line_tokens import MAX_VALUE, OPERATORS, Kind, Token, read_tokens

_TOO_MANY_NEGATIONS = Flaw("one negation after the other", "one is enough, as in -tag:survey")


@dataclass(frozen=True, slots=True)
class Query:
    """What a query line asks for."""

    line: str  # as typed, with spaces for control characters
    text: str  # the words to search for, those of phrases among them; "" with filters alone
    phrases: tuple[str, ...] = ()  # that a passage must hold, each without its quotes
    where: Filter | None = None  # all else that a passage must be
    places: tuple[tuple[Filter, Span], ...] = ()  # where each filter stands in the line
    # Where that stands which can be left out as one: a filter with its minus, a group, both of an
    # OR; not a phrase that is asked for.
    parts: tuple[Span, ...] = ()


def parse_query(line: str) -> Query:
    """Read a query line; UsageError, with a caret under the place, when it cannot be."""
    line = _clean(line)
    parser = _Parser(line)
    parser.parse_line()
    text = parser.text()
    parts = parser.parts
    if not text and not parts:
        flaw = Flaw("the query is empty", 'write what to look for, as in "reward model tag:dpo"')
        raise usage_error(line, Span(0, 1), flaw)
    phrases = tuple(dict.fromkeys(part.words for part in parts if isinstance(part, Phrase)))
    where = _all_of([part for part in parts if not isinstance(part, Phrase)])
    return Query(line, text, phrases, where, parser.places, tuple(parser.spans))


def parse_filter(text: str) -> Filter:
    """Read a text of filters and phrases alone; words are an error."""
    line = _clean(text)
    parser = _Parser(line)
    parser.parse_line()
    if parser.words:
        flaw = Flaw("a word is no filter", 'write a field, as in tag:dpo, or quotes: "dpo"')
        raise usage_error(line, parser.words[0], flaw)
    where = _all_of(parser.parts)
    if where is None:
        flaw = Flaw("the filter is empty", "write one, as in tag:dpo -tag:survey")
        raise usage_error(line, Span(0, 1), flaw)
    return where


def read_value(field: str, value: str) -> Filter:
    """Read the value of one field, as an option of a command has it; UsageError in one line.

    Commas and quotes in it mean themselves: `read_value("tag", "Hyperbolic Embedding")`.
    """
    known = FIELDS[field]
    text = _clean(value).strip()
    if not text or len(text) > MAX_VALUE:
        fault = "is empty" if not text else f"has {len(text)} characters"
        raise UsageError(f"the value of {field} {fault}; write one as in {known.example}")
    read = known.read(text)
    if isinstance(read, Flaw):
        raise UsageError(f"{read.finding}; {read.remedy}")
    return read


def _clean(line: str) -> str:
    """Put a space for what cannot be seen or stored: control characters, halves of a pair."""
    return line if line.isprintable() else "".join(map(_visible, line))


def _visible(char: str) -> str:
    is_hidden = unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") or char in "\u200b\ufeff"
    return " " if is_hidden else char


def _all_of(parts: list[Filter]) -> Filter | None:
    if len(parts) > 1:
        return AllOf(tuple(parts))
    return parts[0] if parts else None


class _Parser:
    """Goes over the tokens once; filters, brackets of filters and their operators leave the text.

    either := both ("OR" both)*        both := one (["AND"] one)*
    one := ("-" | "NOT") one | filter | phrase | "(" either ")"
    """

    def __init__(self, line: str) -> None:
        self._line = line
        self._tokens = read_tokens(line)
        self._shape = shape_of(line, self._tokens)
        self._at = 0
        self._negations = 0
        self._kept: list[tuple[Span, str]] = []
        self.parts: list[Filter] = []  # all of which must hold
        self.words: list[Span] = []
        self.spans: list[Span] = []
        self.places = tuple(place for token in self._tokens for place in token.places)

    def parse_line(self) -> None:
        """Read everything: words part the line into runs of filters, and all runs must hold."""
        while self._at < len(self._tokens):
            if self._shape.begins[self._at]:
                first = self._at
                run = self._either()
                self.parts.extend(run.parts if isinstance(run, AllOf) else (run,))
                self.spans.extend(_parts_of_run(self._tokens[first : self._at]))
            else:
                self._read_word()

    def text(self) -> str:
        """Join the words that are left, as they stood; "" when nothing in them can be found."""
        pieces: list[str] = []
        end = 0
        for span, text in self._kept:
            pieces.append(text if span.start == end else f" {text}")
            end = span.end
        joined = "".join(pieces).strip()
        return joined if any(unicodedata.category(char)[0] not in "PZC" for char in joined) else ""

    # ------------------------------------------------------------ words

    def _read_word(self) -> None:
        token = self._tokens[self._at]
        is_stray = token.kind in (Kind.AND, Kind.OR) and self._is_beside_filter()
        if is_stray:
            self._require_words_beside(token)
        elif not self._shape.dropped[self._at]:
            self._kept.append((token.span, self._line[token.span.start : token.span.end]))
            self.words.append(token.span)
        self._at += 1

    def _is_beside_filter(self) -> bool:
        return self._ends(self._at - 1) or self._begins(self._at + 1)

    def _require_words_beside(self, token: Token) -> None:
        """Accept AND between words and filters, which it joins anyway; refuse OR."""
        other = self._at + 1 if self._ends(self._at - 1) else self._at - 1
        is_word = 0 <= other < len(self._tokens) and self._tokens[other].kind not in OPERATORS
        if token.kind is Kind.OR or not is_word:
            raise self._misplaced(token)

    def _misplaced(self, token: Token) -> UsageError:
        flaw = Flaw(
            f"{token.kind.value} needs a filter or a phrase in quotes on its right side"
            if token.kind is Kind.NOT
            else f"{token.kind.value} needs a filter or a phrase in quotes on both sides",
            "in lower case it is a word",
        )
        return usage_error(self._line, token.span, flaw)

    # ------------------------------------------------------------ filters

    def _begins(self, at: int) -> bool:
        return at < len(self._tokens) and self._shape.begins[at]

    def _ends(self, at: int) -> bool:
        return at >= 0 and self._shape.ends[at]

    def _take(self, kind: Kind) -> bool:
        """Go past an operator that has a filter to its right; the left was just read."""
        is_there = self._at < len(self._tokens) and self._tokens[self._at].kind is kind
        if is_there and self._begins(self._at + 1):
            self._at += 1
            return True
        return False

    def _either(self) -> Filter:
        parts = [self._both()]
        while self._take(Kind.OR):
            parts.append(self._both())
        return AnyOf(tuple(parts)) if len(parts) > 1 else parts[0]

    def _both(self) -> Filter:
        parts = [self._one()]
        while self._take(Kind.AND) or self._begins(self._at):
            parts.append(self._one())
        return AllOf(tuple(parts)) if len(parts) > 1 else parts[0]

    def _one(self) -> Filter:
        negations = 0
        while self._tokens[self._at].kind in (Kind.MINUS, Kind.NOT):
            negations += 1
            if negations > MAX_DEPTH:
                raise usage_error(self._line, self._tokens[self._at].span, _TOO_MANY_NEGATIONS)
            self._at += 1
        self._negations += negations
        found = self._operand()
        self._negations -= negations
        for _ in range(negations):
            found = Not(found)
        return found

    def _operand(self) -> Filter:
        token = self._tokens[self._at]
        self._at += 1
        if token.filter is None:
            return self._rest_of_group()
        if isinstance(token.filter, Phrase) and self._negations % 2 == 0:
            self._kept.append((token.span, token.filter.words))
        return token.filter

    def _rest_of_group(self) -> Filter:
        if not self._begins(self._at):
            raise self._misplaced(self._tokens[self._at])
        found = self._either()
        closing = self._tokens[self._at]
        if closing.kind is not Kind.CLOSE:
            raise self._misplaced(closing)
        self._at += 1
        return found


def _parts_of_run(tokens: list[Token]) -> list[Span]:
    """Return where the parts of a run of filters stand, a run with OR as one."""
    parts: list[Span] = []
    depth = 0
    start: int | None = None
    for token in tokens:
        if depth == 0 and token.kind is Kind.OR:
            return [Span(tokens[0].span.start, tokens[-1].span.end)]
        if depth == 0 and token.kind is Kind.AND:
            continue
        if start is None and token.kind is Kind.PHRASE:
            continue
        start = token.span.start if start is None else start
        depth += (token.kind is Kind.OPEN) - (token.kind is Kind.CLOSE)
        if depth == 0 and token.kind not in (Kind.MINUS, Kind.NOT):
            parts.append(Span(start, token.span.end))
            start = None
    return parts


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
