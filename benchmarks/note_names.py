"""How well and how fast a note is found by a misspelled name.

    python -m benchmarks.note_names [--notes N] [--index FOLDER]

Names are those of real notes (../shared/data/wild, or the folder that NOTESEARCH_DATA names), two
letters of a title or one of each word and of a file's name changed as fingers do it. Names that no
note has are the topics of questions/absent.txt. The time is that of `Index.show` in an index with
as many notes as asked for, whose titles are words of real notes. `--index` takes the names of an
index that is there, instead of reading the notes.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import string
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from benchmarks.note_words import all_words
from benchmarks.query_speed import RandomEmbedder
from notesearch import Index, NotesearchError
from notesearch.index.snapshot import NoteNames
from notesearch.index.store import Store
from notesearch.search.note_names import NameTable

HERE = Path(__file__).parent
DATA = Path(os.environ.get("NOTESEARCH_DATA", HERE.parent.parent / "shared" / "data"))
SHOWN = 5
SAMPLED = 300


def misspelled(text: str, dice: random.Random, times: int) -> str:
    """Return a text with letters left out, added, changed or swapped."""
    letters = list(text)
    for _ in range(times):
        place = dice.randrange(len(letters))
        way = dice.randrange(4)
        if way == 0 and len(letters) > 2:
            del letters[place]
        elif way == 1:
            letters.insert(place, dice.choice(string.ascii_lowercase))
        elif way == 2:
            letters[place] = dice.choice(string.ascii_lowercase)
        else:
            letters[place : place + 2] = reversed(letters[place : place + 2])
    return "".join(letters)


def slips(note: NoteNames, dice: random.Random) -> Iterator[tuple[str, str]]:
    """Yield names of a note as somebody may type them, with what is wrong in each."""
    words = note.title.split()
    stem = Path(note.path).stem
    if len(words) >= 3:
        yield "a title, two letters wrong", misspelled(note.title, dice, 2)
        few = dice.sample(words, min(len(words), 3))
        some = [misspelled(word, dice, 1) if len(word) > 3 else word for word in few]
        yield "three words of a title, a letter of each wrong", " ".join(some)
        yield "three words of a title and one that is not in it", " ".join([*words[:3], "banana"])
    if 3 <= len(stem) <= 12 and not stem[0].isdigit():
        yield "a file's name of 3 to 12 letters, one wrong", misspelled(stem, dice, 1)


def measure_quality(index_dir: Path) -> None:
    """Print how often the notes that are listed are the ones that were meant."""
    store = Store(index_dir)
    with store.snapshot() as snapshot:
        notes = snapshot.note_names()
    store.close()
    table = NameTable(notes)
    dice = random.Random(0)
    ranks: dict[str, list[int | None]] = {}
    for note in dice.sample(notes, min(SAMPLED, len(notes))):
        for what, typed in slips(note, dice):
            near = table.nearest_to(typed, SHOWN)
            # Several collections have notes on one paper, and name them alike.
            right = (
                n.title == note.title or Path(n.path).stem == Path(note.path).stem for n in near
            )
            ranks.setdefault(what, []).append(
                next((at for at, is_it in enumerate(right) if is_it), None)
            )
    print(f"{len(notes):,} notes\n")
    print(f"| typed | names | first | of the first {SHOWN} |\n|---|---|---|---|")
    for what, places in ranks.items():
        first = sum(place == 0 for place in places) / len(places)
        shown = sum(place is not None for place in places) / len(places)
        print(f"| {what} | {len(places)} | {first:.2f} | {shown:.2f} |")
    absent = (HERE / "questions" / "absent.txt").read_text(encoding="utf-8").splitlines()
    listed = [len(table.nearest_to(topic, SHOWN)) for topic in absent]
    mean = statistics.mean(listed)
    print(f"| a topic that no note has: {mean:.1f} notes are listed | {len(absent)} | | |")


def measure_time(count: int) -> None:
    """Print what it takes to show a note, and to say that there is none, by how it is named."""
    words = all_words()
    dice = random.Random(0)
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "notes")
        corpus.mkdir()
        for number in range(count):
            start = dice.randrange(len(words) - 8)
            title = " ".join(words[start : start + 8])
            name = "-".join(words[start : start + 3]).replace("/", "-").strip(".-")[:60]
            text = f"# {title}\n\n{' '.join(words[start : start + 60])}\n"
            (corpus / f"{name}-{number}.md").write_text(text, encoding="utf-8")
        with Index.open(Path(folder, "index"), RandomEmbedder(), create=True) as index:
            print(f"\n{index.update(corpus).notes:,} notes\n")
            notes = index.notes(limit=40)
            typed = {
                "id": [note.note_id for note in notes],
                "title": [note.title for note in notes],
                "words of a title": [" ".join(note.title.split()[2:5]) for note in notes],
                "misspelled title": [misspelled(note.title, dice, 3) for note in notes],
                "nothing that is there": [misspelled("quwzx", dice, 3) for _ in notes],
            }
            print("| named by | median ms | most ms |\n|---|---|---|")
            for way, names in typed.items():
                taken = [seconds_to_show(index, name) for name in names]
                print(
                    f"| {way} | {1000 * statistics.median(taken):.0f} | {1000 * max(taken):.0f} |"
                )


def seconds_to_show(index: Index, name: str) -> float:
    """Return the processor's time for a note, found or not."""
    began = time.process_time()
    with suppress(NotesearchError):
        index.show(name)
    return time.process_time() - began


def main() -> None:
    """Measure both and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=10_000)
    parser.add_argument("--index", type=Path)
    options = parser.parse_args()
    if options.index is not None:
        measure_quality(options.index)
    elif (DATA / "wild" / "notes").is_dir():
        with tempfile.TemporaryDirectory() as folder:
            with Index.open(Path(folder), RandomEmbedder(), create=True) as index:
                index.update(DATA / "wild" / "notes")
            measure_quality(Path(folder))
    measure_time(options.notes)


if __name__ == "__main__":
    main()
