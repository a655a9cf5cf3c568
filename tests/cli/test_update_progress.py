"""What is shown of an update that takes long: how far it is, its rate and the time left."""

from __future__ import annotations

import io
import sys
import time

import pytest

from notesearch.cli import update_progress
from notesearch.cli.update_progress import UpdateWatch
from notesearch.index.reports import Progress, Stage
from tests.fakes import WordEmbedder


class Clock:
    """A clock that a test sets."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> UpdateWatch:
    return UpdateWatch(clock)


def embedding(embedded: int, left: int, files_done: int = 3) -> Progress:
    return Progress(Stage.EMBED, files_done, 3, passages_embedded=embedded, passages_to_embed=left)


def test_files_are_counted_until_something_is_to_be_embedded(watch, clock):
    watch.observe(Progress(Stage.READ, 1, 4, notes=2, passages=12))
    assert watch.line() == "reading: 1 of 4 files (25%)"
    assert watch.done_and_total == (1, 4)


def test_rate_is_that_of_the_model_and_not_of_loading_it(watch, clock):
    watch.observe(Progress(Stage.READ, 3, 3))
    watch.observe(Progress(Stage.LOAD, 3, 3, passages_to_embed=1200))
    clock.seconds = 60
    assert watch.line() == "loading the model, 1:00: 0 of 1,200 passages (0%)"
    watch.observe(embedding(0, 1200))
    assert watch.line() == "embedding: 0 of 1,200 passages (0%)"
    clock.seconds = 62
    watch.observe(embedding(100, 1100))
    assert watch.line() == "embedding: 100 of 1,200 passages · 50/s · 0:22 left (8%)"
    assert watch.done_and_total == (100, 1200)


def test_time_left_goes_down_within_a_call_and_a_slow_machine_shows_in_the_rate(watch, clock):
    watch.observe(embedding(0, 4000))
    clock.seconds = 20
    watch.observe(embedding(1000, 3000))
    assert watch.counts() == "1,000 of 4,000 passages · 50/s · 1:00 left"
    clock.seconds = 25
    assert watch.counts() == "1,000 of 4,000 passages · 50/s · 0:55 left"
    clock.seconds = 45  # 25 s for a hundred
    watch.observe(embedding(1100, 2900))
    assert watch.counts() == "1,100 of 4,000 passages · 24/s · 1:59 left"
    clock.seconds = 65  # the quick call is 45 s ago
    watch.observe(embedding(1180, 2820))
    assert watch.counts() == "1,180 of 4,000 passages · 4.0/s · 11:45 left"


def test_what_was_not_read_yet_is_about_so_much(watch, clock):
    watch.observe(embedding(0, 900_000, files_done=1))
    clock.seconds = 1
    watch.observe(embedding(100, 899_900, files_done=1))
    assert watch.counts() == "100 of about 900,000 passages · 100/s · 2:29:59 left"


def test_nothing_is_shown_at_once_of_an_update_without_work(watch, clock):
    assert not watch.is_worth_showing
    clock.seconds = 1.5
    assert watch.is_worth_showing
    assert watch.line() == "comparing"


def test_log_gets_lines_while_the_model_works(here, run, monkeypatch):
    log = io.StringIO()

    class Waiting(WordEmbedder):
        def embed_passages(self, texts):
            deadline = time.monotonic() + 60
            while "embedding: 0 of 5 passages (0%)\n" not in log.getvalue():
                assert time.monotonic() < deadline, log.getvalue()
            return super().embed_passages(texts)

    monkeypatch.setattr(update_progress, "_SECONDS_BETWEEN_LINES", 0.001)
    monkeypatch.setattr(
        "notesearch.chosen_models.load_embedder", lambda choice, **_: Waiting(name=choice.name)
    )
    monkeypatch.setattr(sys, "stderr", log)
    assert run("index", "--rebuild").code == 0
    written = log.getvalue().splitlines()
    assert written[-1].startswith("files: 5 added; ")
    assert "embedding: 0 of 5 passages (0%)" in written
