"""An index in an engine gives the hits of one in a folder, with the same scores.

By words these are within 0.001. By meaning they are as near as the rounding of a folder lets them
be: it keeps 8 bits a number for all but the nearest passages, where an engine keeps 16.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import pytest

from notesearch import Index
from notesearch.records import Hit
from tests.conftest import SHIPPED
from tests.index.qdrant.conftest import ScatteredEmbedder, keep_clients, open_index
from tests.index.qdrant.generated_notes import FILTERS, make_questions, write_notes

SHIPPED_QUESTIONS = (
    "how does DPO differ from RLHF",
    "direct preference optimization",
    "fine-tuning large language models with human feedback",
    "attenton mechanisms",  # a slip
    "hallucination",
    "LLM calibration and uncertainty",
    '"reward model" overoptimization',
    "what is a good recipe for pancakes",
    "wizardlm",  # the name of a note
    "self-consistency chain of thought",
    "λ",
)
SHIPPED_FILTERS = (
    *(
        "tag:alignment",
        "tag:uncertainty -tag:llm-as-judge",
        "since:2026",
        "until:2025-12-31",
        "year:2023",
    ),
    *("section:limitations", "path:alignment/*", "path:digests", "path:*.org", "kind:digest-part"),
    *("paper:arxiv:2305.18290", "author:Rafailov", "title:preference*", "-section:method"),
    "tag:dpo OR (tag:reasoning since:2025)",
)


# An index in a folder rounds the vectors of all but the nearest 32 passages to 8 bits.
ROUNDING = 0.01


def require_same(
    found: Sequence[Hit], expected: Sequence[Hit], about: object, within: float = 1e-3
) -> None:
    """Compare hits by their notes; where scores are as near as that, notes may change places."""
    assert len(found) == len(expected), about
    for one, other in ((found, expected), (expected, found)):
        known = {hit.note_id: hit for hit in one}
        for hit in other:
            if hit.note_id not in known:
                assert hit.score <= one[-1].score + within, (about, hit.note_id)
                continue
            same = known[hit.note_id]
            assert hit.score == pytest.approx(same.score, abs=within), (about, hit.note_id)
            if hit.passage_id == same.passage_id:
                assert hit.cosine == pytest.approx(same.cosine, abs=4e-3), about
                assert hit.bm25 == pytest.approx(same.bm25, abs=1e-3), about
                assert (hit.text, hit.tags, hit.date, hit.path) == (
                    same.text,
                    same.tags,
                    same.date,
                    same.path,
                )


@pytest.fixture
def both(tmp_path, address):
    """An index in a folder, and one in an engine."""
    embedder = ScatteredEmbedder()
    with (
        open_index(str(tmp_path / "index"), embedder) as folder,
        open_index(address, embedder) as engine,
    ):
        yield folder, engine


@pytest.fixture(scope="module")
def both_large(tmp_path_factory: pytest.TempPathFactory):
    """The same of 5,000 passages, for tests that change neither."""
    folder = tmp_path_factory.mktemp("large")
    write_notes(folder / "notes", 2400)
    embedder = ScatteredEmbedder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        clients = keep_clients(patch)
        with (
            open_index(str(folder / "index"), embedder) as index,
            open_index(f"qdrant://{folder}/engine/notes", embedder) as engine,
        ):
            for one in (index, engine):
                assert one.update(folder / "notes").passages > 4900
            assert clients
            yield index, engine


def test_the_shipped_notes_answer_alike(both: tuple[Index, Index]):
    folder, engine = both
    folder.update(SHIPPED)
    engine.update(SHIPPED)
    filters = cycle((None, *SHIPPED_FILTERS))
    for question in SHIPPED_QUESTIONS:
        for mode in ("hybrid", "lexical", "dense"):
            where = next(filters)
            expected = folder.search(question, where=where, mode=mode)
            found = engine.search(question, where=where, mode=mode)
            within = 1e-3 if mode == "lexical" else ROUNDING
            require_same(found.hits, expected.hits, (question, where, mode), within)
            assert found.relevance == pytest.approx(expected.relevance, abs=ROUNDING)
            assert found.corrections == expected.corrections
            assert (found.pairs, found.rewordings) == (expected.pairs, expected.rewordings)
            assert found.weak == expected.weak
    for where in SHIPPED_FILTERS:
        assert engine.notes(where) == folder.notes(where), where
        assert engine.query("", where=where) == folder.query("", where=where), where
        assert engine.tags(where) == folder.tags(where), where
    assert engine.notes() == folder.notes()
    assert engine.tags() == folder.tags()
    assert engine.count_notes() == folder.count_notes()
    assert engine.complete("align") == folder.complete("align")


def test_what_is_asked_of_a_note_is_answered_alike(both: tuple[Index, Index]):
    folder, engine = both
    folder.update(SHIPPED)
    engine.update(SHIPPED)
    for name in ("dpo", "alignment/dpo.md:14", "lora", "digests/preference-learning-table.md"):
        require_same(engine.similar(name).hits, folder.similar(name).hits, name, ROUNDING)
        found, expected = (i.similar(name, where="tag:alignment") for i in (engine, folder))
        require_same(found.hits, expected.hits, name, ROUNDING)
    note, passages = engine.show("dpo")
    assert (note, passages) == folder.show("dpo")
    quote = "DPO avoids reward model because the policy holds one already"
    assert engine.quote(quote) == folder.quote(quote)
    assert engine.links("vault/lora.md") == folder.links("vault/lora.md")
    assert engine.papers() == folder.papers()
    assert [p.passage for p in engine.passages("tag:dpo")] == [
        p.passage for p in folder.passages("tag:dpo")
    ]
    ids = [note.note_id for note in folder.map().notes]
    assert [note.note_id for note in engine.map().notes] == ids


def ask_both(folder: Index, engine: Index, questions: Sequence[str]) -> None:
    filters = cycle((None, None, *FILTERS))
    for question in questions:
        where = next(filters)
        expected, found = (index.search(question, where=where) for index in (folder, engine))
        require_same(found.hits, expected.hits, (question, where), ROUNDING)
        assert found.relevance == pytest.approx(expected.relevance, abs=ROUNDING)


def test_generated_notes_answer_alike(both: tuple[Index, Index], tmp_path: Path):
    write_notes(tmp_path / "notes", 60)
    for index in both:
        index.update(tmp_path / "notes")
    ask_both(*both, make_questions(24))


# The client works out a second on each question: all 500 take ten minutes of two cores.
PARTS = range(10 if "NOTESEARCH_ALL_QUESTIONS" in os.environ else 3)


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_500_questions_over_5000_passages_answer_alike(part: int, both_large: tuple[Index, Index]):
    ask_both(*both_large, make_questions(500)[part::10])


def test_after_updates_the_answers_are_alike(both: tuple[Index, Index], tmp_path: Path):
    notes = tmp_path / "notes"
    write_notes(notes, 60)
    for index in both:
        index.update(notes)
    chosen = random.Random(3)
    files = sorted(notes.rglob("*.md"))
    for path in chosen.sample(files, 6):
        path.unlink()
    left = sorted(notes.rglob("*.md"))
    for path in chosen.sample(left, 3):
        path.rename(path.with_name(f"renamed-{path.name}"))
    write_notes(notes / "more", 6, seed=5)
    for index in both:
        report = index.update()
        assert (len(report.removed), len(report.renamed), len(report.added)) == (6, 3, 6)
        assert report.passages_embedded < report.passages / 2
    folder, engine = both
    assert [note.path for note in engine.notes()] == [note.path for note in folder.notes()]
    # The words are weighed by the lengths that the texts had on average when the index was made.
    for question in make_questions(20):
        expected = folder.query(question)
        found = {hit.passage_id: hit.score for hit in engine.query(question)}
        assert [found.get(hit.passage_id, 0) for hit in expected[:3]] == pytest.approx(
            [hit.score for hit in expected[:3]], abs=0.02
        )
    for index in both:
        index.update(rebuild=True)
    ask_both(*both, make_questions(20))
    assert engine.check() == ()
