"""The map of a real index: what stands on it, where it is kept, and what happens to that."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from notesearch import Index, MapNote, NoteMap
from notesearch.errors import UsageError
from notesearch.index.index_layout import IndexLayout
from notesearch.index.map_file import read_places
from notesearch.joined_index import JoinedIndex
from notesearch.note_map import kept_map
from tests.conftest import write_notes
from tests.fakes import WORDS, WordEmbedder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    write_notes(tmp_path / "corpus")
    for number in range(40):
        word = WORDS[number % len(WORDS)]
        note = tmp_path / f"corpus/more/{number}.md"
        note.parent.mkdir(exist_ok=True)
        note.write_text(f"---\ntags: [{word}]\n---\n# Note {number}\n\n{word} {word}\n", "utf-8")
    return tmp_path / "corpus"


@pytest.fixture
def index_dir(tmp_path: Path, corpus: Path) -> Path:
    with open_index(tmp_path / "index") as index:
        index.update(corpus)
    return tmp_path / "index"


def open_index(folder: Path, **how: str) -> Index:
    return Index.open(folder, WordEmbedder(**how), create=True)


def places_of(drawn: NoteMap) -> dict[str, tuple[float, float]]:
    return {note.note_id: (note.x, note.y) for note in drawn.notes}


def drawn(index_dir: Path, **how: str) -> NoteMap:
    with open_index(index_dir, **how) as index:
        return index.map()


def test_all_notes_with_text_are_points_in_the_order_of_their_ids(index_dir: Path):
    with open_index(index_dir) as index:
        notes = index.map().notes
        assert [note.note_id for note in notes] == sorted(n.note_id for n in index.notes())
    assert all(0 <= note.x <= 1 and 0 <= note.y <= 1 for note in notes)
    dpo = next(note for note in notes if note.note_id == "rl/dpo.md")
    assert dpo == MapNote(
        note_id="rl/dpo.md",
        title="Direct Preference Optimization",
        x=dpo.x,
        y=dpo.y,
        date="2026-03-14",
        year=2023,
        tags=("dpo", "alignment", "rl"),
    )


def test_regions_are_labelled_by_their_tags(index_dir: Path):
    assert {label.text for label in drawn(index_dir).labels} & set(WORDS)


def test_note_that_is_added_moves_no_other(index_dir: Path, corpus: Path):
    before = places_of(drawn(index_dir))
    (corpus / "more/new.md").write_text("# New\n\nprotein protein\n", "utf-8")
    (corpus / "rl/ppo.md").unlink()
    with open_index(index_dir) as index:
        index.update()
        after = places_of(index.map())
    assert after.keys() == before.keys() - {"rl/ppo.md"} | {"more/new.md"}
    assert all(after[name] == before[name] for name in after.keys() & before.keys())


def test_open_index_follows_an_update_and_else_gives_the_same_map(index_dir: Path, corpus: Path):
    with open_index(index_dir) as index:
        first = index.map()
        assert index.map() is first
        (corpus / "new.md").write_text("# New\n\nrobot\n", "utf-8")
        with open_index(index_dir) as other:
            other.update()
        assert len(index.map().notes) == len(first.notes) + 1


def test_map_is_found_again_in_the_folder(index_dir: Path, monkeypatch: pytest.MonkeyPatch):
    first = drawn(index_dir)
    kept = read_places(IndexLayout(index_dir))
    assert kept is not None
    assert {name: place[:2] for name, place in kept.places.items()} == places_of(first)
    monkeypatch.setattr(kept_map, "write_places", None)  # nothing is written without a change
    assert drawn(index_dir) == first


@pytest.mark.parametrize("content", [b"", b"{}", b"notesearch map 1 00\n{}", b"\xff" * 99])
def test_damaged_file_is_made_anew(index_dir: Path, content: bytes):
    first = drawn(index_dir)
    file = IndexLayout(index_dir).note_map
    file.write_bytes(content)
    assert drawn(index_dir) == first
    assert read_places(IndexLayout(index_dir)) is not None


def test_flipped_byte_is_noticed_and_mended_by_check(index_dir: Path):
    first = drawn(index_dir)
    file = IndexLayout(index_dir).note_map
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    with open_index(index_dir) as index:
        (problem,) = index.check()
        assert problem.message.startswith(f"{file}: is damaged; ")
        assert [problem.fixed for problem in index.check(fix=True)] == [True]
        assert not file.exists()
        assert index.check() == ()
        assert index.map() == first


def test_map_of_another_model_is_made_anew(index_dir: Path, corpus: Path):
    drawn(index_dir)
    with open_index(index_dir, name="other") as index:
        index.update(rebuild=True)
        index.map()
    kept = read_places(IndexLayout(index_dir))
    assert kept is not None
    assert kept.embedder == WordEmbedder(name="other").fingerprint


def share_beside_their_like(drawn: NoteMap) -> float:
    """Return how many of the notes with one word have one with the same word beside them."""
    notes = [note for note in drawn.notes if "more" in note.tags]
    nearest = [
        min((other for other in notes if other is not note),
            key=lambda other: (other.x - note.x) ** 2 + (other.y - note.y) ** 2)
        for note in notes
    ]  # fmt: skip
    return sum(one.tags == other.tags for one, other in zip(notes, nearest, strict=True)) / 40


def test_map_of_other_notes_misplaces_none(index_dir: Path, tmp_path: Path):
    other = tmp_path / "other"
    for number in range(40):  # the same names, of other texts
        note = tmp_path / f"theirs/more/{number}.md"
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"# Note {number}\n\n{WORDS[number // 5]} {WORDS[number // 5]}\n", "utf-8")
    with open_index(other) as index:
        index.update(tmp_path / "theirs")
        index.map()
    shutil.copy(IndexLayout(other).note_map, IndexLayout(index_dir).note_map)
    assert share_beside_their_like(drawn(index_dir)) > 0.9


def test_folder_that_can_only_be_read_has_a_map(index_dir: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    first = drawn(index_dir)
    IndexLayout(index_dir).note_map.unlink()
    monkeypatch.setattr("notesearch.durable.create_private", refuse)  # root may write anywhere
    assert drawn(index_dir) == first
    assert not IndexLayout(index_dir).note_map.exists()


def test_folder_that_is_gone_meanwhile_is_not_made_again(index_dir: Path):
    with open_index(index_dir) as index, index._snapshot() as snapshot:
        shutil.rmtree(index_dir)
        kept = kept_map.KeptMap(IndexLayout(index_dir))
        from contextlib import nullcontext

        assert kept.get(lambda: nullcontext(snapshot)).notes
    assert not index_dir.exists()


def test_empty_index_has_an_empty_map(tmp_path: Path):
    (tmp_path / "none").mkdir()
    with open_index(tmp_path / "index") as index:
        index.update(tmp_path / "none", allow_empty=True)
        assert index.map() == NoteMap((), ())


def test_threads_that_ask_at_once_get_one_map(index_dir: Path):
    with open_index(index_dir) as index, ThreadPoolExecutor(4) as pool:
        maps = list(pool.map(lambda _: index.map(), range(4)))
    assert all(one is maps[0] for one in maps)


def test_closed_index_has_no_map(index_dir: Path):
    with open_index(index_dir) as index:
        pass
    with pytest.raises(UsageError, match="has been closed"):
        index.map()


def test_several_indexes_have_one_map_that_none_of_them_keeps(index_dir: Path, library: Path):
    with JoinedIndex({"a": open_index(index_dir), "b": open_index(library / "index")}) as joined:
        notes = joined.map().notes
    assert {note.note_id[:2] for note in notes} == {"a:", "b:"}
    assert not IndexLayout(index_dir).note_map.exists()


def test_question_does_not_import_what_draws_a_map(index_dir: Path):
    code = (
        "import sys; from notesearch import Index; from tests.fakes import WordEmbedder\n"
        f"Index.open({str(index_dir)!r}, WordEmbedder()).query('reward')\n"
        "assert not [name for name in sys.modules if 'map' in name and 'notesearch.' in name]\n"
    )
    root = Path(kept_map.__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True, timeout=120)
