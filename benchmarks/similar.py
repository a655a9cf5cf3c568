"""How well `notesearch similar` finds what other people wrote on the same paper.

    python benchmarks/similar.py                       # of the notes in ../shared/data/wild
    python benchmarks/similar.py --index FOLDER ...    # of indexes that are there, side by side

Notes in different files are on one paper where both name it, or where none of them does and they
have one title. Their writers chose what to say: it is the nearest that real notes come to judged
likeness.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from benchmarks.relevance import DATA
from notesearch import Index
from notesearch.evaluation.metrics import Measure, Scores, mean_figures, score_ranking
from notesearch.index.snapshot import StoredNote
from notesearch.settings import Settings

DEPTH = 10
# More notes on one "paper" are parts of one digest, or share a name such as "Introduction".
_MOST_NOTES = 6
_LEAST_TITLE = 15  # characters: shorter titles name many things


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", type=Path, nargs="*", default=[])
    given = parser.parse_args()
    print("| index | notes | MRR@10 | 95 % | first |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        for index_dir in given.index or [_make_index(Path(scratch))]:
            with Index.open(settings=Settings(index=index_dir)) as index:
                scores = [_score(index, note, same) for note, same in find_pairs(index.notes())]
            print(describe(index_dir.name, scores))


def _make_index(scratch: Path) -> Path:
    settings = Settings(index=scratch / "wild")
    with Index.open(create=True, settings=settings) as index:
        index.update(DATA / "wild" / "notes")
    return settings.index


def find_pairs(notes: Sequence[StoredNote]) -> list[tuple[StoredNote, frozenset[str]]]:
    """Give each note that others in other files are on the same paper as, with their ids."""
    groups: dict[str, list[StoredNote]] = defaultdict(list)
    for note in notes:
        if note.paper or len(note.title) > _LEAST_TITLE:
            groups[note.paper or note.title.casefold()].append(note)
    pairs = []
    for group in groups.values():
        if len(group) <= _MOST_NOTES and len({note.path for note in group}) > 1:
            ids = frozenset(note.note_id for note in group)
            pairs += [(note, ids - {note.note_id}) for note in group]
    return pairs


def _score(index: Index, note: StoredNote, same_paper: frozenset[str]) -> Scores:
    hits = index.similar(note.note_id, DEPTH).hits
    return score_ranking((hit.note_id for hit in hits), dict.fromkeys(same_paper, 1))


def describe(name: str, rows: Sequence[Scores]) -> str:
    figures = mean_figures(rows)
    mrr = figures[Measure.MRR_10]
    return (
        f"| {name} | {len(rows)} | {mrr.mean:.3f} | {mrr.low:.3f} to {mrr.high:.3f} "
        f"| {figures[Measure.SUCCESS_1].mean:.3f} |"
    )


if __name__ == "__main__":
    main()
