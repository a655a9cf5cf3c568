"""A small corpus with its index, made once with the words of a text for a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from notesearch import Index
from tests.fakes import WordEmbedder
from tests.word_model import STAND_INS

SHIPPED = Path(__file__).parents[1] / "corpus"

NOTES = {
    "rl/dpo.md": """---
title: Direct Preference Optimization
tags: [dpo, alignment]
date: 2026-03-14
arxiv: 2305.18290
---

The reward model is implied by the policy.

## Limitations

The policy drifts where a proof is missing.
""",
    "rl/ppo.md": """---
title: Proximal Policy Optimization
tags: [ppo, alignment]
date: 2025-11-02
---

A policy takes small steps, and a reward model scores them.
""",
    "vision/vit.md": """---
title: An Image is Worth 16x16 Words
tags: [vision/transformers]
date: 2026-01-20
---

An image is cut into patches.
""",
    "vision/survey.md": "# A Survey\n\nEvery image model there is.\n",
    "speech/survey.md": "# A Survey\n\nEvery speech model there is.\n",
}


def write_notes(corpus: Path) -> None:
    for path, text in NOTES.items():
        (corpus / path).parent.mkdir(parents=True, exist_ok=True)
        (corpus / path).write_text(text, encoding="utf-8")


@pytest.fixture(autouse=True, scope="session")
def no_settings_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the settings and the trusted files of whoever runs the tests out of them."""
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("CONFIG", "STATE"):
            patch.setenv(f"XDG_{kind}_HOME", str(tmp_path_factory.mktemp(kind.lower())))
        yield


@pytest.fixture(autouse=True)
def state_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a test has remembered for its user apart from what other tests have."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state-of-the-user"))


@pytest.fixture
def word_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the words of a text in the place of the model that the settings name."""
    for name, stand_in in STAND_INS.items():
        monkeypatch.setattr(f"notesearch.index_models.{name}", stand_in)


def make_library(folder: Path) -> None:
    """Write the notes into `corpus`, and make its `index`."""
    write_notes(folder / "corpus")
    embedder = WordEmbedder(name="all-MiniLM-L6-v2")
    with Index.open(folder / "index", embedder, create=True) as index:
        index.update(folder / "corpus")


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `corpus` and its `index`, for tests that change neither."""
    folder = tmp_path_factory.mktemp("library")
    make_library(folder)
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word_model: None) -> Path:
    """A library of the test's own as the working folder."""
    make_library(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("CORPUS", "INDEX", "MODEL", "PRECISION", "DEVICE", "RERANK", "INLINE_TAGS"):
        monkeypatch.delenv(f"NOTESEARCH_{name}", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def shipped_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index the notes in `corpus/` with the real default model: half a minute, for slow tests."""
    index_dir = tmp_path_factory.mktemp("shipped") / "index"
    with Index.open(index_dir, create=True) as index:
        index.update(SHIPPED)
    return index_dir
