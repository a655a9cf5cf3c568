"""Several indexes asked at once answer as one index of all their notes would."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch import Index, NoteNameError
from notesearch.errors import MismatchError, UsageError
from notesearch.joined_index import JoinedIndex
from notesearch.records import Hit
from tests.conftest import NOTES
from tests.fakes import WordEmbedder

SUBJECTS = ("policy", "reward", "image", "model", "patches", "speech", "robot", "proof")


def note(number: int) -> str:
    """A note of two sections with words that other notes share, in its own numbers."""
    one, two, three = (SUBJECTS[(number * step) % len(SUBJECTS)] for step in (1, 3, 5))
    return (
        f"---\ntags: [{one}]\ndate: 2026-01-{number + 1:02}\n---\n\n# The {one} of {two}\n\n"
        f"The {three} is what a {one} needs. {f'A {two} again. ' * (number % 4)}\n\n"
        f"## Limits of the {three}\n\nNo {two} has a {SUBJECTS[number % 3]} of {one}.\n"
    )


FIRST = {f"a{number}.md": note(number) for number in range(4)}
SECOND = {f"b{number}.md": note(number) for number in range(4, 25)} | {
    path.replace("/", "-"): text for path, text in NOTES.items()
}


def make(folder: Path, notes: dict[str, str], model: str = "word") -> Index:
    (folder / "corpus").mkdir(parents=True)
    for path, text in notes.items():
        (folder / "corpus" / path).write_text(text, encoding="utf-8")
    index = Index.open(folder / "index", WordEmbedder(name=model), create=True)
    index.update(folder / "corpus", allow_empty=True)
    return index


@pytest.fixture
def joined(tmp_path: Path) -> JoinedIndex:
    return JoinedIndex({"a": make(tmp_path / "a", FIRST), "b": make(tmp_path / "b", SECOND)})


@pytest.fixture
def whole(tmp_path: Path) -> Index:
    return make(tmp_path / "whole", FIRST | SECOND)


def plain(path: str) -> str:
    """A path or an id without the name of its index, which fits the file."""
    name, _, rest = path.partition(":")
    assert name == ("a" if rest in FIRST else "b")
    return rest


def by_path(hits: list[Hit]) -> dict[str, float]:
    return {hit.path: hit.score for hit in hits}


@pytest.mark.parametrize("mode", ["hybrid", "lexical", "dense"])
@pytest.mark.parametrize(
    "question",
    ["robot", "proof", "what a policy needs", "patches robot", "reward tag:robot", "date:2026-01"],
)
def test_scores_are_those_of_one_index_of_all_notes(joined, whole, question, mode):
    one = by_path(whole.query(question, 50, mode=mode))
    several = {plain(p): s for p, s in by_path(joined.query(question, 50, mode=mode)).items()}
    assert several == pytest.approx(one, abs=1e-3)
    assert one


def test_single_words_are_scored_to_the_last_digit(joined, whole):
    hits, expected = joined.query("robot", 50), whole.query("robot", 50)
    assert [plain(hit.path) for hit in hits] == [hit.path for hit in expected]
    assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in expected], abs=1e-6)
    assert [hit.bm25 or 0 for hit in hits] == pytest.approx([hit.bm25 or 0 for hit in expected])


def test_few_notes_do_not_stand_first_for_being_few(joined, tmp_path):
    """By itself the small index gives its best note a higher score than the large one gives."""
    alone = by_path(joined._indexes["a"].query("what a policy needs", 1))
    together = by_path(joined.query("what a policy needs", 50))
    ((path, score),) = alone.items()
    assert score > together[f"a:{path}"]


def test_verdict_is_that_of_one_index(joined, whole):
    for question in ("how long to boil eggs", "speech policy"):
        one, several = whole.search(question), joined.search(question)
        assert several.weak == one.weak
        assert several.relevance == pytest.approx(one.relevance, abs=0.02)


def test_notes_tags_and_neighbours_are_those_of_one_index(joined, whole):
    assert joined.count_notes() == whole.count_notes()
    assert [plain(n.path) for n in joined.notes("tag:robot")] == [
        n.path for n in whole.notes("tag:robot")
    ]
    assert [plain(n.path) for n in joined.notes(limit=7)] == [n.path for n in whole.notes(limit=7)]
    assert joined.tags() == whole.tags()
    near = [plain(hit.path) for hit in joined.similar("b:b7.md").hits]
    assert near == [hit.path for hit in whole.similar("b7.md").hits]
    assert joined.show("b7.md")[0] == joined.show("b:b7.md")[0]
    newest = [plain(hit.path) for hit in joined.query("tag:robot", 50)]
    assert newest == [hit.path for hit in whole.query("tag:robot", 50)]


def test_passages_around_a_hit_are_those_of_its_note(joined):
    hit = joined.query("limits robot")[0]
    assert "Limits of the" not in hit.text or "is what a" in joined.passage_text(hit, around=1)


def test_same_file_in_two_indexes_is_shown_once(tmp_path):
    twice = JoinedIndex({"a": make(tmp_path / "a", FIRST), "b": make(tmp_path / "b", FIRST)})
    assert [hit.path for hit in twice.query("policy", 50) if hit.path.endswith("a0.md")] == [
        "a:a0.md"
    ]
    first = twice.query("policy")[0]
    assert [copy.path for copy in first.copies] == [first.path.replace("a:", "b:")]
    with pytest.raises(UsageError, match=r"a0\.md means 2 notes: a:a0\.md, b:a0\.md"):
        twice.show("a0.md")


def test_note_goes_by_the_names_it_has_in_one_index(joined, whole, tmp_path):
    for name in ("b7", "proximal", "rl-ppo", "Direct Preference Optimization", "rl-dpo.md:8-12"):
        assert plain(joined.show(name)[0].path) == whole.show(name)[0].path
        assert joined.show(f"b:{name}") == joined.show(name)
    with pytest.raises(NoteNameError, match="no note is called a:proximal"):
        joined.show("a:proximal")
    assert joined.show(str(tmp_path / "b/corpus/b7.md"))[0].path == "b:b7.md"
    with pytest.raises(NoteNameError) as expected:
        whole.show("policy")
    with pytest.raises(NoteNameError) as error:
        joined.show("policy")
    assert error.value.count == expected.value.count > 1
    assert joined.complete("b:b7") == [("b:b7.md", joined.show("b7")[0].title)]


@pytest.mark.parametrize("question", ["RL dpo", "b7", "dirfts of a polciy", "robto"])
def test_names_and_slips_are_understood_as_in_one_index(joined, whole, question):
    one, several = whole.search(question), joined.search(question)
    assert several.corrections == one.corrections
    assert plain(several.hits[0].path) == one.hits[0].path
    assert one.corrections or one.hits[0].path in ("rl-dpo.md", "b7.md")


def test_line_chooses_in_no_index_where_two_hold_the_file(tmp_path):
    twice = JoinedIndex({"a": make(tmp_path / "a", FIRST), "b": make(tmp_path / "b", FIRST)})
    for name in ("a0.md:3", "a0:3", "a0"):
        with pytest.raises(NoteNameError, match=r"means 2 notes: a:a0\.md, b:a0\.md"):
            twice.show(name)
    assert twice.show("b:a0:3")[0].path == "b:a0.md"


def test_empty_index_changes_nothing(tmp_path, whole):
    empty = make(tmp_path / "empty", {})
    both = JoinedIndex({"empty": empty, "whole": whole})
    hits = both.query("robot", 50)
    assert [hit.score for hit in hits] == [hit.score for hit in whole.query("robot", 50)]


def test_index_of_another_model_is_named(tmp_path, joined):
    other = make(tmp_path / "other", FIRST, model="other")
    with pytest.raises(MismatchError, match=r"other/index holds vectors of other-\d+"):
        JoinedIndex({"a": joined._indexes["a"], "other": other}).query("robot")


def test_what_is_about_one_corpus_is_refused(joined):
    for ask in (
        joined.update,
        joined.status,
        joined.drift,
        joined.check,
        lambda: joined.corpus,
        lambda: joined.update(joined.index_dir),
        lambda: joined.add("A text.", id="mine"),
        lambda: joined.remove("mine"),
    ):
        with pytest.raises(UsageError, match="several indexes"):
            ask()
    with pytest.raises(UsageError, match="no index to ask"):
        JoinedIndex({})


def test_closing_closes_each(joined):
    joined.close()
    for ask in (joined, *joined._indexes.values()):
        with pytest.raises(UsageError, match="has been closed"):
            ask.query("robot")
