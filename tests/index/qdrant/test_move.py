"""Moving an index between a folder and an engine embeds nothing and loses nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from notesearch import Index
from notesearch.errors import UsageError
from tests.conftest import SHIPPED, write_notes
from tests.fakes import WordEmbedder
from tests.index.qdrant.conftest import VOCABULARY, open_index
from tests.index.qdrant.test_same_answers import SHIPPED_QUESTIONS, require_same


def contents(index: Index) -> list[tuple[object, ...]]:
    return [
        (stored.note, stored.passage, stored.vector.tobytes())
        for stored in index.passages(vectors=True)
    ]


def test_there_and_back_nothing_is_embedded_and_nothing_lost(
    tmp_path: Path, address: str, embedder: WordEmbedder
):
    with open_index(str(tmp_path / "index"), embedder) as index:
        index.update(SHIPPED)
        index.add("A robot has an agent.", id="chat/1", title="Robots", tags=["bots"])
        before, links = contents(index), index.links("vault/lora.md")
        report = index.move_to(address)
        assert (report.passages, report.notes) == (len(before), index.count_notes())
    none = WordEmbedder(VOCABULARY)
    with open_index(address, none) as engine:
        assert contents(engine) == before
        assert engine.links("vault/lora.md") == links
        assert engine.check() == ()
        engine.move_to(tmp_path / "back")
    assert none.embedded == []
    with (
        open_index(str(tmp_path / "back"), none) as back,
        open_index(str(tmp_path / "index"), none) as first,
    ):
        assert contents(back) == before
        assert back.check() == ()
        for question in SHIPPED_QUESTIONS:
            require_same(back.query(question), first.query(question), question)
        assert back.remove("chat/1").removed == ("chat/1",)


@pytest.mark.parametrize("looked", [True, False])
def test_what_is_new_stays_new_and_what_is_gone_stays_counted(
    tmp_path: Path, address: str, embedder: WordEmbedder, looked: bool
):
    notes = tmp_path / "notes"
    write_notes(notes)
    vit = notes / "vision/vit.md"
    with open_index(str(tmp_path / "index"), embedder) as index:
        index.update(notes)
        if looked:
            (notes / "seen.md").write_text("# Robots\n\nA robot has a policy.\n")
            index.update()
            index.mark_news()
        (notes / "new.md").write_text("# Agents\n\nAn agent has a tool.\n")
        (notes / "rl/dpo.md").unlink()
        vit.write_text(vit.read_text() + "\nA robot sees.\n")
        index.update()
        before, all_texts = index.news(), index.news("2020")
        assert [note.path for note in before.notes] == ["new.md", "vision/vit.md"]
        assert (before.deleted, len(all_texts.notes)) == (1, 6 if looked else 5)
        index.move_to(address)
    with open_index(address, embedder) as engine:
        assert engine.news() == before
        assert engine.news("2020") == all_texts
        engine.move_to(tmp_path / "back")
        (notes / "new.md").rename(notes / "renamed.md")
        (notes / "late.md").write_text("# Late\n\nA proof of a graph.\n")
        engine.update(notes)
        after = engine.news()
        assert {note.path for note in after.notes} == {"late.md", "renamed.md", "vision/vit.md"}
        assert after.deleted == 1
    with open_index(str(tmp_path / "back"), embedder) as back:
        assert back.news() == before
        assert back.news("2020") == all_texts
        back.update(notes)
        assert {note.path for note in back.news().notes} == {note.path for note in after.notes}


def test_what_was_moved_answers_alike_and_is_brought_in_step(
    tmp_path: Path, address: str, embedder: WordEmbedder
):
    notes = tmp_path / "notes"
    write_notes(notes)
    (notes / "wrong.md").write_bytes(b"\xff\xfe\x00\x00\xd8\x00")
    with open_index(str(tmp_path / "index"), embedder) as index:
        index.update(notes)
        index.move_to(address)
        with open_index(address, embedder) as engine:
            for question in ("policy reward", "image", "survey", "proximal policy optimization"):
                require_same(engine.query(question), index.query(question), question)
            assert engine.status().skipped == index.status().skipped
            assert engine.corpus == notes
            assert engine.update().is_unchanged
            (notes / "rl/dpo.md").unlink()
            assert engine.update().removed == ("rl/dpo.md",)


def test_a_place_that_holds_an_index_is_left_alone(
    tmp_path: Path, address: str, embedder: WordEmbedder
):
    write_notes(tmp_path / "notes")
    places = (str(tmp_path / "index"), address)
    for place in places:
        with open_index(place, embedder) as index:
            index.update(tmp_path / "notes")
    for place in places:
        for target in places:
            with (
                open_index(place, embedder) as index,
                pytest.raises(UsageError, match="holds an index already; name another place"),
            ):
                index.move_to(target)


def test_vectors_keep_every_bit(tmp_path: Path, address: str):
    class Noise(WordEmbedder):
        def embed_passages(self, texts):  # type: ignore[no-untyped-def]
            found = np.random.default_rng(5).normal(size=(len(texts), self.dimension))
            return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)

    write_notes(tmp_path / "notes")
    with open_index(str(tmp_path / "index"), Noise()) as index:
        index.update(tmp_path / "notes")
        before = contents(index)
        index.move_to(address)
    with open_index(address, Noise()) as engine:
        assert contents(engine) == before
