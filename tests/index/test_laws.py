"""Any sequence of changes and updates leaves what a rebuild of the same corpus gives.

So it is with notes that are no files among them.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from notesearch.index.reports import UpdateReport
from notesearch.index.update import update_index
from notesearch.records import AddedNote
from tests.fakes import WORDS, WordEmbedder
from tests.index.contents import contents_of
from tests.index.corpora import CountedLoads, LineCorpus, add_notes, plan_of, remove_notes
from tests.laws import examples

IDS = ("x", "y z")
PATHS = ("a.md", "b.md", "rl/c.md", "rl/deep/d.md")
LINES = st.lists(
    st.lists(st.sampled_from((*WORDS, "#tag/sub", "results", "odd")), max_size=3).map(" ".join),
    max_size=4,
)


class UpdatingEqualsRebuilding(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.corpus = LineCorpus(self.folder / "corpus")
        self.corpus.root.mkdir()
        self.index_dir = self.folder / "index"
        self.reading = 1
        self.in_step = False
        self.added: dict[str, AddedNote] = {}

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    @rule(path=st.sampled_from(PATHS), lines=LINES)
    def write(self, path: str, lines: list[str]) -> None:
        self.corpus.write(path, *lines)
        self.in_step = False

    @rule(path=st.sampled_from(PATHS))
    def remove(self, path: str) -> None:
        (self.corpus.root / path).unlink(missing_ok=True)
        self.in_step = False

    @rule(path=st.sampled_from(PATHS), to=st.sampled_from(PATHS))
    def rename(self, path: str, to: str) -> None:
        if (self.corpus.root / path).exists():
            self.corpus.rename(path, to)
            self.in_step = False

    @rule()
    def change_the_chunker(self) -> None:
        self.reading += 1
        self.in_step = False

    @precondition(lambda self: (self.index_dir / "catalog.sqlite").exists())
    @rule(note_id=st.sampled_from(IDS), lines=LINES)
    def add(self, note_id: str, lines: list[str]) -> None:
        text = "\n".join(["a robot", *lines])  # the reader of files refuses none of these
        note = AddedNote(id=note_id, text=text)
        add_notes(self.index_dir, plan_of(self.corpus), [note], overwrite=note_id in self.added)
        self.added[note_id] = note

    @precondition(lambda self: self.added)
    @rule(dice=st.randoms())
    def forget(self, dice: random.Random) -> None:
        note_id = dice.choice(sorted(self.added))
        remove_notes(self.index_dir, plan_of(self.corpus), [note_id])
        del self.added[note_id]

    @rule(most_bytes=st.integers(1, 40))
    def update_in_parts(self, most_bytes: int) -> None:
        plan = plan_of(self.corpus, reading=self._reading(), allow_empty=True)
        plan = replace(plan, most_bytes=most_bytes)
        left = len(PATHS)
        while (report := update_index(self.index_dir, plan)).waiting:
            assert report.waiting < left
            left = report.waiting
        self.in_step = True

    @rule(rebuild=st.booleans())
    def update(self, rebuild: bool) -> None:
        report = self._update(self.index_dir, rebuild)
        self.in_step = True
        again = CountedLoads(WordEmbedder())
        update_index(
            self.index_dir,
            plan_of(self.corpus, load=again, reading=self._reading(), allow_empty=True),
        )
        assert again.loads == 0
        assert report.passages_embedded + report.passages_reused <= report.passages

    def _reading(self) -> str:
        return f"lines-{self.reading}"

    def _update(self, index_dir: Path, rebuild: bool) -> UpdateReport:
        plan = plan_of(self.corpus, reading=self._reading(), rebuild=rebuild, allow_empty=True)
        return update_index(index_dir, plan)

    @precondition(lambda self: getattr(self, "in_step", False))
    @invariant()
    def the_index_equals_a_rebuild(self) -> None:
        fresh = self.folder / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        self._update(fresh, rebuild=False)
        if self.added:
            add_notes(fresh, plan_of(self.corpus), list(self.added.values()))
        assert contents_of(self.index_dir) == contents_of(fresh)


UpdatingEqualsRebuilding.TestCase.settings = examples(
    15, stateful_step_count=12, suppress_health_check=[HealthCheck.too_slow]
)
TestUpdatingEqualsRebuilding = UpdatingEqualsRebuilding.TestCase
