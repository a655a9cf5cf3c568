from __future__ import annotations

from pathlib import Path

import pytest

from tests.index.corpora import LineCorpus


@pytest.fixture
def corpus(tmp_path: Path) -> LineCorpus:
    corpus = LineCorpus(tmp_path / "corpus")
    corpus.write("rl/dpo.md", "#RLHF/DPO alignment", "policy without a reward model", "a proof")
    corpus.write("rl/ppo.md", "#RLHF", "policy gradient with a reward")
    corpus.write("vision/vit.md", "image patches")
    return corpus


@pytest.fixture
def index_dir(tmp_path: Path) -> Path:
    return tmp_path / "index"
