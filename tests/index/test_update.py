from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from notesearch.errors import CorpusError, MismatchError, ModelError, UnusableIndexError
from notesearch.index import ingest
from notesearch.index.check import check_index
from notesearch.index.reports import Progress, Stage
from notesearch.index.snapshot import ColumnWeights
from notesearch.index.status import read_status
from notesearch.index.store import Store
from notesearch.index.update import preview_update, update_index
from notesearch.records import Finding, ReadFile
from tests.fakes import WordEmbedder
from tests.index.contents import contents_of
from tests.index.corpora import CountedLoads, LineCorpus, plan_of


def age(corpus: LineCorpus) -> None:
    """Make the files older than the clock's step, so that their times can be trusted."""
    past = time.time() - 3600
    for path in corpus.root.rglob("*.md"):
        os.utime(path, (past, past))


def test_first_update_makes_an_index_that_answers(corpus: LineCorpus, index_dir: Path) -> None:
    report = update_index(index_dir, plan_of(corpus))

    assert report.added == ("rl/dpo.md", "rl/ppo.md", "vision/vit.md")
    assert (report.notes, report.passages, report.passages_embedded) == (3, 4, 4)
    with Store(index_dir) as store, store.snapshot() as snapshot:
        nearest = snapshot.nearest(WordEmbedder().embed_query("image"), 2)
        best = snapshot.passages(nearest.ids.tolist())[0]
        assert best.passage.text == "image patches"
        assert best.note.path == "vision/vit.md"


def test_update_right_after_an_update_embeds_nothing_and_loads_no_model(
    corpus: LineCorpus, index_dir: Path
) -> None:
    update_index(index_dir, plan_of(corpus))
    load = CountedLoads(WordEmbedder())

    report = update_index(index_dir, plan_of(corpus, load=load))

    assert load.loads == 0
    assert report.is_unchanged
    assert (report.unchanged, report.generation) == (3, 1)


def test_unchanged_files_are_neither_hashed_nor_read(corpus: LineCorpus, index_dir: Path) -> None:
    age(corpus)
    update_index(index_dir, plan_of(corpus))
    corpus.hashed.clear()
    corpus.read.clear()

    update_index(index_dir, plan_of(corpus))

    assert corpus.hashed == corpus.read == []


def test_file_that_was_fresh_is_hashed_once_more(corpus: LineCorpus, index_dir: Path) -> None:
    age(corpus)
    corpus.write("fresh.md", "speech")
    update_index(index_dir, plan_of(corpus))
    stat = (corpus.root / "fresh.md").stat()
    corpus.write("fresh.md", "proofs")
    os.utime(corpus.root / "fresh.md", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    corpus.hashed.clear()

    report = update_index(index_dir, plan_of(corpus))

    assert corpus.hashed == ["fresh.md"]
    assert report.changed == ("fresh.md",)


def test_touched_file_is_hashed_but_not_read(corpus: LineCorpus, index_dir: Path) -> None:
    age(corpus)
    update_index(index_dir, plan_of(corpus))
    os.utime(corpus.root / "rl/ppo.md", (1, 1))
    corpus.read.clear()

    report = update_index(index_dir, plan_of(corpus))
    corpus.hashed.clear()
    update_index(index_dir, plan_of(corpus))

    assert (report.unchanged, report.generation) == (3, 1)
    assert corpus.hashed == corpus.read == []


def test_edited_note_embeds_only_its_new_passages(corpus: LineCorpus, index_dir: Path) -> None:
    update_index(index_dir, plan_of(corpus))
    corpus.write("rl/dpo.md", "#RLHF/DPO", "policy without a reward model", "a robot", "a proof")
    embedder = WordEmbedder()

    report = update_index(index_dir, plan_of(corpus, embedder))

    assert report.changed == ("rl/dpo.md",)
    assert embedder.embedded == ["Title\na robot"]
    assert (report.passages_embedded, report.passages_reused) == (1, 2)


def test_renamed_note_embeds_nothing(corpus: LineCorpus, index_dir: Path) -> None:
    update_index(index_dir, plan_of(corpus))
    corpus.rename("rl/dpo.md", "new/dpo.md")
    load = CountedLoads(WordEmbedder())

    report = update_index(index_dir, plan_of(corpus, load=load))

    assert report.renamed == (("rl/dpo.md", "new/dpo.md"),)
    assert (report.added, report.removed, load.loads) == ((), (), 0)
    assert contents_of(index_dir).by_path.keys() == {"new/dpo.md", "rl/ppo.md", "vision/vit.md"}


def test_equal_texts_share_one_vector(corpus: LineCorpus, index_dir: Path) -> None:
    corpus.write("copy.md", "image patches", "image patches")

    report = update_index(index_dir, plan_of(corpus))

    assert (report.passages, report.passages_embedded, report.passages_reused) == (6, 4, 2)
    with Store(index_dir) as store, store.snapshot() as snapshot:
        assert read_status(index_dir).counts.vectors == 4
        found = snapshot.nearest(WordEmbedder().embed_query("image"), 3)
        assert len({p.passage.id for p in snapshot.passages(found.ids.tolist())}) == 3


def test_removed_note_takes_its_vectors_and_words_along(
    corpus: LineCorpus, index_dir: Path
) -> None:
    update_index(index_dir, plan_of(corpus))
    corpus.remove("vision/vit.md")

    report = update_index(index_dir, plan_of(corpus))

    assert report.removed == ("vision/vit.md",)
    with Store(index_dir) as store, store.snapshot() as snapshot:
        assert read_status(index_dir).counts.vectors == snapshot.table.passage_ids.size == 3
        assert len(snapshot.word_scores("image", ColumnWeights())[0].ids) == 0


def test_file_that_fails_keeps_its_earlier_notes_and_is_reported_until_it_reads_well(
    corpus: LineCorpus, index_dir: Path
) -> None:
    update_index(index_dir, plan_of(corpus))
    good = contents_of(index_dir)
    corpus.write("rl/dpo.md", "! broken")
    failed = (Finding("rl/dpo.md", 1, "begins with !"),)

    assert update_index(index_dir, plan_of(corpus)).skipped == failed
    assert update_index(index_dir, plan_of(corpus)).skipped == failed
    assert contents_of(index_dir).passages == good.passages

    corpus.write("rl/dpo.md", "robot")
    assert update_index(index_dir, plan_of(corpus)).skipped == ()
    assert len(contents_of(index_dir).by_path["rl/dpo.md"]) == 1


def test_file_that_cannot_be_opened_keeps_its_notes(corpus: LineCorpus, index_dir: Path) -> None:
    class Locked(LineCorpus):
        def hash_file(self, path: str) -> str:
            if path == "rl/dpo.md":
                raise PermissionError(13, "Permission denied")
            return super().hash_file(path)

    update_index(index_dir, plan_of(corpus))
    good = contents_of(index_dir)

    report = update_index(index_dir, plan_of(Locked(corpus.root)))
    again = update_index(index_dir, plan_of(Locked(corpus.root)))

    assert report.skipped == again.skipped
    assert report.skipped == (Finding("rl/dpo.md", None, "Permission denied"),)
    assert contents_of(index_dir) == good
    assert update_index(index_dir, plan_of(corpus)).skipped == ()


def test_folder_that_cannot_be_listed_keeps_its_notes(corpus: LineCorpus, index_dir: Path) -> None:
    update_index(index_dir, plan_of(corpus))
    blind = Finding("rl", None, "Permission denied")

    report = update_index(index_dir, plan_of(replace(corpus, unlisted=(blind,))))

    assert report.removed == ()
    assert report.skipped == (blind,)
    assert report.passages == 4


def test_empty_corpus_removes_nothing_unless_asked(corpus: LineCorpus, index_dir: Path) -> None:
    update_index(index_dir, plan_of(corpus))
    for path in list(corpus.root.rglob("*.md")):
        path.unlink()

    with pytest.raises(CorpusError, match="nothing was removed"):
        update_index(index_dir, plan_of(corpus))
    assert len(contents_of(index_dir).passages) == 4

    report = update_index(index_dir, plan_of(corpus, allow_empty=True))
    assert (len(report.removed), report.passages) == (3, 0)
    assert contents_of(index_dir).passages == {}


def test_new_chunker_reads_all_and_embeds_only_new_texts(
    corpus: LineCorpus, index_dir: Path
) -> None:
    update_index(index_dir, plan_of(corpus))
    corpus.read.clear()
    load = CountedLoads(WordEmbedder())

    report = update_index(index_dir, plan_of(corpus, load=load, reading="lines-2"))

    assert len(corpus.read) == 3
    assert (load.loads, report.passages_reused, report.unchanged) == (0, 4, 3)


def test_other_model_is_refused_with_both_names_and_the_remedy(
    corpus: LineCorpus, index_dir: Path
) -> None:
    update_index(index_dir, plan_of(corpus))
    other = WordEmbedder(("policy",), name="few-words")

    with pytest.raises(MismatchError) as caught:
        update_index(index_dir, plan_of(corpus, other))
    assert caught.value.for_shell == (
        f"{index_dir} holds vectors of words-9, the settings ask for few-words-2; "
        f"run: notesearch index CORPUS --index {index_dir} --rebuild"
    )

    report = update_index(index_dir, plan_of(corpus, other, rebuild=True))
    assert report.passages_embedded == 4
    with Store(index_dir) as store, store.snapshot() as snapshot:
        assert (snapshot.state.dimension, snapshot.state.embedder) == (2, "few-words-2")


def test_interrupted_first_build_goes_on_where_it_stopped(
    corpus: LineCorpus, index_dir: Path
) -> None:
    corpus.write("long.md", *(f"line {number}" for number in range(3000)))

    class Dying(WordEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
            if len(self.embedded) >= 1000:
                raise ModelError("the lights went out")
            return super().embed_passages(texts)

    with pytest.raises(ModelError):
        update_index(index_dir, plan_of(corpus, Dying()))
    seen: list[Progress] = []
    report = update_index(index_dir, plan_of(corpus), progress=seen.append)

    # Calls of 8, 16, 32 and so on up to 512 texts were kept.
    assert (report.passages, report.passages_embedded) == (3004, 3004 - 1016)
    works = next(p for p in seen if p.passages_embedded)
    left = works.passages_embedded + works.passages_to_embed  # an estimate: three files are unread
    assert left == pytest.approx(3004 - 1016, rel=0.01)
    assert not (index_dir / "embedded.journal").exists()


@pytest.mark.parametrize(
    "vectors",
    [np.zeros((1, 9)), np.full((4, 9), np.nan), np.zeros(36)],
    ids=["too few", "no numbers", "no rows"],
)
def test_embedder_that_gives_nonsense_is_refused(
    corpus: LineCorpus, index_dir: Path, vectors: NDArray[np.float32]
) -> None:
    class Nonsense(WordEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
            return vectors

    with pytest.raises(ModelError, match="choose another model"):
        update_index(index_dir, plan_of(corpus, Nonsense()))


def test_lost_vectors_are_written_again_by_the_next_update(
    corpus: LineCorpus, index_dir: Path
) -> None:
    update_index(index_dir, plan_of(corpus))
    right = contents_of(index_dir)
    (index_dir / "vectors-1.faiss").unlink()
    load = CountedLoads(WordEmbedder())

    update_index(index_dir, plan_of(corpus, load=load))

    assert load.loads == 0
    assert contents_of(index_dir) == right


def test_preview_tells_the_changes_and_writes_nothing(corpus: LineCorpus, index_dir: Path) -> None:
    first = preview_update(index_dir, plan_of(corpus))
    assert (len(first.added), first.dry_run, index_dir.exists()) == (3, True, False)

    update_index(index_dir, plan_of(corpus))
    corpus.write("rl/ppo.md", "robot")
    corpus.remove("vision/vit.md")
    before = contents_of(index_dir)
    report = preview_update(index_dir, plan_of(corpus))

    assert (report.changed, report.removed, report.added) == (
        ("rl/ppo.md",),
        ("vision/vit.md",),
        (),
    )
    assert contents_of(index_dir) == before


def test_folder_with_other_files_is_refused(corpus: LineCorpus, index_dir: Path) -> None:
    index_dir.mkdir()
    (index_dir / "thesis.tex").write_text("…", encoding="utf-8")

    with pytest.raises(UnusableIndexError, match=r"holds other files \(thesis.tex\)"):
        update_index(index_dir, plan_of(corpus))


def test_folder_that_is_a_file_is_refused(corpus: LineCorpus, index_dir: Path) -> None:
    index_dir.write_text("…", encoding="utf-8")

    with pytest.raises(UnusableIndexError, match="cannot be written"):
        update_index(index_dir, plan_of(corpus))


def test_progress_tells_stages_and_ends_with_all_that_was_read(
    corpus: LineCorpus, index_dir: Path
) -> None:
    seen: list[Progress] = []

    update_index(index_dir, plan_of(corpus), progress=seen.append)

    last = seen[-1]
    assert [stage for stage in Stage if stage not in {p.stage for p in seen}] == [Stage.COMPARE]
    assert (last.files_done, last.files_total, last.notes) == (3, 3, 3)
    assert (last.passages, last.passages_embedded) == (4, 4)


def embedded_and_left(seen: Sequence[Progress]) -> list[tuple[int, int]]:
    """What an observer saw of the model's work: each state once, in order."""
    states = [
        (p.passages_embedded, p.passages_to_embed)
        for p in seen
        if p.stage is Stage.EMBED and p.passages_to_embed
    ]
    return list(dict.fromkeys(states))


def test_what_the_model_has_left_is_estimated_by_the_size_of_the_unread_files(
    corpus: LineCorpus, index_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "_PASSAGES_PER_BATCH", 2)
    for path in ("rl/dpo.md", "rl/ppo.md", "vision/vit.md"):
        corpus.remove(path)
    for name, *lines in (("a", "one", "two"), ("b", "six", "ten"), ("c", "dew", "fog")):
        corpus.write(f"{name}.md", *lines)
    corpus.write("d.md", "seven77")  # as many bytes as each of the others, in one passage
    seen: list[Progress] = []

    update_index(index_dir, plan_of(corpus), progress=seen.append)

    assert embedded_and_left(seen) == [
        (0, 2 + 3 * 2),
        (2, 2 + 2 * 2),
        (4, 2 + 1 * 2),
        (6, 2),
        (6, 1),  # all files are read
    ]
    assert (seen[-1].passages_embedded, seen[-1].passages_to_embed) == (7, 0)
    assert [p.is_estimate for p in (seen[1], seen[-1])] == [True, False]


def test_texts_that_have_a_vector_are_not_counted_as_left(
    corpus: LineCorpus, index_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "_FIRST_TEXTS", 1)
    corpus.write("vision/vit.md", *(f"line {number}" for number in range(4)))
    update_index(index_dir, plan_of(corpus))
    corpus.write("vision/vit.md", *(f"line {number}" for number in range(6)))
    seen: list[Progress] = []

    update_index(index_dir, plan_of(corpus, reading="lines-2"), progress=seen.append)

    assert embedded_and_left(seen) == [(0, 2), (1, 1)]


def test_findings_of_the_files_read_are_reported(corpus: LineCorpus, index_dir: Path) -> None:
    corpus.write("strange.md", "an odd line")

    report = update_index(index_dir, plan_of(corpus))

    assert [finding.path for finding in report.findings] == ["strange.md"]


def test_texts_come_to_the_model_in_bounded_calls(corpus: LineCorpus, index_dir: Path) -> None:
    calls: list[int] = []

    class Counting(WordEmbedder):
        def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
            calls.append(len(texts))
            return super().embed_passages(texts)

    read_ahead: list[int] = []

    class Lazy(LineCorpus):
        def read_files(self, paths: Sequence[str]) -> Iterator[ReadFile]:
            for read in super().read_files(paths):
                read_ahead.append(len(calls))
                yield read

    for number in range(12):
        corpus.write(f"{number}.md", *(f"line {number} {line}" for line in range(1000)))
    update_index(index_dir, plan_of(Lazy(corpus.root), Counting()))

    assert max(calls) == 4096
    assert read_ahead[-1] > 0  # the last file was read after the first texts were embedded


def test_words_of_whole_notes_follow_edits_renames_and_removals(
    corpus: LineCorpus, index_dir: Path
) -> None:
    def notes_now(*words: str) -> list[list[str]]:
        update_index(index_dir, plan_of(corpus))
        assert check_index(index_dir) == ()
        return [notes_that_say(index_dir, word) for word in words]

    corpus.write("note.md", "a robot", "a proof")
    assert notes_now("robot", "speech") == [["note.md"], []]
    corpus.write("note.md", "speech", "a proof")
    assert notes_now("robot", "speech") == [[], ["note.md"]]
    corpus.rename("note.md", "other.md")
    assert notes_now("robot", "speech") == [[], ["other.md"]]
    corpus.remove("other.md")
    assert notes_now("robot", "speech") == [[], []]


def notes_that_say(index_dir: Path, word: str) -> list[str]:
    with Store(index_dir) as store, store.snapshot() as snapshot:
        numbers = snapshot.word_scores(word, ColumnWeights())[1].ids.tolist()
        return [note.note_id for note in snapshot.notes(numbers).values()]


def test_each_passage_has_its_note(corpus: LineCorpus, index_dir: Path) -> None:
    update_index(index_dir, plan_of(corpus))
    corpus.write("rl/dpo.md", "policy", "a robot", "a proof")
    update_index(index_dir, plan_of(corpus))

    with Store(index_dir) as store, store.snapshot() as snapshot:
        note_of = snapshot.table.note_of
        for note in np.unique(note_of[note_of > 0]).tolist():
            own = [passage.id for passage in snapshot.passages_of_note(note)]
            assert own == np.flatnonzero(note_of == note).tolist()
        assert np.count_nonzero(note_of) == snapshot.table.passage_ids.size


# ---------------------------------------------------------------- in parts


def written_in_order(corpus: LineCorpus, *paths: str) -> None:
    """Let the files be some minutes old, the first one the oldest."""
    now = time.time()
    for minutes, path in enumerate(reversed(paths), start=1):
        os.utime(corpus.root / path, (now, now - 60 * minutes))


def test_update_in_parts_takes_what_was_written_last_first(
    corpus: LineCorpus, index_dir: Path
) -> None:
    written_in_order(corpus, "rl/dpo.md", "vision/vit.md", "rl/ppo.md")
    plan = plan_of(corpus, most_bytes=1)

    reports = [update_index(index_dir, plan) for _ in range(4)]

    assert [report.added for report in reports[:3]] == [
        ("rl/ppo.md",),
        ("vision/vit.md",),
        ("rl/dpo.md",),
    ]
    assert [report.waiting for report in reports] == [2, 1, 0, 0]
    assert reports[3].is_unchanged


def test_part_takes_as_many_bytes_as_it_may_and_opens_no_other_file(
    corpus: LineCorpus, index_dir: Path
) -> None:
    written_in_order(corpus, "rl/dpo.md", "vision/vit.md", "rl/ppo.md")
    both = sum((corpus.root / path).stat().st_size for path in ("rl/ppo.md", "vision/vit.md"))

    update_index(index_dir, plan_of(corpus, most_bytes=both))

    assert corpus.read == ["rl/ppo.md", "vision/vit.md"]
    assert sorted(corpus.hashed) == corpus.read


def test_nothing_is_removed_while_files_wait_that_may_hold_its_texts(
    corpus: LineCorpus, index_dir: Path
) -> None:
    update_index(index_dir, plan_of(corpus))
    corpus.remove("rl/dpo.md")
    corpus.write("big.md", "a robot", "an image")
    corpus.write("new/dpo.md", "policy without a reward model", "a proof", "speech")
    written_in_order(corpus, "new/dpo.md", "big.md")
    embedder = WordEmbedder()

    first = update_index(index_dir, plan_of(corpus, embedder, most_bytes=1))
    second = update_index(index_dir, plan_of(corpus, embedder, most_bytes=1))

    assert (first.added, first.removed, first.waiting) == (("big.md",), (), 1)
    assert (second.added, second.removed) == (("new/dpo.md",), ("rl/dpo.md",))
    assert second.passages_embedded == 1  # the others moved with their vectors
    assert "Title\na proof" not in embedder.embedded


def test_another_way_of_reading_and_a_rebuild_take_all_files_at_once(
    corpus: LineCorpus, index_dir: Path
) -> None:
    update_index(index_dir, plan_of(corpus))
    corpus.read.clear()

    update_index(index_dir, plan_of(corpus, reading="lines-2", most_bytes=1))
    update_index(index_dir, plan_of(corpus, reading="lines-2", rebuild=True, most_bytes=1))

    assert corpus.read == 2 * ["rl/dpo.md", "rl/ppo.md", "vision/vit.md"]
