"""Read and cut hostile inputs by the hundred thousand; print what raised, lied or took long.

    python benchmarks/fuzz_reading.py [--inputs N] [--seed S] [--processes P] [--folder FOLDER]

Input number i depends on the seed and i alone, so that `--only i` makes it again: random
bytes, random marks, or a note of the folder mutated (lines shuffled, cut, spliced, bytes
flipped, marks put in, signs repeated). An input under half a megabyte may take a second.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from notesearch.corpus.chunker import chunk_note
from notesearch.corpus.reader import read_notes
from notesearch.corpus.walk import NOTE_SUFFIXES, list_files
from notesearch.records import Note, Passage

MAX_TOKENS = 60
MAX_SECONDS = 1.0
_SUFFIXES = sorted(NOTE_SUFFIXES)
_LONGEST_INPUT = 400_000
_MARKS = (
    "#", "# ", "##", "\n# ", "\n#### [", "\n- ", "\n* ", "\n1. ", "\n  - ", "\n> ", "> ",
    "\n---\n", "---\n", "+++\n", "\n===\n", "\n```\n", "\n```python\n", "\n~~~\n", "```markdown\n",
    "`", "``", "$", "$$", "\n$$\n", "\\(", "\\)", "\\[", "\\begin{equation}", "\\end{align}",
    "\\frac{", "{", "}", "|", "\n| a | b |\n|---|---|\n", "\n|", "|---|", "<", ">", "<div>",
    "</div>", "<!--", "-->", "<a href=\"", "<img src='", "<script>", "[", "]", "](", "![", "[[",
    "]]", "[^1]:", "(", ")", "{%", "%}", "{{", "}}", "&amp;", "&#", "::", "\n.. note::\n",
    "\n.. code::\n\n", "\n#+title: ", "\n* TODO ", "\n:PROPERTIES:\n", "\n:END:\n",
    "#+begin_src\n", "#+end_src\n", "\ntags: ", "tags: [", "title: ", "date: ", "\nTL;DR. ",
    "read 2026-05-12dpoalignment\n", "May 21, 2025•18 min", "\nMy notes\n", "....", "…\n", "#tag ",
    ":a:b:", "arXiv:2305.18290", "https://arxiv.org/abs/1", "doi:10.1/x", "*", "**", "_", "__",
    "~~", "==", "\t", "    ", "\r", "\r\n", "\n", "\n\n", "\x00", "\x0c", "\u2028", "\u200b",
    "\ufeff", "\ud800", "\U0001f600", "é", "‚Äú", "ร—", "ﬁ", "中文", "&",
    "!!python/object:os.system", "&a [*a]", "? ", ": ", "- - - - - ", "> > > > ", "- [ ] ", "\\",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Find:
    """An input that did not go well."""

    number: int
    what: str


def count_words(texts: Sequence[str]) -> list[int]:
    """Stand in for a tokenizer: cheap, and longer words count for more."""
    return [sum(1 + len(word) // 6 for word in text.split()) for text in texts]


def make_input(number: int, seed: int, notes: Sequence[bytes]) -> tuple[str, bytes]:
    """Make the path and the bytes of one input."""
    chance = random.Random(f"{seed}:{number}")
    path = "x" + chance.choice([".md", ".md", ".md", *_SUFFIXES])
    kind = chance.random()
    if kind < 0.1:
        return path, chance.randbytes(chance.randrange(600))
    if kind < 0.25 or not notes:
        marks = chance.choices(_MARKS, k=chance.randrange(1, 12))
        many = (chance.choice(marks) + chance.choice(("", "a", " word ")) for _ in range(60))
        return path, _encode("".join(many))
    data = bytearray(chance.choice(notes))
    start = chance.randrange(len(data) + 1)
    data = data[start : start + chance.choice((200, 600, 2000))] if len(data) > 600 else data
    for _ in range(chance.randrange(1, 6)):
        chance.choice(_MUTATIONS)(data, chance, notes)
    return path, bytes(data[:_LONGEST_INPUT])


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


def check(path: str, data: bytes, *, max_seconds: float = MAX_SECONDS) -> str | None:
    """Read and cut one input; give what went wrong."""
    start = time.process_time()
    try:
        reading = read_notes(path, data)
        cut = [(note, chunk_note(note, max_tokens=MAX_TOKENS, count=count_words))
               for note in reading.notes]  # fmt: skip
    except Exception:  # noqa: BLE001 (whatever is raised is the find)
        return traceback.format_exc(limit=-3)
    seconds = time.process_time() - start
    if seconds > max_seconds:
        return f"took {seconds:.1f} s for {len(data):,} bytes"
    return next((wrong for note, passages in cut if (wrong := find_lie(note, passages))), None)


def find_lie(note: Note, passages: Sequence[Passage]) -> str | None:
    """Give the law that the passages of a note break."""
    if len({passage.id for passage in passages}) < len(passages):
        return "two passages share an id"
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


def fuzz(numbers: range, seed: int, folder: Path) -> tuple[list[Find], float]:
    """Try some inputs; give the finds and the longest time that one took."""
    notes = read_folder(folder)
    finds = []
    longest = 0.0
    for number in numbers:
        path, data = make_input(number, seed, notes)
        start = time.process_time()
        wrong = check(path, data)
        longest = max(longest, time.process_time() - start)
        if wrong:
            finds.append(Find(number, f"{path}: {wrong}"))
    return finds, longest


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
    options.add_argument("--only", type=int, help="write this input to stdout instead")
    given = options.parse_args()
    if given.only is not None:
        _, data = make_input(given.only, given.seed, read_folder(given.folder))
        sys.stdout.buffer.write(data)
        return
    start, done, found, longest = time.perf_counter(), 0, 0, 0.0
    work = partial(fuzz, seed=given.seed, folder=given.folder)
    with ProcessPoolExecutor(given.processes) as pool:
        batches = _batches(given.inputs, 5000)
        while window := list(islice(batches, given.processes)):
            for batch, (finds, seconds) in zip(window, pool.map(work, window), strict=True):
                done, found, longest = done + len(batch), found + len(finds), max(longest, seconds)
                for find in finds:
                    print(f"input {find.number} {find.what}", flush=True)
    print(
        f"{done:,} inputs, {found} finds, the slowest {longest:.2f} s of processor time, "
        f"{time.perf_counter() - start:,.0f} s in all"
    )


if __name__ == "__main__":
    main()
