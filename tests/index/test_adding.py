"""Notes that are no files, beside those of a corpus."""

from __future__ import annotations

import random
import signal
from contextlib import closing
from pathlib import Path

import pytest

from notesearch.errors import MismatchError, UnusableIndexError, UsageError
from notesearch.index.added_table import read_added_notes
from notesearch.index.catalog import Catalog
from notesearch.index.check import check_index
from notesearch.index.index_layout import IndexLayout
from notesearch.index.update import update_index
from notesearch.records import AddedNote
from tests.fakes import WordEmbedder
from tests.index.contents import Contents, contents_of
from tests.index.corpora import CountedLoads, LineCorpus, add_notes, plan_of, remove_notes
from tests.index.faults import alter, contents_or_none, start_adding

ROBOT = AddedNote(id="robot", text="#robots\na robot with a policy\na graph", tags=("robots",))
PROOF = AddedNote(id="proof", text="a proof of a policy")


def paths(contents: Contents) -> set[str]:
    return set(contents.by_path)


@pytest.fixture
def added(corpus: LineCorpus, index_dir: Path) -> Path:
    """An index of the corpus and two notes beside it."""
    update_index(index_dir, plan_of(corpus))
    add_notes(index_dir, plan_of(corpus), [ROBOT, PROOF])
    return index_dir


def test_added_notes_are_the_same_before_and_after_the_files(
    corpus: LineCorpus, added: Path, tmp_path: Path
) -> None:
    first = tmp_path / "first"
    add_notes(first, plan_of(corpus), [PROOF, ROBOT])
    update_index(first, plan_of(corpus))

    assert contents_of(first) == contents_of(added)
    assert paths(contents_of(added)) == {
        "rl/dpo.md", "rl/ppo.md", "vision/vit.md", "robot", "proof",
    }  # fmt: skip


def test_update_leaves_added_notes_alone(corpus: LineCorpus, added: Path) -> None:
    corpus.remove("rl/ppo.md")
    corpus.write("vision/vit.md", "a graph of patches")
    load = CountedLoads(WordEmbedder())

    report = update_index(added, plan_of(corpus, load=load))

    assert (report.removed, report.changed) == (("rl/ppo.md",), ("vision/vit.md",))
    assert report.unchanged == 1
    assert load.embedder.embedded == ["Title\na graph of patches"]
    assert paths(contents_of(added)) == {"rl/dpo.md", "vision/vit.md", "robot", "proof"}


@pytest.mark.parametrize("rebuild", [False, True])
def test_another_reading_reads_added_notes_anew(
    corpus: LineCorpus, added: Path, rebuild: bool
) -> None:
    before = contents_of(added)
    embedder = WordEmbedder()

    report = update_index(added, plan_of(corpus, embedder, reading="lines-2", rebuild=rebuild))

    assert bool(embedder.embedded) is rebuild
    assert report.passages_embedded + report.passages_reused == report.passages
    assert contents_of(added) == before
    assert check_index(added) == ()


def test_another_model_is_refused_and_a_rebuild_embeds_added_notes_too(
    corpus: LineCorpus, added: Path
) -> None:
    other = WordEmbedder(("policy", "zebra"), name="other")
    with pytest.raises(MismatchError):
        add_notes(added, plan_of(corpus, other), [AddedNote(id="new", text="a zebra")])

    update_index(added, plan_of(corpus, other, rebuild=True))

    add_notes(added, plan_of(corpus, other), [AddedNote(id="new", text="a zebra")])
    assert paths(contents_of(added, other)) >= {"robot", "proof", "new"}


def test_removed_note_leaves_nothing(corpus: LineCorpus, index_dir: Path) -> None:
    update_index(index_dir, plan_of(corpus))
    before = contents_of(index_dir)
    add_notes(index_dir, plan_of(corpus), [ROBOT, PROOF])

    report = remove_notes(index_dir, plan_of(corpus), ["robot", "proof"])

    assert report.removed == ("robot", "proof")
    assert contents_of(index_dir) == before
    assert check_index(index_dir) == ()


def test_note_takes_the_place_of_one_with_its_id_where_that_is_meant(
    corpus: LineCorpus, added: Path
) -> None:
    other = AddedNote(id="proof", text="image patches")

    report = add_notes(added, plan_of(corpus), [other, AddedNote(id="new", text="a graph")],
                       overwrite=True)  # fmt: skip

    assert (report.added, report.changed) == (("new",), ("proof",))
    contents = contents_of(added)
    (passage,) = contents.by_path["proof"]
    assert contents.passages[passage][1].text == "image patches"
    assert check_index(added) == ()


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["new", "robot"], "robot: an added note has this id; give another one, or overwrite=True"),
        (["new", "new"], "new: two of the notes have this id; give each its own"),
        (["rl/dpo.md"], "rl/dpo.md: rl/dpo.md is a file of the corpus; give another id"),
        (["rl/dpo.md#part"], "rl/dpo.md#part: rl/dpo.md is a file of the corpus; give another id"),
        (["new", "!"], "!: begins with !; hand in a text of some words"),
    ],
)
def test_one_wrong_note_adds_none(
    corpus: LineCorpus, added: Path, ids: list[str], message: str
) -> None:
    before = contents_of(added)
    notes = [AddedNote(id=name, text=name if name == "!" else "a graph") for name in ids]

    with pytest.raises(UsageError) as caught:
        add_notes(added, plan_of(corpus), notes)

    assert str(caught.value) == message
    assert contents_of(added) == before


@pytest.mark.parametrize(
    ("note_id", "message"),
    [
        ("nonesuch", "no added note has this id"),
        ("rl/dpo.md", "is of a file of the corpus; remove the file"),
    ],
)
def test_only_added_notes_are_removed(
    corpus: LineCorpus, added: Path, note_id: str, message: str
) -> None:
    before = contents_of(added)
    with pytest.raises(UsageError, match=message):
        remove_notes(added, plan_of(corpus), ["robot", note_id])
    assert contents_of(added) == before


def test_file_called_as_an_added_note_is_left_out_and_named(
    corpus: LineCorpus, added: Path
) -> None:
    part = AddedNote(id="digest.md#robot", text="a robot")
    add_notes(added, plan_of(corpus), [part])
    corpus.write("robot", "a file")
    corpus.write("digest.md", "another file")

    for rebuild in (False, True):
        report = update_index(added, plan_of(corpus, rebuild=rebuild))
        assert [one.path for one in report.skipped] == ["digest.md", "robot"]
        assert "rename the file, or remove the note" in report.skipped[0].reason
    remove_notes(added, plan_of(corpus), ["robot", "digest.md#robot"])

    report = update_index(added, plan_of(corpus))
    assert (report.added, report.skipped) == (("digest.md", "robot"), ())


def test_nothing_is_removed_where_there_is_no_index(corpus: LineCorpus, index_dir: Path) -> None:
    with pytest.raises(UnusableIndexError, match="holds no index"):
        remove_notes(index_dir, plan_of(corpus), ["robot"])
    assert not index_dir.exists()


# ------------------------------------------------------------ damage and kills


def test_rebuild_of_a_damaged_catalog_takes_over_added_notes(
    corpus: LineCorpus, added: Path
) -> None:
    before = contents_of(added)
    alter(added, "PRAGMA user_version = 5")

    report = update_index(added, plan_of(corpus, rebuild=True))

    assert contents_of(added) == before
    assert report.findings == ()
    with closing(Catalog.for_reading(IndexLayout(added))) as catalog:
        assert list(read_added_notes(catalog)) == [ROBOT, PROOF]


def test_added_note_that_damage_has_taken_is_missed(corpus: LineCorpus, added: Path) -> None:
    alter(added, "UPDATE added_notes SET source = replace(source, 'proof', 'prove')")
    with pytest.raises(UnusableIndexError, match="the notes that were added"):
        update_index(added, plan_of(corpus, reading="lines-2"))

    report = update_index(added, plan_of(corpus, rebuild=True))

    assert paths(contents_of(added)) == {"rl/dpo.md", "rl/ppo.md", "vision/vit.md", "robot"}
    assert [(one.path, one.reason) for one in report.findings] == [
        ("catalog.damaged", "some notes that were added are lost; add them again")
    ]


def test_flipped_byte_never_changes_an_added_note(corpus: LineCorpus, added: Path) -> None:
    before = contents_of(added)
    content = bytearray((added / "catalog.sqlite").read_bytes())
    content[content.index(b'"text": "a proof') + 12] ^= 1
    (added / "catalog.sqlite").write_bytes(content)

    report = update_index(added, plan_of(corpus, rebuild=True))

    assert len(report.findings) == 1
    after = contents_of(added)
    assert paths(after) == paths(before) - {"proof"}
    assert after.by_path["robot"] == before.by_path["robot"]


def test_killed_addition_adds_all_or_none(corpus: LineCorpus, index_dir: Path) -> None:
    dice = random.Random(6)
    update_index(index_dir, plan_of(corpus))
    killed = 0
    longest_s = 0.3
    for number in range(40):
        if killed == 6:
            break
        before = contents_of(index_dir)
        notes = [AddedNote(id=f"{number} {n}", text=f"robot {number} {n}") for n in range(60)]
        process = start_adding(corpus, index_dir, notes)
        process.join(dice.uniform(0, longest_s))
        process.kill()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        killed += process.exitcode != 0
        longest_s *= 0.7 if process.exitcode == 0 else 1.2  # about as long as one takes
        found = contents_or_none(index_dir)
        assert found is not None
        new = paths(found) - paths(before)
        assert new in (set(), {note.id for note in notes})
        update_index(index_dir, plan_of(corpus))
        assert paths(contents_of(index_dir)) == paths(found)
        assert [one.message for one in check_index(index_dir, fix=True) if not one.fixed] == []
    assert killed == 6
