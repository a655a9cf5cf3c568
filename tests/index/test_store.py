from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from notesearch.errors import MismatchError, UnusableIndexError, UsageError
from notesearch.index.catalog import Catalog
from notesearch.index.snapshot import ColumnWeights, TagCount
from notesearch.index.store import Store
from notesearch.index.update import update_index
from notesearch.query.filters import AllOf, Filter, Tag
from notesearch.records import Role
from tests.fakes import WORDS, WordEmbedder
from tests.index.contents import contents_of, contents_of_snapshot
from tests.index.corpora import LineCorpus, plan_of
from tests.index.faults import alter, start_update, without_privileges


@pytest.fixture
def store(corpus: LineCorpus, index_dir: Path) -> Store:
    update_index(index_dir, plan_of(corpus))
    return Store(index_dir)


def texts(store: Store, where: Filter) -> list[str]:
    with store.snapshot() as snapshot:
        ids = snapshot.passage_ids(where).tolist()
        return [stored.passage.text for stored in snapshot.passages(ids)]


def test_parent_tag_finds_its_children(store: Store) -> None:
    assert texts(store, Tag("rlhf")) == [
        "policy without a reward model",
        "a proof",
        "policy gradient with a reward",
    ]
    assert texts(store, Tag("rlhf/dpo")) == [
        "policy without a reward model",
        "a proof",
    ]


def test_rare_tag_still_fills_k_hits(corpus: LineCorpus, index_dir: Path) -> None:
    for number in range(300):
        corpus.write(f"many/{number}.md", *(["policy policy policy"] * 3))
    corpus.write("rare.md", "#rare", "policy", "policy image", "policy graph")
    update_index(index_dir, plan_of(corpus))
    query = WordEmbedder().embed_query("policy")

    with Store(index_dir) as store, store.snapshot() as snapshot:
        allowed = snapshot.passage_ids(Tag("rare"))
        nearest = snapshot.nearest(query, 3, allowed)

    assert sorted(nearest.ids.tolist()) == allowed.tolist()
    # Of "Title policy" and "Title policy image", with one word in common.
    assert nearest.cosines.tolist() == pytest.approx([2**-0.5, 3**-0.5, 3**-0.5], abs=1e-3)


def test_cosines_are_those_of_brute_force(corpus: LineCorpus, index_dir: Path) -> None:
    for number, word in enumerate(WORDS):
        corpus.write(f"{number}.md", f"{word} policy", f"{word} {word} robot")
    update_index(index_dir, plan_of(corpus))
    query = WordEmbedder().embed_query("policy robot")

    with Store(index_dir) as store, store.snapshot() as snapshot:
        ids = snapshot.passage_ids(AllOf(()))
        cosines = snapshot.vectors_of(ids.tolist()) @ query
        order = np.lexsort((ids, -cosines))
        nearest = snapshot.nearest(query, len(ids))

    assert nearest.ids.tolist() == ids[order].tolist()
    assert nearest.cosines == pytest.approx(cosines[order], abs=1e-6)


def test_words_match_by_their_stem_and_columns_weigh(store: Store) -> None:
    with store.snapshot() as snapshot:
        assert len(snapshot.word_scores("gradients", ColumnWeights())[0].ids) == 1
        assert snapshot.passages_with_phrase(["policies"]).tolist() == [1, 3]
        plain = snapshot.word_scores("line", ColumnWeights())[0]
        heavy = snapshot.word_scores("line", ColumnWeights(section=10))[0]

    assert len(plain.ids) == 4
    assert heavy.scores[0] > plain.scores[0] > 0


def test_signs_of_the_full_text_syntax_are_text(store: Store) -> None:
    with store.snapshot() as snapshot:
        for hostile in ('"', 'policy" AND (', "policy*", "NEAR(", "title:policy", "\0"):
            assert snapshot.passages_with_phrase([hostile, "nowhere"]).size == 0


def test_passage_comes_back_as_it_went_in(corpus: LineCorpus, store: Store) -> None:
    read = next(iter(corpus.read_files(["rl/dpo.md"])))

    with store.snapshot() as snapshot:
        ((number, note),) = snapshot.find_notes("rl/dpo.md").items()
        stored = snapshot.passages_of_note(number)

    assert tuple(passage.passage for passage in stored) == read.passages[0]
    written = read.reading.notes[0]
    assert (note.title, note.kind, note.year) == (written.title, written.kind, written.year)
    assert (note.tags, note.folder_tags) == (("RLHF/DPO", "alignment"), ("rl",))
    assert (note.authors, note.links, note.line_end) == (("Ada",), (), 3)


def test_role_and_line_breaks_survive(corpus: LineCorpus, index_dir: Path) -> None:
    corpus.write("roles.md", "results \x00 ‚Äú\u2028quoted")
    update_index(index_dir, plan_of(corpus))

    (found,) = (p for _, p, _ in contents_of(index_dir).passages.values() if p.roles)
    assert found.roles == (Role.RESULTS,)
    assert found.text == "results \x00 ‚Äú"


def test_tags_are_counted_by_note_the_commonest_first(store: Store) -> None:
    with store.snapshot() as snapshot:
        tags = snapshot.tags()

    assert tags[0] == TagCount("rl", "rl", folder=True, notes=2)
    assert TagCount("rlhf", "RLHF", folder=False, notes=1) in tags


def test_open_snapshot_stays_with_its_generation(
    corpus: LineCorpus, index_dir: Path, store: Store
) -> None:
    with store.snapshot() as snapshot:
        before = contents_of_snapshot(snapshot)
        corpus.write("rl/ppo.md", "robot")
        corpus.remove("vision/vit.md")
        update_index(index_dir, plan_of(corpus))
        assert contents_of_snapshot(snapshot) == before

    with store.snapshot() as snapshot:
        assert snapshot.state.generation == 2
        assert contents_of_snapshot(snapshot) == contents_of(index_dir) != before


def test_open_store_follows_updates_of_another_process(
    corpus: LineCorpus, index_dir: Path, store: Store
) -> None:
    # Opening and closing the catalog to take its digest once took SQLite's locks away: the
    # other process then removed the log, and this one saw the old state for ever.
    for generation in (1, 2, 3):
        with store.snapshot() as snapshot:
            assert snapshot.state.generation == generation
        with Store(index_dir) as other, other.snapshot():
            pass
        corpus.write("new.md", f"robot {generation}")
        process = start_update(corpus, index_dir)
        process.join()
        assert process.exitcode == 0
    with store.snapshot() as snapshot:
        assert snapshot.state.generation == 4


def test_store_goes_on_after_a_rebuild_put_a_new_catalog_in_place(
    corpus: LineCorpus, index_dir: Path, store: Store
) -> None:
    with store.snapshot() as snapshot:
        right = contents_of_snapshot(snapshot)
    (index_dir / "catalog.sqlite").write_bytes(b"garbage" * 1000)
    update_index(index_dir, plan_of(corpus, rebuild=True))

    with store.snapshot() as snapshot:
        assert contents_of_snapshot(snapshot) == right


def test_store_follows_updates_where_it_can_only_read(
    corpus: LineCorpus, index_dir: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In a folder that may only be read, SQLite opens a file as one that never changes.
    plain = Catalog._connect

    def read_only(path: Path, mode: str, **how: bool) -> Catalog:
        return plain(path, "immutable=1" if mode == "mode=ro" else mode, **how)

    store.close()
    monkeypatch.setattr(Catalog, "_connect", read_only)
    with Store(index_dir) as held:
        for generation in (1, 2, 3):
            with held.snapshot() as snapshot:
                assert snapshot.state.generation == generation
                assert contents_of_snapshot(snapshot) == contents_of(index_dir)
            corpus.write("new.md", f"robot {generation}")
            update_index(index_dir, plan_of(corpus))


def test_many_threads_share_a_store(store: Store) -> None:
    with store.snapshot() as snapshot:
        right = contents_of_snapshot(snapshot)
    barrier = threading.Barrier(4)

    def ask(_: int) -> bool:
        barrier.wait()
        with store.snapshot() as snapshot:
            return contents_of_snapshot(snapshot) == right

    with ThreadPoolExecutor(4) as executor:
        assert all(executor.map(ask, range(8)))


def test_closed_store_says_so(store: Store) -> None:
    store.close()

    with pytest.raises(UsageError, match="closed"), store.snapshot():
        pass


def test_other_model_is_refused(store: Store) -> None:
    with store.snapshot() as snapshot:
        snapshot.require_embedder("words-9")
        with pytest.raises(MismatchError, match="rebuild=True"):
            snapshot.require_embedder("bge-small")


def test_empty_index_answers_with_nothing(corpus: LineCorpus, index_dir: Path) -> None:
    shutil.rmtree(corpus.root)
    corpus.root.mkdir()
    update_index(index_dir, plan_of(corpus, allow_empty=True))

    with Store(index_dir) as store, store.snapshot() as snapshot:
        assert snapshot.nearest(WordEmbedder().embed_query("policy"), 5).ids.tolist() == []
        assert snapshot.word_scores("policy", ColumnWeights())[0].ids.tolist() == []
        assert snapshot.passages([]) == []


def refusal(index_dir: Path) -> str:
    with pytest.raises(UnusableIndexError) as caught, Store(index_dir) as store, store.snapshot():
        pass
    return caught.value.for_shell


def test_folder_may_be_called_anything(corpus: LineCorpus, tmp_path: Path) -> None:
    index_dir = tmp_path / "50% of ‘my’ notes? #1"
    update_index(index_dir, plan_of(corpus))

    assert len(contents_of(index_dir).passages) == 4


def test_missing_index_is_told(tmp_path: Path) -> None:
    none = tmp_path / "none"

    assert refusal(none) == f"{none}: holds no index; run: notesearch index CORPUS --index {none}"


def test_catalog_that_is_no_sqlite_file_is_told(index_dir: Path) -> None:
    index_dir.mkdir()
    (index_dir / "catalog.sqlite").write_text("# My notes\n" * 100, encoding="utf-8")

    assert "is damaged, or no SQLite file; run: notesearch index CORPUS --index" in refusal(
        index_dir
    )


def test_database_of_another_program_is_never_touched(corpus: LineCorpus, index_dir: Path) -> None:
    index_dir.mkdir()
    with sqlite3.connect(index_dir / "catalog.sqlite") as connection:
        connection.execute("CREATE TABLE songs (name TEXT)")
    connection.close()

    assert "is the database of another program" in refusal(index_dir)
    with pytest.raises(UnusableIndexError, match="another program"):
        update_index(index_dir, plan_of(corpus, rebuild=True))


@pytest.mark.parametrize(("version", "remedy"), [(99, "use a newer notesearch"), (0, "--rebuild")])
def test_other_format_is_told(store: Store, index_dir: Path, version: int, remedy: str) -> None:
    store.close()
    alter(index_dir, f"PRAGMA user_version = {version}")

    assert f"format {version}" in refusal(index_dir)
    assert remedy in refusal(index_dir)


def test_lost_vectors_are_told_with_the_remedy(store: Store, index_dir: Path) -> None:
    store.close()
    (index_dir / "vectors-1.faiss").unlink()

    assert refusal(index_dir).endswith(
        f"vectors-1.faiss: is lost; run: notesearch check --fix --index {index_dir}"
    )


@pytest.mark.skipif(os.name == "nt", reason="folders have other permissions there")
def test_read_only_folder_can_be_searched_and_refuses_an_update(corpus: LineCorpus) -> None:
    with tempfile.TemporaryDirectory() as folder:  # one that every user may enter
        Path(folder).chmod(0o755)
        index_dir = Path(folder) / "index"
        update_index(index_dir, plan_of(corpus))
        for path in index_dir.iterdir():
            path.chmod(0o644)
        index_dir.chmod(0o555)
        passages, refusal = without_privileges(index_dir)
        index_dir.chmod(0o755)

    assert passages == 4
    assert "cannot be written" in refusal
