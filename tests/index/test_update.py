from __future__ import annotations

from pathlib import Path

from notesearch.index import Store, update_index
from tests.fakes import WordEmbedder
from tests.index.corpora import CountedLoads, LineCorpus, plan_of


def test_first_update_makes_an_index_that_answers(corpus: LineCorpus, index_dir: Path) -> None:
    report = update_index(index_dir, plan_of(corpus))

    assert report.added == ("rl/dpo.md", "rl/ppo.md", "vision/vit.md")
    assert (report.notes, report.passages, report.passages_embedded) == (3, 4, 4)
    with Store(index_dir) as store, store.snapshot() as snapshot:
        nearest = snapshot.nearest(WordEmbedder().embed_query("image"), 2)
        best = snapshot.passages(nearest.ids.tolist())[0]
        assert best.passage.text == "image patches"
        assert best.note.path == "vision/vit.md"
        assert [
            m.note.path for m in snapshot.passages(snapshot.matches("gradients", 5).ids.tolist())
        ] == ["rl/ppo.md"]


def test_update_right_after_an_update_embeds_nothing_and_loads_no_model(
    corpus: LineCorpus, index_dir: Path
) -> None:
    update_index(index_dir, plan_of(corpus))
    load = CountedLoads(WordEmbedder())

    report = update_index(index_dir, plan_of(corpus, load=load))

    assert load.loads == 0
    assert report.is_unchanged
    assert report.unchanged == 3
    assert report.generation == 1
