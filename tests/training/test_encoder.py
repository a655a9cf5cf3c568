from __future__ import annotations

import math
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from sentence_transformers import SentenceTransformer

from notesearch.errors import UsageError
from tests.tiny_models import save_model
from training import encoder
from training.data import Paper, Passage
from training.encoder import (
    AnswerLoss,
    Recipe,
    _choose,
    average,
    begin,
    load_base,
    make_pair_rows,
    make_question_rows,
    train,
)
from training.negatives import LIKE_ANSWER, encode, mine

pytestmark = pytest.mark.slow

TEXTS = (
    "the reward model is trained on pairs",
    "the policy is trained without a reward",
    "a robot sees the image of a graph",
    "an image of a robot",
)
PASSAGES = [Passage(f"title {n}", text, (f"{text[:18]}?",)) for n, text in enumerate(TEXTS)]
PAPERS = [
    Paper(f"paper {n}", (f"One on {n}.", f"Two on {n}.", f"Three on {n}."), "") for n in range(90)
]


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> Iterator[None]:
    """Let no thread wait for another on a busy machine: models so small need no second one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def load_tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], SentenceTransformer]:
    folder = tmp_path_factory.mktemp("tiny") / "model"
    save_model("mean", folder)
    return lambda: SentenceTransformer(str(folder), device="cpu")


@pytest.fixture(scope="module")
def tiny(load_tiny: Callable[[], SentenceTransformer]) -> SentenceTransformer:
    return load_tiny()


class Given(torch.nn.Module):
    """Stands for a model: the features are the vectors."""

    def forward(self, features: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {"sentence_embedding": features["given"]}


def loss_of(*columns: list[list[float]], labels: list[list[int]]) -> float:
    features = [{"given": torch.tensor(column)} for column in columns]
    return float(AnswerLoss(Given(), scale=10.0)(features, torch.tensor(labels)))  # type: ignore[arg-type]


RIGHT, UP, LEFT = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]


def test_questions_that_find_their_own_passage_cost_nothing() -> None:
    asked = [RIGHT, UP]
    cost = loss_of(asked, asked, asked, [RIGHT, UP], [LEFT, LEFT], labels=[[0, 8], [1, 9]])
    assert cost == pytest.approx(0, abs=1e-3)
    swapped = [UP, RIGHT]
    assert loss_of(asked, asked, swapped, [RIGHT, UP], [LEFT, LEFT], labels=[[0, 8], [1, 9]]) > 3


def test_a_negative_as_near_as_the_answer_costs_unless_it_is_the_answer() -> None:
    asked = [RIGHT, UP]
    columns = asked, asked, asked, [RIGHT, UP], [UP, RIGHT]
    assert loss_of(*columns, labels=[[0, 1], [1, 0]]) == pytest.approx(0, abs=1e-3)
    assert loss_of(*columns, labels=[[0, 8], [1, 9]]) == pytest.approx(math.log(2), abs=1e-3)


def test_a_passage_that_is_twice_in_a_batch_is_not_held_against_itself() -> None:
    asked = [RIGHT, RIGHT]
    columns = asked, asked, asked, [RIGHT, RIGHT], [LEFT, LEFT]
    assert loss_of(*columns, labels=[[0, 8], [0, 9]]) == pytest.approx(0, abs=1e-3)
    assert loss_of(*columns, labels=[[0, 8], [1, 9]]) == pytest.approx(math.log(2), abs=1e-3)
    # Nor is its own text among the negatives of its row.
    columns = asked, asked, asked, [RIGHT, LEFT], [RIGHT, UP]
    assert loss_of(*columns, labels=[[0, 0], [0, 9]]) < loss_of(*columns, labels=[[0, 7], [0, 9]])


def test_negatives_are_like_the_question_and_never_its_answer(tiny: SentenceTransformer) -> None:
    texts = [*TEXTS, *(" ".join(paper.sentences) for paper in PAPERS)]
    titles = ["same", "same", *(f"title {n}" for n in range(len(texts) - 2))]
    asked = [(0, "reward model of pairs"), (3, "an image of a robot")]
    found = mine(tiny, asked, texts, titles)
    vectors, questions = encode(tiny, texts), encode(tiny, [text for _, text in asked])
    for (answer, _), question, wrong in zip(asked, questions, found, strict=True):
        assert wrong
        assert answer not in wrong
        nearest = LIKE_ANSWER * (question @ vectors[answer])
        assert all(question @ vectors[number] <= nearest + 1e-5 for number in wrong)
    assert 1 not in found[0]  # under the answer's title


def test_rows_name_their_texts(tiny: SentenceTransformer) -> None:
    recipe = Recipe(rounds=2, negatives=3, pool=80)
    rows = make_question_rows(recipe, PASSAGES, PAPERS, tiny)
    assert {len(column) for column in rows.values()} == {2 * len(PASSAGES)}
    assert rows == make_question_rows(recipe, PASSAGES, PAPERS, tiny)
    for number, label in enumerate(rows["label"]):
        place, *wrong = label
        assert rows["question_0"][number] == PASSAGES[place].questions[0]
        assert PASSAGES[place].text in rows["answer"][number]
        assert len({place, *wrong}) == 4


def test_a_seed_decides_the_rows(tiny: SentenceTransformer) -> None:
    def rows(seed: int) -> tuple[object, object]:
        recipe = Recipe(seed=seed, rounds=2, pool=80)
        questions = make_question_rows(recipe, PASSAGES, PAPERS, tiny)
        return questions, make_pair_rows(recipe, PAPERS, 10)

    first = rows(1)
    assert first == rows(1)
    for one, other in zip(first, rows(2), strict=True):
        assert one != other


def test_pairs_are_as_many_as_asked_for_or_as_there_are() -> None:
    assert len(make_pair_rows(Recipe(), PAPERS, 10)["anchor"]) == 10
    assert len(make_pair_rows(Recipe(), PAPERS, 1000)["positive"]) == len(PAPERS)


def test_where_nothing_was_found_chance_chooses() -> None:
    assert len(set(_choose([], 3, 50, random.Random(0)))) == 3
    assert set(_choose([4, 4, 9], 2, 50, random.Random(0))) == {4, 9}


def test_the_average_lies_between_both(tmp_path: Path) -> None:
    recipe = Recipe(own_weight=0.25)
    before, trained = load_base(), load_base()
    with torch.no_grad():
        for value in trained.parameters():
            value += 1.0
    trained.max_seq_length = 32
    mixed = average(trained, recipe)
    assert mixed.max_seq_length == before.max_seq_length
    for name, value in mixed.state_dict().items():
        assert torch.allclose(value, before.state_dict()[name] + 0.25, atol=1e-5), name


# ------------------------------------------------------------ a run that was stopped

SMALL = Recipe(rounds=4, passages=2, negatives=1, tokens=16, pool=80)


class StoppedError(Exception):
    """Stands for the end of a process."""


def trained(
    folder: Path, model: SentenceTransformer, recipe: Recipe = SMALL
) -> dict[str, torch.Tensor]:
    train(recipe, folder, model, PASSAGES, PAPERS)
    return model.state_dict()


def test_a_run_goes_on_from_its_last_whole_checkpoint(
    tmp_path: Path,
    load_tiny: Callable[[], SentenceTransformer],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("datasets", reason="the extra `training`")
    pytest.importorskip("accelerate", reason="the extra `training`")
    monkeypatch.setattr(encoder, "SAVE_STEPS", 2)
    at_once = trained(tmp_path / "at once", load_tiny())

    forward, steps = AnswerLoss.forward, []

    def stop_at(limit: int) -> Callable[..., torch.Tensor]:
        def run(loss: AnswerLoss, *batch: Any) -> torch.Tensor:
            if len(steps) == limit:
                raise StoppedError
            steps.append(batch)
            return forward(loss, *batch)

        return run

    folder = tmp_path / "stopped"
    monkeypatch.setattr(AnswerLoss, "forward", stop_at(6))
    with pytest.raises(StoppedError):
        trained(folder, load_tiny())
    assert any(folder.glob("checkpoints/checkpoint-*"))
    torn = folder / "checkpoints" / "checkpoint-100"
    torn.mkdir()
    (torn / "model.safetensors").write_bytes(b"half")
    steps.clear()
    monkeypatch.setattr(AnswerLoss, "forward", stop_at(-1))
    gone_on = trained(folder, load_tiny())
    assert 0 < len(steps) < 8
    for name, value in gone_on.items():
        assert torch.allclose(value, at_once[name], atol=1e-5), name


def test_rows_are_kept_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets", reason="the extra `training`")
    save = datasets.Dataset.save_to_disk

    def save_half(rows: Any, path: str) -> None:
        save(rows.select(range(1)), path)
        raise StoppedError

    made = {"place": [1, 2, 3]}
    with monkeypatch.context() as patch:
        patch.setattr(datasets.Dataset, "save_to_disk", save_half)
        with pytest.raises(StoppedError):
            encoder._kept(tmp_path / "rows", lambda: made)
    assert encoder._kept(tmp_path / "rows", lambda: made).to_dict() == made
    # They are made once.
    assert encoder._kept(tmp_path / "rows", lambda: {"place": []}).to_dict() == made


def test_a_folder_keeps_its_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "run"
    begin(Recipe(), folder)
    begin(Recipe(), folder)
    with pytest.raises(UsageError) as refused:
        begin(Recipe(seed=15, scale=30.0), folder)
    assert str(refused.value) == (
        f"{folder} was begun with seed 14, scale 20.0, not seed 15, scale 30.0; "
        "give the same recipe, or another folder"
    )
    monkeypatch.setattr(sys, "argv", ["encoder", str(folder), "--rounds", "4"])
    with pytest.raises(SystemExit, match="begun with rounds 3, not rounds 4"):
        encoder.main()
