"""Several indexes asked at once, one of them in an engine, answer as if all were in folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch import JoinedIndex, joined_index
from notesearch.errors import UsageError
from tests.index.qdrant.conftest import ScatteredEmbedder, open_index
from tests.index.qdrant.generated_notes import FILTERS, make_questions, write_notes
from tests.index.qdrant.test_same_answers import ROUNDING, require_same


@pytest.fixture
def joined(tmp_path: Path, address: str) -> Iterator[tuple[JoinedIndex, JoinedIndex]]:
    """The same notes in two folders, and in a folder and an engine."""
    write_notes(tmp_path / "work", 20)
    write_notes(tmp_path / "home", 30, seed=5)
    embedder = ScatteredEmbedder()
    late = tmp_path / "home/late.md"
    pairs = []
    for pair, home in (("folders", str(tmp_path / "home-index")), ("both", address)):
        indexes = {
            "work": open_index(str(tmp_path / pair / "work-index"), embedder),
            "home": open_index(home, embedder),
        }
        late.write_text("# Late\n\nA graph of a proof.\n")
        for name, index in indexes.items():
            index.update(tmp_path / name)
        late.unlink()
        indexes["home"].update()  # numbers are not in a row any more, and a note is gone
        pairs.append(JoinedIndex(indexes))
    folders, both = pairs
    with folders, both:
        yield folders, both


def test_hits_and_scores_are_those_of_folders(joined: tuple[JoinedIndex, JoinedIndex]):
    both = joined[1]
    for place, question in enumerate(make_questions(20)):
        where = (None, None, *FILTERS)[place % (len(FILTERS) + 2)]
        for mode in ("hybrid", "lexical"):
            expected, found = (i.search(question, where=where, mode=mode) for i in joined)
            within = 1e-3 if mode == "lexical" else ROUNDING
            require_same(found.hits, expected.hits, (question, where, mode), within)
    hits = both.query("policy reward", 50)
    assert {hit.path.partition(":")[0] for hit in hits} == {"work", "home"}


def test_lists_and_names_are_those_of_folders(joined: tuple[JoinedIndex, JoinedIndex]):
    folders, both = joined
    assert both.notes() == folders.notes()
    assert both.notes("tag:rl") == folders.notes("tag:rl")
    assert both.tags() == folders.tags()
    assert both.count_notes() == folders.count_notes() == 50
    name = both.notes("path:a/*")[0].note_id
    assert both.show(name) == folders.show(name)
    require_same(both.similar(name).hits, folders.similar(name).hits, name, ROUNDING)
    assert both.news("2020").deleted == folders.news("2020").deleted == 1


def test_an_engine_that_is_large_is_asked_by_itself(
    joined: tuple[JoinedIndex, JoinedIndex], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(joined_index, "_MOST_NOTES_IN_ENGINE", 29)
    with pytest.raises(UsageError, match=r"home is in an engine and has 30 notes, .*by itself"):
        joined[1].query("policy")
    assert joined[0].query("policy")
