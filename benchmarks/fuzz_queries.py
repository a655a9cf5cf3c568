"""Ask hostile query lines by the hundred thousand; print what raised, lied or took long.

    python -m benchmarks.fuzz_queries [--lines N] [--asked N] [--seed S]

Line number i depends on the seed and i alone, so that `--only i` makes it again: words, fields,
operators, brackets, quotes and odd signs, mixed, or one of them up to 100,000 characters. Every
line is read as a query, as a filter and as the value of an option, and what it filters by is read
back; one in so many (`--asked`) is put to an index of a few notes by its words. The one thing that
may be raised is a NotesearchError.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from notesearch import Index
from notesearch.errors import NotesearchError
from notesearch.index.filter_sql import to_condition
from notesearch.query.fields import FIELDS
from notesearch.query.filters import Filter, LinkedFrom, LinksTo, with_leaves
from notesearch.query.parser import parse_filter, parse_query, read_value
from notesearch.search.answer import Mode
from tests.conftest import write_notes
from tests.fakes import WordEmbedder

MAX_SECONDS = 2.0  # of processor time for one line, which has 0.1 MB at most
_LONGEST = 100_000
_WORDS = (
    "reward",
    "policy",
    "model",
    "naïve",
    "注意力",
    "KL-constrained",
    "C++",
    "ELMo",
    "a",
    "2305",
)
_VALUES = (
    "dpo", "rl/offline", "Vision", "2025", "2025-06-31", "2020..2023", "..", "yesterday",
    "9" * 5_000, "limitations", "alignment/", "*", "[a-", "**/?", "2305.18290", "10.1/x", "note",
    "rafailov", "%_", "'", "\\", "\x00", "\ud800", "Ⅳ", "٣", "²", "-1", "1e9", "NEAR(a b)", "a*",
    "a OR b", "ﬁ",
)  # fmt: skip
_SIGNS = (
    "(", ")", "((", "))", '"', '""', "“", "”", "-", "--", "−", "–", "NOT ", "OR ", "AND ", " OR ",
    " AND ", ",", ",,", ":", "::", "*", "^", "+", "~", "{", "}", "[", "]", "'", "\\", "/", "|", "&",
    ";", "%", "_", "?", "!", "#", "$", "@", "=", "<", ">", "`", " ", "  ", "\t", "\n", "\r", "\x00",
    "\x1b[31m", "\x7f", "\x9b", "\u200b", "\u202e", "\u2028", "\ufeff", "\ud800", "\udcff",
    "\u0301", "🤖", "\U000e0041", "NEAR", "rowid:", "title:", "text MATCH", "1=1", "' OR 1=1 --",
)  # fmt: skip
_EXAMPLES = tuple(field.example for field in FIELDS.values())
_NAMES = (
    *FIELDS, "tags", "role", "Title", "SINCE", "tga", "yaer", "http", "std", "x" * 20, "_", "-tag",
)  # fmt: skip


def make_line(number: int, seed: int) -> str:
    """Make one line."""
    chance = random.Random(f"{seed}:{number}")
    kind = chance.random()
    if kind < 0.05:
        codes = (
            chance.choice((chance.randrange(128), chance.randrange(0x110000))) for _ in range(40)
        )
        return "".join(map(chr, codes))
    pieces = [_make_piece(chance) for _ in range(chance.choice((1, 2, 4, 8, 16, 40)))]
    if kind < 0.055:
        pieces = pieces[:3] * (_LONGEST // max(1, len("".join(pieces[:3]))))
    return chance.choice(("", " ", " ")).join(pieces)[:_LONGEST]


def _make_piece(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.35:
        return chance.choice(_WORDS)
    if kind < 0.55:
        return f"{chance.choice(('', '', '-'))}{chance.choice(_EXAMPLES)}"
    if kind < 0.7:
        values = chance.choices((*_VALUES, *_WORDS), k=chance.choice((1, 1, 1, 2, 5)))
        value = ",".join(values)
        value = f'"{value}"' if chance.random() < 0.2 else value
        space = " " if chance.random() < 0.1 else ""
        return f"{chance.choice(('', '', '-'))}{chance.choice(_NAMES)}:{space}{value}"
    return chance.choice(_SIGNS) * chance.choice((1, 1, 1, 1, 2, 12))


def check(
    line: str,
    number: int,
    ask: Callable[[str], object] | None = None,
    *,
    max_seconds: float = MAX_SECONDS,
) -> str | None:
    """Read a line in every way, and ask it; give what went wrong."""
    start = time.process_time()
    name = list(FIELDS)[number % len(FIELDS)]
    ways: list[Callable[[], object]] = [
        lambda: _query_and_back(line),
        lambda: parse_filter(line),
        lambda: read_value(name, line),
    ]
    if ask is not None:
        ways.append(lambda: ask(line))
    for way in ways:
        try:
            wrong = way()
        except NotesearchError:
            continue
        except BaseException:  # noqa: BLE001 - whatever is raised is the find
            return traceback.format_exc(limit=-3)
        if isinstance(wrong, str):
            return wrong
    seconds = time.process_time() - start
    return f"took {seconds:.1f} s for {len(line):,} characters" if seconds > max_seconds else None


def _query_and_back(line: str) -> str | None:
    """Read a query line; a filter in it must read back to itself, and become SQL."""
    where = parse_query(line).where
    if where is None:
        return None
    to_condition(with_leaves(where, _looked_up), lambda _: np.empty(0, dtype=np.int64))
    return None if parse_filter(str(where)) == where else f"{where} reads back as another"


def _looked_up(leaf: Filter) -> Filter:
    """Name no notes, where a filter's note has to be looked up first."""
    return replace(leaf, found=()) if isinstance(leaf, LinksTo | LinkedFrom) else leaf


def fuzz(numbers: Sequence[int], seed: int, asked: int, index: Index) -> tuple[int, float]:
    """Try lines, and print the finds; give their number and the longest time that one took."""
    found, longest = 0, 0.0
    for number in numbers:
        line = make_line(number, seed)

        def ask(text: str) -> None:
            index.search(text, 3, mode=Mode.LEXICAL if number % 2 else Mode.HYBRID)  # noqa: B023

        start = time.process_time()
        wrong = check(line, number, ask if number % asked == 0 else None)
        longest = max(longest, time.process_time() - start)
        if wrong:
            found += 1
            print(f"line {number}: {wrong}", flush=True)
    return found, longest


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--lines", type=int, default=100_000)
    options.add_argument("--asked", type=int, default=10, help="one line in so many is asked")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--only", type=int, help="write this line to stdout instead")
    given = options.parse_args()
    if given.only is not None:
        sys.stdout.write(f"{make_line(given.only, given.seed)!a}\n")
        return
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="notesearch-fuzz-") as folder:
        write_notes(Path(folder, "corpus"))
        with Index.open(Path(folder, "index"), WordEmbedder(), create=True) as index:
            index.update(Path(folder, "corpus"))
            found, longest = fuzz(range(given.lines), given.seed, given.asked, index)
    print(
        f"{given.lines:,} lines, one in {given.asked} asked, {found} finds, the slowest "
        f"{longest:.2f} s of processor time, {time.perf_counter() - start:,.0f} s in all"
    )


if __name__ == "__main__":
    main()
