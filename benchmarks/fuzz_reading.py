"""Read and cut hostile inputs by the hundred thousand; print what raised, lied or took long.

    python benchmarks/fuzz_reading.py [--inputs N] [--seed S] [--processes P] [--folder FOLDER]
                                      [--tokenizer]

Input number i depends on the seed and i alone, so that `--only i` makes it again: random
bytes, random marks, a head in YAML or TOML, a settings file, lines to ignore by, or a note of
the folder mutated (lines shuffled, cut, spliced, bytes flipped, marks put in, signs repeated).
One in 200 is a few marks repeated to 60 kB, and what of these takes long for its size is tried
again at a megabyte. An input may take 2 s of processor time a megabyte, and 2 s where it is
smaller. `--tokenizer` counts tokens as the default model does; without it, words count.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path

from notesearch.corpus.chunker import CountTokens, chunk_note
from notesearch.corpus.reader import read_notes
from notesearch.corpus.reading_rules import PathPatterns, PatternError
from notesearch.corpus.walk import IGNORE_FILE, NOTE_SUFFIXES, list_files
from notesearch.records import Note, Passage
from notesearch.untrusted_yaml import YAML_FAULTS, load_yaml

MAX_TOKENS = 60
SECONDS_PER_MB = 2.0  # and as many for what is smaller
SETTINGS_FILE = "notesearch.yaml"
_HUNG_SECONDS = 30
_PUMPED_BYTES = 60_000
_LONG_FOR_PUMPED = 0.25
_PUMPED_LINES = 49_000  # more are left out unread
_SUFFIXES = sorted(NOTE_SUFFIXES)
_LONGEST_INPUT = 400_000
_MARKS = (
    "#", "# ", "##", "\n# ", "\n#### [", "\n- ", "\n* ", "\n1. ", "\n  - ", "\n> ", "> ",
    "\n---\n", "---\n", "+++\n", "\n===\n", "\n```\n", "\n```python\n", "\n~~~\n",
    "```markdown\n", "`", "``", "$", "$$", "\n$$\n", "\\(", "\\)", "\\[", "\\begin{equation}",
    "\\end{align}", "\\frac{", "{", "}", "|", "\n| a | b |\n|---|---|\n", "\n|", "|---|", "<",
    ">", "<div>", "</div>", "<!--", "-->", "<a href=\"", "<img src='", "<script>", "[", "]",
    "](", "![", "[[", "]]", "[^1]:", "(", ")", "{%", "%}", "{{", "}}", "&amp;", "&#", "::",
    "\n.. note::\n", "\n.. code::\n\n", "\n#+title: ", "\n* TODO ", "\n:PROPERTIES:\n",
    "\n:END:\n", "#+begin_src\n", "#+end_src\n", "\ntags: ", "tags: [", "title: ", "date: ",
    "\nTL;DR. ", "read 2026-05-12dpoalignment\n", "May 21, 2025•18 min", "\nMy notes\n", "....",
    "…\n", "#tag ", ":a:b:", "arXiv:2305.18290", "https://arxiv.org/abs/1", "doi:10.1/x", "*",
    "**", "_", "__", "~~", "==", "\t", "    ", "\r", "\r\n", "\n", "\n\n", "\x00", "\x0c",
    "\u2028", "\u200b", "\ufeff", "\ud800", "\U0001f600", "é", "‚Äú", "ร—", "ﬁ", "中文", "&",
    "!!python/object:os.system", "&a [*a]", "? ", ": ", "- - - - - ", "> > > > ", "- [ ] ", "\\",
    "Ã©", "â€™", "Ãƒ\u0083", "Ã\u00a0 ", "\u0080\u0099",
    "| [P](https://arxiv.org/abs/2305.18290) a |\n",
    "\n## [P](https://arxiv.org/abs/2305.18290)\n", "\n===\n", "\n~~~~\n", "\n+---+\n", "a: b\n",
    "`a`_ ", "|a|_", ".. [1] a\n", ".. _a: b\n", "\n** ", "[[a][b]]", "[fn:1] ", "\n#+a: b\n",
    "<p>", "<table>", "<tr>", "<td>", "<li>", "<ul>", "<pre>", "<meta name=", "\n> [!note]\n",
    "(DPO) ", "Direct Preference Optimization (DPO) ", "et al. (2019) ", "Authors: A. B, ",
    "\\frac{a}{b}", "$a$", "\\left(", "^{", "_{", "**a**", "*a*", "[a](b)", "[[a|b]]",
)  # fmt: skip
_HEAD_MARKS = (
    "title: ", "tags: ", "date: ", "year: ", "aliases: ", "a: ", "\n", "\n  ", "- ", "[", "]",
    "{", "}", "!!bool ", "!!int ", "!!float ", "!!timestamp ", "!!set ", "!!binary ", "!!omap ",
    "!!null ", "! ", "<<: ", "&a ", "*a ", "? ", ", ", ": ", "|\n", ">-\n", "'", '"',
    "%YAML 1.1\n", "---\n", "...\n", "59:59", ":59", "0x", "0b1", "1", "1e9", "9" * 300,
    "2024-13-45", "2024-01-01T00:00:00+99:99", ".nan", ".inf", "~", "yes", "a", "é", "\u00a0",
    "\t", "#", " = ", "a.", ".b", '"a".', "[a.b]\n", "[[a]]\n", "{a = ", '\"\"\"', "\'\'\'",
    "\\", "1979-05-27", "+1_0", "true", "!!python/name:a.b ",
)  # fmt: skip
_PATTERN_MARKS = (
    "*", "**", "**/", "/", "?", "[", "]", "[a-z]", "[!a]", "[^a]", "[z-a]", "a", "b", "\\", "!",
    "#", " ", ".", "*a", "(", "+", "|", "^", "$", "{", "é",
)  # fmt: skip
_OPENINGS = (
    "", "# T\n\nSome words.\n\n", "---\ntitle: x\n", "---\n", "+++\na = ", "tags: ", "* H\n",
    "word ", "<html><body>", "TL;DR. a b\n", "# T\n- ", "| a | b |\n|---|---|\n", ".. ", "```\n",
    "$$", "<table>", "x\n=\n\n", "<!--", "\n\n\n",
)  # fmt: skip
_ENDINGS = ("", "\n", "\n---\nwords\n", "\n+++\nwords\n", "\nword", "\n```\n", "!")


@dataclass(frozen=True, slots=True)
class Find:
    """An input that did not go well."""

    number: int
    what: str


def count_words(texts: Sequence[str]) -> list[int]:
    """Stand in for a tokenizer: cheap, and longer words count for more."""
    return [sum(1 + len(word) // 6 for word in text.split()) for text in texts]


def make_input(
    number: int, seed: int, notes: Sequence[bytes], size: int = _PUMPED_BYTES
) -> tuple[str, bytes]:
    """Make the path and the bytes of one input; `size` is for one of repeated marks."""
    chance = random.Random(f"{seed}:{number}")
    path = "x" + chance.choice([".md", ".md", ".md", *_SUFFIXES])
    if number % 200 == 0:
        return path, _pumped(chance, size)
    kind = chance.random()
    if kind < 0.1:
        return path, chance.randbytes(chance.randrange(600))
    if kind < 0.15:
        return IGNORE_FILE, _encode(_marks(chance, _PATTERN_MARKS, "\n"))
    if kind < 0.25:
        head, fence = _marks(chance, _HEAD_MARKS, ""), chance.choice(("---", "---", "+++"))
        if chance.random() < 0.2:
            return SETTINGS_FILE, _encode(head)
        return path, _encode(f"{fence}\ntitle: x\n{head}\n{fence}\n\nSome words.\n")
    if kind < 0.35 or not notes:
        return path, _encode(_marks(chance, _MARKS, chance.choice(("", "a", " word "))))
    data = bytearray(chance.choice(notes))
    start = chance.randrange(len(data) + 1)
    data = data[start : start + chance.choice((200, 600, 2000))] if len(data) > 600 else data
    for _ in range(chance.randrange(1, 6)):
        chance.choice(_MUTATIONS)(data, chance, notes)
    return path, bytes(data[:_LONGEST_INPUT])


def _marks(chance: random.Random, marks: Sequence[str], between: str) -> str:
    some = chance.choices(marks, k=chance.randrange(1, 12))
    return "".join(chance.choice(some) + chance.choice(("", between)) for _ in range(60))


def _pumped(chance: random.Random, size: int) -> bytes:
    """Repeat a few marks between an opening and an ending, numbered now and then."""
    unit = "".join(chance.choices(_MARKS, k=chance.choice((1, 1, 2, 2, 3, 4))))
    unit = unit.replace("\n", " ") if chance.random() < 0.3 else unit
    many = size // len(_encode(unit))
    if "\n" in unit:
        many = min(many, _PUMPED_LINES // unit.count("\n"))
    if chance.random() < 0.3:
        body = "".join(unit.replace("a", f"a{number}") for number in range(many))[:size]
    else:
        body = unit * many
    return _encode(chance.choice(_OPENINGS) + body + chance.choice(_ENDINGS))


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _shuffle(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    lines = bytes(data).split(b"\n")
    chance.shuffle(lines)
    data[:] = b"\n".join(lines)


def _cut(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    start = chance.randrange(len(data) + 1)
    del data[start : start + chance.randrange(200)]


def _splice(data: bytearray, chance: random.Random, notes: Sequence[bytes]) -> None:
    other = chance.choice(notes)
    start = chance.randrange(len(other) + 1)
    at = chance.randrange(len(data) + 1)
    data[at:at] = other[start : start + chance.randrange(400)]


def _flip(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    for _number in range(chance.randrange(1, 9) if data else 0):
        data[chance.randrange(len(data))] = chance.randrange(256)


def _mark(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    for _number in range(chance.randrange(1, 9)):
        at = chance.randrange(len(data) + 1)
        data[at:at] = _encode(chance.choice(_MARKS))


def _repeat(data: bytearray, chance: random.Random, _: Sequence[bytes]) -> None:
    at = chance.randrange(len(data) + 1)
    times = chance.choice((3, 30, 30, 300, 300, 3000 if chance.random() < 0.05 else 3))
    data[at:at] = _encode("".join(chance.choices(_MARKS, k=chance.choice((1, 2)))) * times)


Mutation = Callable[[bytearray, random.Random, Sequence[bytes]], None]
_MUTATIONS: tuple[Mutation, ...] = (_shuffle, _cut, _splice, _flip, _mark, _repeat)


def check(
    path: str, data: bytes, *, timed: bool = True, count: CountTokens = count_words
) -> str | None:
    """Read and cut one input; give what went wrong."""
    start = time.process_time()
    try:
        with _ended_when_hung():
            wrong = _try(path, data, count)
    except Exception:  # noqa: BLE001 (whatever is raised is the find)
        return traceback.format_exc(limit=-3)
    seconds = time.process_time() - start
    if timed and seconds > SECONDS_PER_MB * max(1.0, len(data) / 1e6):
        return f"took {seconds:.1f} s for {len(data):,} bytes"
    return wrong


def _try(path: str, data: bytes, count: CountTokens) -> str | None:
    if path == IGNORE_FILE:
        return _try_patterns(data.decode("utf-8", "replace").splitlines())
    if path == SETTINGS_FILE:
        with suppress(*YAML_FAULTS):
            repr(load_yaml(data.decode("utf-8", "replace")))
        return None
    reading = read_notes(path, data)
    cut = [(note, chunk_note(note, max_tokens=MAX_TOKENS, count=count)) for note in reading.notes]
    if len({note.id for note, _ in cut}) < len(cut):
        return "two notes share an id"
    ids = [passage.id for _, passages in cut for passage in passages]
    if len(set(ids)) < len(ids):
        return "two passages share an id"
    return next((wrong for note, passages in cut if (wrong := find_lie(note, passages))), None)


def _try_patterns(lines: Sequence[str]) -> str | None:
    with suppress(PatternError):
        patterns = PathPatterns.from_lines(lines)
        for path in ("a.md", "a/" * 300 + "b.md", "a" * 250, "ab" * 100 + "/b/", *lines[:3]):
            if patterns.match_entry(path) and not patterns.match(path):
                return "a path is meant, and is not"
    return None


@contextmanager
def _ended_when_hung() -> Iterator[None]:
    """Raise TimeoutError in what takes longer than anybody waits."""

    def end(*_: object) -> None:
        raise TimeoutError(f"more than {_HUNG_SECONDS} s")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, _HUNG_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def find_lie(note: Note, passages: Sequence[Passage]) -> str | None:
    """Give the law that the passages of a note break."""
    if any(passage.tokens > MAX_TOKENS for passage in passages):
        return "a passage is over the limit"
    if "".join("".join(passage.text for passage in passages).split()) != "".join(
        "".join(note.lines).split()
    ):
        return "the passages do not tile the note"
    spans = [(passage.line_start, passage.line_end) for passage in passages]
    if spans != sorted(spans) and not note.path.endswith((".org", ".rst", ".html", ".htm")):
        return "lines out of order"
    return None


def fuzz(numbers: range, seed: int, folder: Path, tokenizer: bool) -> tuple[list[Find], float]:
    """Try some inputs; give the finds and the most seconds a megabyte that one took."""
    notes = read_folder(folder)
    count = _open_counter() if tokenizer else count_words
    finds = []
    longest = 0.0
    for number in numbers:
        path, data = make_input(number, seed, notes)
        start = time.process_time()
        wrong = check(path, data, count=count)
        seconds = time.process_time() - start
        if number % 200 == 0 and wrong is None and seconds > _LONG_FOR_PUMPED:
            path, data = make_input(number, seed, notes, 950_000)
            start = time.process_time()
            wrong = check(path, data, count=count)
            seconds = time.process_time() - start
        longest = max(longest, seconds / max(1.0, len(data) / 1e6))
        if wrong:
            finds.append(Find(number, f"{path}, {len(data):,} bytes: {wrong}"))
    return finds, longest


@cache
def _open_counter() -> CountTokens:
    from benchmarks.reading import open_counter

    return open_counter().count_many


def read_folder(folder: Path) -> list[bytes]:
    """Give the bytes of every note of a folder, none when it is not there."""
    if not folder.is_dir():
        return []
    return [(folder / file.path).read_bytes() for file in list_files(folder).files]


def _batches(inputs: int, size: int) -> Iterator[range]:
    return (range(start, min(start + size, inputs)) for start in range(0, inputs, size))


def main() -> None:
    """Run and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    home = os.environ.get("NOTESEARCH_DATA", Path(__file__).parents[2] / "shared" / "data")
    options.add_argument("--folder", type=Path, default=Path(home) / "wild" / "notes")
    options.add_argument("--inputs", type=int, default=200_000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--tokenizer", action="store_true", help="count as the model does")
    options.add_argument("--only", type=int, help="write this input to stdout instead")
    given = options.parse_args()
    if given.only is not None:
        _, data = make_input(given.only, given.seed, read_folder(given.folder))
        sys.stdout.buffer.write(data)
        return
    start, done, found, longest = time.perf_counter(), 0, 0, 0.0
    work = partial(fuzz, seed=given.seed, folder=given.folder, tokenizer=given.tokenizer)
    with ProcessPoolExecutor(given.processes) as pool:
        batches = _batches(given.inputs, 5000)
        while window := list(islice(batches, given.processes)):
            for batch, (finds, seconds) in zip(window, pool.map(work, window), strict=True):
                done, found, longest = done + len(batch), found + len(finds), max(longest, seconds)
                for find in finds:
                    print(f"input {find.number} {find.what}", flush=True)
    print(
        f"{done:,} inputs, {found} finds, the slowest {longest:.2f} s a megabyte, "
        f"{time.perf_counter() - start:,.0f} s in all"
    )


if __name__ == "__main__":
    main()
