"""What a passage takes in an engine, in each part, for docs/scale.md.

    python benchmarks/engine_bytes.py FOLDER…

Reads the notes of folders, weighs their words as an index in an engine does, and adds up the bytes
of the points without an engine. Vectors are counted, not made.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from notesearch.corpus.folder import CorpusFolder
from notesearch.embedding.model_choice import ModelChoice
from notesearch.embedding.models import load_counter
from notesearch.index.qdrant.mean_lengths import words_in
from notesearch.index.qdrant.note_points import (
    Means,
    NewNote,
    make_points,
    name_texts,
    passage_texts,
)
from notesearch.index.qdrant.word_coding import WordSplitter, each_word
from notesearch.index.snapshot import NewPart
from notesearch.records import Note, Passage
from notesearch.settings import Settings

DIMENSION = 384


def read(folder: Path) -> list[tuple[Note, tuple[Passage, ...]]]:
    counter = load_counter(ModelChoice())
    source = CorpusFolder(folder, Settings().reading_options, lambda: counter)
    paths = [file.path for file in source.list_files().files]
    return [
        pair
        for found in source.read_files(paths)
        for pair in zip(found.reading.notes, found.passages, strict=True)
    ]


def size_of(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())


def main(folders: list[str]) -> None:
    splitter = WordSplitter()
    numbers: dict[str, int] = {}
    passages = notes = 0
    parts = dict.fromkeys(
        ("text", "search_text", "coded words", "rest of the payload", "words of the passage",
         "words of its note", "payload of its note"), 0
    )  # fmt: skip
    growth: list[tuple[int, int]] = []
    for folder in folders:
        for note, own in read(Path(folder)):
            texts = splitter.split([passage_texts(passage) for passage in own])
            names = splitter.split([name_texts(note)])[0]
            for word in each_word([names, *texts]):
                numbers.setdefault(word, len(numbers) + 1)
            new = NewNote(
                note,
                own,
                vectors=[b"\0\0"] * len(own),
                text_hashes=[b"\0" * 16] * len(own),
                embedder="model",
                first_seen_s=1_700_000_000,
                parts=[NewPart(1_700_000_000, 0, len(passage.text)) for passage in own],
                names=names,
                texts=texts,
            )
            points = make_points(
                new, numbers, Means(200, 800), note_number=1, first_passage=1, generation=1
            )
            notes += 1
            passages += len(own)
            growth.append((passages, len(numbers)))
            parts["payload of its note"] += len(
                json.dumps(points.note.payload, ensure_ascii=False).encode()
            )
            parts["words of its note"] += 8 * len(words_in(points.note))
            for point in points.passages:
                payload = dict(point.payload or {})
                for key, name in (("text", "text"), ("search_text", "search_text"),
                                  ("words", "coded words")):  # fmt: skip
                    parts[name] += size_of(payload.pop(key))
                parts["rest of the payload"] += len(
                    json.dumps(payload, ensure_ascii=False).encode()
                )
                parts["words of the passage"] += 8 * len(words_in(point))
    print(f"{passages:,} passages of {notes:,} notes, {len(numbers):,} different words")
    print(f"{'part':24} bytes a passage")
    for name, total in parts.items():
        print(f"{name:24} {total / passages:8,.0f}")
    print(f"{'vector, float16':24} {2 * DIMENSION:8,}")
    print("words by passages:", *(f"{p:,}: {w:,}" for p, w in growth[:: len(growth) // 5 or 1]))


if __name__ == "__main__":
    main(sys.argv[1:])
