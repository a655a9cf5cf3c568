from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch.index.snapshot import Snapshot
from notesearch.search.answer import Mode
from notesearch.search.typing_slips import correct_words
from tests.fakes import WordEmbedder
from tests.search.written import AskedStore, build_store, note

NOTES = (
    note("a.md", "batch normalization of a network", "attention to an agent", title="A"),
    note("b.md", "agents and agents", "more agents", "the agents", title="B"),
    note("c.md", "a model of the mode", "mode", "mode", "fine tuning a policy", title="C"),
    note("d.md", "градиент спуска", "naïve Bayes", "optimization", "an llm", title="D"),
    note("e.md", "direct preference", title="E", acronyms=(("dipr", "direct preference"),)),
)


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snapshot]:
    folder: Path = tmp_path_factory.mktemp("index")
    with build_store(folder, *NOTES) as store, store.snapshot() as snapshot:
        yield snapshot


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("bathc normalizaton", "batch normalization"),  # swapped, left out
        ("a networrk", "a network"),  # one too many
        ("netwrk", "network"),
        ("optimizetion", "optimization"),  # another one
        ("Polciy?", "policy?"),
        ("modle", "model"),  # and not the commoner mode, which is a letter away too
        ("atention", "attention"),  # and not "agention", which has the stem of agents
        ("градинет", "градиент"),
        ("naive", "naive"),
        ("naïvee", "naive"),
    ],
)
def test_a_word_that_no_note_has_is_taken_for_one_a_letter_away(
    shot: Snapshot, typed: str, meant: str
) -> None:
    assert correct_words(shot, typed, ())[0] == meant


@pytest.mark.parametrize(
    "typed",
    [
        "batch normalization of networks",  # all known, by their stems
        "of wich",  # two letters away from all, or a stop word
        "kolicy",  # the first letter
        "mdo",  # too short
        "POLICI",  # a name
        "finetuning",  # known as two words
        "optimisation",  # in another spelling
        "dipr",  # as an acronym
        "t-rex 机器学习 ``` 12345",
        "",
    ],
)
def test_all_else_stays_as_it_is(shot: Snapshot, typed: str) -> None:
    assert correct_words(shot, typed, ()) == (typed, ())


def test_words_of_phrases_stay_as_they_are(shot: Snapshot) -> None:
    text, corrections = correct_words(shot, "polciy netwrok", ["a polciy"])
    assert text == "polciy network"
    assert [(one.typed, one.taken) for one in corrections] == [("netwrok", "network")]


def test_a_word_that_stands_twice_is_one_correction(shot: Snapshot) -> None:
    text, corrections = correct_words(shot, "polciy of a polciy", ())
    assert text == "policy of a policy"
    assert len(corrections) == 1


def test_a_name_of_a_note_is_no_slip(tmp_path: Path) -> None:
    notes = note("a.md", "policy", title="Pol Ciy"), note("b.md", "policies")
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        assert correct_words(snapshot, "polciy", ()) == ("polciy", ())


@pytest.mark.parametrize("mode", list(Mode))
def test_question_is_answered_as_it_was_meant(tmp_path: Path, mode: Mode) -> None:
    with build_store(tmp_path, note("a.md", "an image"), note("b.md", "a reward")) as store:
        answer = AskedStore(store, WordEmbedder).search("rewrad", mode=mode)
        quoted = AskedStore(store, WordEmbedder).search("", ["rewrad"], mode=mode)
    assert answer.question == "reward"
    assert answer.hits[0].path == "b.md"
    assert [(one.typed, one.taken) for one in answer.corrections] == [("rewrad", "reward")]
    assert (quoted.question, quoted.hits, quoted.corrections) == ("rewrad", (), ())


def test_another_word_of_its_own_is_no_slip(tmp_path: Path) -> None:
    notes = (note("a.md", "applied and applying", "we apply it", title="A"),)
    with build_store(tmp_path, *notes) as store, store.snapshot() as snapshot:
        for typed in ("prune apple trees", "an applu"):
            assert correct_words(snapshot, typed, ()) == (typed, ())
