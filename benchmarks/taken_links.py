"""How often `notesearch suggest-links` finds a link again that was taken away from real notes.

    python benchmarks/taken_links.py                   # of the notes in ../shared/data/wild
    python benchmarks/taken_links.py --index FOLDER    # begins with a copy of an index of them

One link is taken away from each note that links to another one, out of the file itself, and all
others between the two with it, in both directions. What the link shows goes too, as it names what
is looked for; with `--words left` it stays as plain words. The copy is then indexed, and each
note is asked about among the notes of its collection. The figures are of the half of the notes
by which nothing was chosen; `--half chosen` has the other one.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.relevance import DATA
from notesearch import FoundLink, Index
from notesearch.evaluation.metrics import Measure, mean_figures
from notesearch.index.linked_notes import LinkWeb
from notesearch.index.snapshot import ColumnWeights, Snapshot, StoredNote
from notesearch.index.store import Store
from notesearch.query.parser import parse_filter
from notesearch.records import NoteKind
from notesearch.search.compared_notes import ComparedNotes, compare_notes
from notesearch.search.link_suggestions import SuggestionFinder
from notesearch.search.shared_words import read_rare_words
from notesearch.settings import Settings

_SEED = 17
_DEPTHS = (1, 5, 10)
_FIRST_PAIRS = (20, 100)
_BM25_WORDS = 300  # of a note, more than nearly all have

Taken = Mapping[str, str]  # by the id of a note: the id of that which it linked to


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", type=Path)
    parser.add_argument("--words", choices=["out", "left"], default="out")
    parser.add_argument("--half", choices=["kept", "chosen"], default="kept")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(index=Path(scratch) / "index")
        corpus = Path(scratch) / "notes"
        shutil.copytree(DATA / "wild" / "notes", corpus, copy_function=shutil.copyfile)
        for folder in (corpus, *corpus.rglob("*/")):
            folder.chmod(0o755)
        if given.index is not None:
            shutil.copytree(given.index, settings.index)
        with Index.open(create=True, settings=settings) as index:
            index.update(corpus)
            taken, between = choose_links(index)
            take_away(corpus, taken, between, leave_words=given.words == "left")
            index.update(corpus)
            linked = {(link.note_id, link.to_note_id) for link in index.all_links()}
        gone = {a: b for a, b in taken.items() if not linked & {(a, b), (b, a)}}
        print(f"{len(taken)} links taken away, {len(gone)} of them in full\n")
        with Store(settings.index) as store, store.snapshot() as snapshot:
            report(snapshot, gone, kept=given.half == "kept")


# ---------------------------------------------------------------- links are taken away


def choose_links(index: Index) -> tuple[Taken, Mapping[frozenset[str], list[FoundLink]]]:
    """Choose one link of each note by chance, and gather all links between two notes."""
    notes = {note.note_id: note for note in index.notes()}
    between: dict[frozenset[str], list[FoundLink]] = defaultdict(list)
    targets: dict[str, set[str]] = defaultdict(set)
    for link in index.all_links():
        if link.to_note_id is not None and _may_be_taken(
            notes[link.note_id], notes[link.to_note_id]
        ):
            between[frozenset((link.note_id, link.to_note_id))].append(link)
            targets[link.note_id].add(link.to_note_id)
    chance = random.Random(_SEED)
    taken: dict[str, str] = {}
    for source in sorted(targets):
        free = [one for one in sorted(targets[source]) if taken.get(one) != source]
        if free:
            taken[source] = chance.choice(free)
    return taken, between


def _may_be_taken(source: StoredNote, target: StoredNote) -> bool:
    """Return whether a link is one between two notes of their own: no index page names one."""
    is_note = source.kind is NoteKind.NOTE and target.kind is NoteKind.NOTE
    # Each collection is somebody's own: a name that means a note of another one does so by chance.
    is_own = source.path.split("/")[0] == target.path.split("/")[0]
    return is_note and is_own and source.path != target.path


def take_away(
    corpus: Path,
    taken: Taken,
    between: Mapping[frozenset[str], Sequence[FoundLink]],
    *,
    leave_words: bool,
) -> None:
    for pair in taken.items():
        for link in between[frozenset(pair)]:
            file = corpus / link.path
            text = file.read_text(encoding="utf-8", errors="surrogateescape")
            text = _forms_of(link.target).sub(
                lambda found: (found[1] or found[2] or found["to"] or "") if leave_words else "",
                text,
            )
            file.write_text(text, encoding="utf-8", errors="surrogateescape")


def _forms_of(target: str) -> re.Pattern[str]:
    """Return what finds the links to a target: the words shown are groups 1 and 2."""
    to = re.escape(target)
    return re.compile(
        rf"!?\[\[\s*(?P<to>{to})\s*(?:\\?\|([^\]\n]*))?\]\]"
        rf"|!?\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]\(\s*<?{to}>?(?:\s+[\"'][^\n]*?)?\s*\)"
    )


# ---------------------------------------------------------------- how often they are found again


@dataclass(frozen=True)
class Collection:
    """The notes of one collection, and the links of them that were taken away."""

    name: str
    snapshot: Snapshot
    notes: ComparedNotes
    stored: Mapping[int, StoredNote]
    linked: Mapping[int, set[int]]
    taken: Mapping[int, int]

    def allowed(self, source: int) -> NDArray[np.bool_]:
        """Return which notes may be suggested for one: not itself, and none that it links to."""
        own = self.stored[source]
        return np.array(
            [
                number not in self.linked.get(source, ())
                and self.stored[number].path != own.path
                and self.stored[number].kind is not NoteKind.INDEX_PAGE
                for number in self.notes.numbers.tolist()
            ]
        )


# Gives for a row how well each note does, more is better.
Ranker = Callable[[Collection, int], NDArray[np.float64]]


def _by_meaning(of: Collection, row: int) -> NDArray[np.float64]:
    cosines: NDArray[np.float64] = (of.notes.means @ of.notes.means[row]).astype(np.float64)
    return cosines


def _by_words(of: Collection, row: int) -> NDArray[np.float64]:
    return of.notes.words.with_all(row)


def _by_bm25(of: Collection, row: int) -> NDArray[np.float64]:
    """Score all notes by the words of one, as the full-text table does."""
    passages = of.snapshot.passages_of_note(int(of.notes.numbers[row]))
    said = Counter(w for one in passages for w in read_rare_words(one.passage.search_text))
    scores = np.zeros(len(of.snapshot.table.passages_of))
    for word in list(said)[:_BM25_WORDS]:
        found = of.snapshot.word_scores(word, ColumnWeights())[1]
        scores[found.ids] += found.scores
    return scores[of.notes.numbers]


def _by_both(of: Collection, row: int) -> NDArray[np.float64]:
    return next(of.notes.likeness([row]))


_RANKERS: Mapping[str, Ranker] = {
    "meaning alone: the cosine of the mean vectors": _by_meaning,
    "words alone: BM25": _by_bm25,
    "words alone: the angle of their weights": _by_words,
    "both: the geometric mean": _by_both,
}


def report(snapshot: Snapshot, taken: Taken, *, kept: bool) -> None:
    """Print the tables: of single notes, and of whole collections."""
    collections = list(read_collections(snapshot, taken))
    places: dict[str, list[float]] = defaultdict(list)
    pairs: list[str] = []
    counts: Counter[str] = Counter()
    for of in collections:
        finder = SuggestionFinder(
            snapshot, of.linked, parse_filter(f'path:"{of.name}/"'), other_folder=False
        )
        for source, target in of.taken.items():
            if _is_kept(of.stored[source]) is not kept:
                continue
            counts[of.name] += 1
            allowed = of.allowed(source)
            row, to = np.searchsorted(of.notes.numbers, [source, target]).tolist()
            places["by chance"].append(float(allowed.sum() + 1) / 2)
            places["_candidates"].append(float(allowed.sum()))
            for name, rank in _RANKERS.items():
                scores = np.where(allowed, rank(of, row), -np.inf)
                scores[row] = -np.inf
                better = (scores > scores[to]).sum() + ((scores == scores[to]).sum() - 1) / 2
                places[name].append(float(better) + 1)
            found = [one.other.note_id for one in finder.of_note(source, max(_DEPTHS))]
            name = of.stored[target].note_id
            places["suggest-links"].append(found.index(name) + 1 if name in found else np.inf)
        pairs.append(_pairs_row(of, finder))
    print(", ".join(f"{name} {count}" for name, count in counts.most_common()), "\n")
    print("| ranked by | first | among 5 | among 10 |\n|---|---|---|---|")
    candidates = np.array(places.pop("_candidates"))
    for name, at in places.items():
        print(f"| {name} | {' | '.join(_cells(name, np.array(at), candidates))} |")
    print("\n| collection | notes | taken away | among the first 20 pairs | 100 pairs |")
    print("|---|---|---|---|---|")
    print("\n".join(pairs))


def read_collections(snapshot: Snapshot, taken: Taken) -> Iterator[Collection]:
    web = LinkWeb(snapshot.note_names(), snapshot.note_links())
    linked = web.linked_notes()
    everything = snapshot.notes(np.unique(snapshot.table.note_of)[1:].tolist())
    numbers = {note.note_id: number for number, note in everything.items()}
    by_name: dict[str, dict[int, int]] = defaultdict(dict)
    for source, target in taken.items():
        if source not in numbers or target not in numbers:  # there was nothing in it but the link
            continue
        by_name[source.split("/")[0]][numbers[source]] = numbers[target]
    for name, links in sorted(by_name.items()):
        own = {n: note for n, note in everything.items() if note.path.startswith(f"{name}/")}
        notes = compare_notes(snapshot, np.array(sorted(own), np.int64))
        yield Collection(name, snapshot, notes, own, linked, links)


def _is_kept(note: StoredNote) -> bool:
    """Return whether a note is of the half that nothing was chosen by."""
    return hashlib.sha256(note.note_id.encode()).digest()[-1] % 2 == 1


def _cells(
    name: str, places: NDArray[np.float64], candidates: NDArray[np.float64]
) -> Iterator[str]:
    for depth in _DEPTHS:
        if name == "by chance":
            yield f"{float(np.minimum(depth / candidates, 1).mean()):.3f}"
            continue
        found = (places <= depth).astype(float).tolist()
        figure = mean_figures([{Measure.SUCCESS_1: one} for one in found])[Measure.SUCCESS_1]
        yield f"{figure.mean:.3f} ({figure.low:.3f} to {figure.high:.3f}), {sum(found):.0f}"


def _pairs_row(of: Collection, finder: SuggestionFinder) -> str:
    ids = {number: note.note_id for number, note in of.stored.items()}
    gone = {frozenset((ids[a], ids[b])) for a, b in of.taken.items()}
    found = [
        frozenset((one.note.note_id, one.other.note_id)) for one in finder.of_all(max(_FIRST_PAIRS))
    ]
    cells = [f"{sum(p in gone for p in found[:n])} of {len(found[:n])}" for n in _FIRST_PAIRS]
    return f"| {of.name} | {len(of.stored)} | {len(gone)} | {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
