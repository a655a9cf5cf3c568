"""`notesearch eval`: judged queries over a small corpus, over its own notes, over a BEIR folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from notesearch import Index
from notesearch.errors import UsageError
from notesearch.exit_codes import ExitCode
from notesearch.measuring import evaluate_index, index_for, index_of_own_notes
from notesearch.search.answer import Mode
from notesearch.settings import Settings
from tests.cli.conftest import run as run  # noqa: PLC0414 - the fixture

QUERIES = """
queries:
  - id: q1
    text: reward model
    relevant: {rl/ppo.md: 2, rl/dpo.md: 1}
    split: tune
  - id: q2
    text: image patches
    relevant: {vision/vit.md: 1}
    split: test
"""
