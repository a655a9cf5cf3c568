"""Cut a query line into tokens: words, filters, phrases, operators and brackets.

A field counts where a word begins and its value follows at once; anything else that holds a
colon is a word. Every character is looked at a bounded number of times.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from notesearch.query.fields import Field, find_field, nearly_a_field
from notesearch.query.filters import AnyOf, Filter, Not, Phrase
from notesearch.query.flaws import Flaw, Span, usage_error

# Far more than anybody types, and few enough for one SQL statement.
MAX_FILTERS = 200
MAX_VALUE = 1000

# Signs as wide as Chinese ones stand for the plain ones, but for what is in quotes: a file may be
# called 笔记（二）.
_PLAIN_SIGNS = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_MINUS = "-−–"  # a keyboard that corrects turns the first into the others
_CLOSING_QUOTE = {'"': '"', "“": "”"}

# Not `path::join`, which is code.
_FIELD = re.compile(rf"[{_MINUS}]?(?P<name>[A-Za-z_-]{{1,20}}):(?!:)")
_WORD = re.compile(r"[^\s()]+")
# Not `-3 dB`, `-x` or `--help`, and not a dash of another kind, which is prose.
_LEFT_OUT = re.compile(r"-([^\W\d_][^\W_]+(?:-[^\W_]+)*)(?=[\s)]|$)")
_BARE = re.compile(r'[^\s,()"“]+')
_NEXT_WORD = re.compile(r"\s+([^\s()]{1,100})")


class Kind(Enum):
    """What a token is to the grammar."""

    WORD = "word"
    FILTER = "filter"
    PHRASE = "phrase"
    OPEN = "("
    CLOSE = ")"
    MINUS = "-"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the line; `filter` with those that are one, a phrase among them."""

    kind: Kind
    span: Span
    filter: Filter | None = None
    places: tuple[tuple[Filter, Span], ...] = ()  # of a filter's values: tag:a,b has two


OPERATORS = (Kind.AND, Kind.OR, Kind.NOT)
_OPERATOR_WORDS = {kind.value: kind for kind in OPERATORS}
_BRACKETS = {"(": Kind.OPEN, ")": Kind.CLOSE}


def read_tokens(line: str) -> list[Token]:
    """Cut a line into tokens; UsageError where a filter or quotes cannot be read."""
    return _Scanner(line).scan()


class _Scanner:
    """Goes over a line once, from left to right."""

    def __init__(self, line: str) -> None:
        self._typed = line
        self._line = line.translate(_PLAIN_SIGNS)
        self._at = 0
        self._tokens: list[Token] = []
        self._filters = 0

    def scan(self) -> list[Token]:
        while self._at < len(self._line):
            if self._line[self._at].isspace():
                self._at += 1
            else:
                self._tokens.append(self._next())
        return self._tokens

    def _next(self) -> Token:
        char = self._line[self._at]
        if char in _BRACKETS:
            return self._take(_BRACKETS[char], self._at + 1)
        if char in _CLOSING_QUOTE:
            return self._phrase()
        if (field := self._field()) is not None:
            return field
        if char in _MINUS and self._line[self._at + 1 : self._at + 2] in ("(", *_CLOSING_QUOTE):
            return self._take(Kind.MINUS, self._at + 1)
        return self._left_out() or self._word()

    def _take(self, kind: Kind, end: int) -> Token:
        token = Token(kind, Span(self._at, end))
        self._at = end
        return token

    def _word(self) -> Token:
        match = _WORD.match(self._line, self._at)
        end = match.end() if match else self._at + 1
        return self._take(_OPERATOR_WORDS.get(self._line[self._at : end], Kind.WORD), end)

    def _left_out(self) -> Token | None:
        """Read a word with a minus before it, which no passage may have."""
        match = _LEFT_OUT.match(self._line, self._at)
        before = self._line[self._at - 1 : self._at]
        if match is None or not (before in ("", "(") or before.isspace()):
            return None
        span = Span(self._at, match.end())
        self._at = match.end()
        self._count(span)
        word = Phrase(match[1])
        return Token(Kind.FILTER, span, Not(word), ((word, span),))

    def _phrase(self) -> Token:
        start = self._at
        text = " ".join(self._quoted().split())
        span = Span(start, self._at)
        if not any(map(str.isalnum, text)):
            return Token(Kind.WORD, span)
        self._count(span)
        phrase = Phrase(text)
        return Token(Kind.PHRASE, span, phrase, ((phrase, span),))

    def _quoted(self) -> str:
        """Read from an opening quote past the closing one; a quote inside stands twice."""
        start = self._at
        closing = _CLOSING_QUOTE[self._line[start]]
        pieces: list[str] = []
        while True:
            end = self._line.find(closing, self._at + 1)
            if end < 0:
                flaw = Flaw("these quotes are not closed", f"add {closing} where they end")
                raise usage_error(self._line, Span(start, start + 1), flaw)
            pieces.append(self._typed[self._at + 1 : end])
            self._at = end + 1
            if not self._line.startswith(closing, self._at):
                return closing.join(pieces)

    # ------------------------------------------------------------ filters

    def _field(self) -> Token | None:
        """Read `name:value`, with a minus or not; None where that is ordinary text."""
        match = _FIELD.match(self._line, self._at)
        if match is None:
            return None
        field = find_field(match["name"])
        if field is None:
            self._refuse_slip(match)
            return None
        if match.start("name") > self._at:
            return self._take(Kind.MINUS, match.start("name"))
        after = self._line[match.end() : match.end() + 1]
        if not after or after.isspace() or after in "(),":
            self._refuse_missing_value(match, field)
            return None
        self._at = match.end()
        return self._values(match, field)

    def _refuse_slip(self, match: re.Match[str]) -> None:
        """Raise where a name is nearly a field's and a value follows, as in tga:dpo."""
        after = self._line[match.end() : match.end() + 1]
        if not (after.isalnum() or after in _CLOSING_QUOTE):
            return
        near = nearly_a_field(match["name"])
        if near is not None:
            flaw = Flaw(
                f"{match['name']}: is no filter",
                f"did you mean {near.name}: as in {near.example}? In quotes it is a phrase",
            )
            raise usage_error(self._line, Span(match.start("name"), match.end()), flaw)

    def _refuse_missing_value(self, match: re.Match[str], field: Field) -> None:
        """Raise where a value was forgotten, or stands apart and is no prose.

        `Title: a` is prose, and so is `the paper: a`, where what follows is no paper.
        """
        follower = _NEXT_WORD.match(self._line, match.end())
        word = follower[1] if follower else ""
        is_apart = bool(word) and _FIELD.match(word) is None
        if is_apart and not match["name"].islower():
            return
        if is_apart and isinstance(field.read(word), Flaw):
            return
        remedy = "take out the space behind it" if is_apart else "add one"
        remedy = f"{remedy}, as in {field.example}"
        if self._line.startswith("(", match.end()):
            remedy = (
                f"for either of two write {field.name}:a,b or ({field.name}:a OR {field.name}:b)"
            )
        flaw = Flaw(f"{match['name']}: has no value", remedy)
        raise usage_error(self._line, Span(match.start("name"), match.end()), flaw)

    def _values(self, match: re.Match[str], field: Field) -> Token:
        """Read the values of a field: one, or several between commas, any of which will do."""
        places: list[tuple[Filter, Span]] = []
        while True:
            start = self._at
            value = self._value()
            span = Span(start if places else match.start(), self._at)
            self._count(span)
            places.append((self._read(field, value, span), span))
            if not self._line.startswith(",", self._at):
                break
            self._at += 1
        span = Span(match.start(), self._at)
        filters = tuple(filter for filter, _ in places)
        whole = filters[0] if len(filters) == 1 else AnyOf(filters)
        return Token(Kind.FILTER, span, whole, tuple(places))

    def _read(self, field: Field, value: str, span: Span) -> Filter:
        if not value.strip():
            flaw = Flaw(f"{field.name}: has an empty value", f"fill it in, as in {field.example}")
            raise usage_error(self._line, Span(span.start, max(span.end, span.start + 1)), flaw)
        if len(value) > MAX_VALUE:
            flaw = Flaw(f"{field.name}: has a value of {len(value)} characters", "shorten it")
            raise usage_error(self._line, span, flaw)
        read = field.read(value.strip())
        if isinstance(read, Flaw):
            raise usage_error(self._line, span, read)
        return read

    def _value(self) -> str:
        """Read up to a space, a comma, or a bracket that was opened before; quotes keep these."""
        pieces: list[str] = []
        depth = 0
        while self._at < len(self._line):
            char = self._line[self._at]
            if char in _CLOSING_QUOTE:
                pieces.append(self._quoted())
            elif bare := _BARE.match(self._line, self._at):
                pieces.append(bare[0])
                self._at = bare.end()
            elif char == "(" or (char == ")" and depth):
                depth += 1 if char == "(" else -1
                pieces.append(char)
                self._at += 1
            else:
                break
        return "".join(pieces)

    def _count(self, span: Span) -> None:
        self._filters += 1
        if self._filters > MAX_FILTERS:
            flaw = Flaw(f"more than {MAX_FILTERS} filters and phrases", "ask with fewer of them")
            raise usage_error(self._line, span, flaw)
