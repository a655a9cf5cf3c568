"""What it takes to keep an index in step: from a save to an answer, and what others wait for.

    python -m benchmarks.watch [--only saved|burst|first|idle|query] [--times N] [--keep FOLDER]

Over copies of the notes in corpus/ and of real ones (../shared/data/wild, or NOTESEARCH_DATA; left
out where they are not there), with the default model. "first" makes the index of one collection of
these twice, once as `notesearch index` does and once as a watch does, while questions are asked.
With --keep the copies and their indexes are left in a folder, for the next run.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

from notesearch import Index, LockedError, UnusableIndexError
from notesearch.corpus import folder_watch
from notesearch.watch import IndexWatch, WatchActivity, WatchState

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("NOTESEARCH_DATA", ROOT.parent / "shared/data"))
CORPORA = {"corpus/": ROOT / "corpus", "wild": DATA / "wild/notes"}
QUESTIONS = ("why DPO avoids reward model", "attention is quadratic", "sim to real of robots")
FIRST = "patrick-llgc__Learning-Deep-Learning"  # 2.1 MB
BURST = 2000
IDLE_S = 60.0
LETTERS = "bcdfghjklmnpqrstvwxz"
OURS = "from notesearch.cli import run; run()"
GONE_S = 60.0


class Follower:
    """Keeps the states of a watch, and waits for it to be idle."""

    def __init__(self) -> None:
        self.states: list[tuple[float, WatchState]] = []
        self._is_idle = Event()

    def __call__(self, state: WatchState) -> None:
        self.states.append((time.perf_counter(), state))
        if state.error is not None and state.activity is not WatchActivity.LOCKED_OUT:
            raise SystemExit(f"the watch failed: {state.error}")
        if state.activity is WatchActivity.IDLE:
            self._is_idle.set()
        else:
            self._is_idle.clear()

    def wait(self) -> None:
        self._is_idle.wait()

    @property
    def updates(self) -> int:
        return len({id(state.report) for _, state in self.states if state.report is not None})


@contextmanager
def watched(corpus: Path, index_dir: Path) -> Iterator[tuple[Index, Follower]]:
    """Yield an index that a watch keeps in step, once it is."""
    follower = Follower()
    with Index.open(index_dir, create=True) as index:
        index.update(corpus)
        with IndexWatch(index, observer=follower):
            follower.wait()
            yield index, follower


def main() -> None:
    """Measure what is wanted, and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        os.environ["XDG_STATE_HOME"] = f"{folder}/state"
        copies = {}
        for name, notes in CORPORA.items():
            if notes.is_dir():
                copies[name] = folder / name.strip("/") / "notes"
                if not copies[name].exists():
                    shutil.copytree(notes, copies[name])
        for part, measure in PARTS.items():
            if given.only in (None, part):
                measure(copies, given.times)
                print(flush=True)


# ---------------------------------------------------------------- from a save to an answer


def measure_saved(copies: dict[str, Path], times: int) -> None:
    print("| saved, then found | files | passages | median s | longest s |\n|---|---|---|---|---|")
    for name, corpus in copies.items():
        with watched(corpus, corpus.parent / "index") as (index, _):
            counts = index.status().counts
            for how, save in (("written", write), ("by rename", rename)):
                taken = [_seconds_until_found(index, corpus, save, n) for n in range(times)]
                print(
                    f"| {name}, {how} | {counts.files:,} | {counts.passages:,} "
                    f"| {statistics.median(taken):.2f} | {max(taken):.2f} |",
                    flush=True,
                )


def _seconds_until_found(
    index: Index, corpus: Path, save: Callable[[Path, str], None], number: int
) -> float:
    """Save a note with a word that no other has, and ask for it until it comes."""
    dice = random.Random(f"{corpus}{save}{number}")
    word = "".join(dice.choices(LETTERS, k=12))
    time.sleep(1 + dice.random())  # at any moment of the watch's own
    began = time.perf_counter()
    save(corpus / f"saved-{number % 5}.md", f"# On {word}\n\nWhat we know of {word}, {number}.\n")
    while not any(word in hit.text for hit in index.query(f'"{word}"', 1)):
        if time.perf_counter() - began > GONE_S:
            raise SystemExit(f"{word} was never found")
        time.sleep(0.02)
    return time.perf_counter() - began


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def rename(file: Path, text: str) -> None:
    beside = file.with_name(f".{file.name}.tmp")
    write(beside, text)
    beside.replace(file)


def measure_burst(copies: dict[str, Path], times: int) -> None:
    print(
        f"| {BURST:,} files at once | written in s | updates | in step after s |\n|---|---|---|---|"
    )
    for name, corpus in copies.items():
        with watched(corpus, corpus.parent / "index") as (index, follower):
            before, notes = follower.updates, len(index.notes())
            began = time.perf_counter()
            for number in range(BURST):
                (corpus / f"burst-{number // 100}").mkdir(exist_ok=True)
                write(
                    corpus / f"burst-{number // 100}/{number}.md", f"# Note {number}\n\nA robot.\n"
                )
            written = time.perf_counter() - began
            while len(index.notes("path:burst-*")) < BURST:
                time.sleep(0.05)
            taken = time.perf_counter() - began
            follower.wait()
            row = f"| {name} | {written:.2f} | {follower.updates - before} | {taken:.1f} |"
            print(row, flush=True)
            assert len(index.notes()) == notes + BURST
        for folder in corpus.glob("burst-*"):
            shutil.rmtree(folder)


# ---------------------------------------------------------------- what others wait for


def measure_first(copies: dict[str, Path], times: int) -> None:
    if "wild" not in copies:
        return
    corpus = copies["wild"] / FIRST
    print(
        f"| first index of {FIRST} | in step after s | first answer after s | lock held at most s "
        "| another writer waited at most s | questions | median ms | 99 % ms |\n"
        "|---|---|---|---|---|---|---|---|"
    )
    for how, update in (("notesearch index", _update_at_once), ("watch", _update_by_watch)):
        index_dir = copies["wild"].parent / f"first-{how.split()[-1]}"
        shutil.rmtree(index_dir, ignore_errors=True)
        is_over = Event()
        latencies: list[float] = []
        waits: list[float] = []
        with Index.open(index_dir, create=True) as index:
            began = time.perf_counter()
            asker = Thread(target=_ask_on, args=(index, is_over, latencies, began))
            writer = Thread(target=_write_on, args=(index_dir, is_over, waits))
            asker.start()
            writer.start()
            held = update(index, corpus)
            taken = time.perf_counter() - began
            is_over.set()
            asker.join()
            writer.join()
        first, *rest = latencies
        ordered = sorted(rest)
        high = ordered[int(len(ordered) * 0.99)] * 1000 if ordered else 0.0
        median = statistics.median(ordered) * 1000 if ordered else 0.0
        print(
            f"| {how} | {taken:.0f} | {first:.1f} | {held:.1f} | {max(waits):.1f} "
            f"| {len(ordered):,} | {median:.0f} | {high:.0f} |",
            flush=True,
        )


def _update_at_once(index: Index, corpus: Path) -> float:
    began = time.perf_counter()
    index.update(corpus)
    return time.perf_counter() - began


def _update_by_watch(index: Index, corpus: Path) -> float:
    follower = Follower()
    with IndexWatch(_of_corpus(index, corpus), observer=follower):
        follower.wait()
    longest, since = 0.0, 0.0
    for at, state in follower.states:
        if state.progress is None:
            longest, since = max(longest, at - since if since else 0.0), 0.0
        elif not since:
            since = at
    return longest


def _of_corpus(index: Index, corpus: Path) -> Index:
    from dataclasses import replace

    index._settings = replace(index._settings, corpus=corpus)
    return index


def _ask_on(index: Index, is_over: Event, latencies: list[float], began: float) -> None:
    """Ask ten questions a second; the first entry is when the first answer came, from the start."""
    asked = 0
    while not is_over.wait(0.1):
        since = time.perf_counter()
        with suppress(UnusableIndexError, LockedError):  # there is none yet
            index.query(f"{QUESTIONS[asked % len(QUESTIONS)]} {asked}")
            asked += 1
            now = time.perf_counter()
            latencies.append(now - since if latencies else now - began)
    if not latencies:
        latencies.append(time.perf_counter() - began)


def _write_on(index_dir: Path, is_over: Event, waits: list[float]) -> None:
    """Add a note of another Index every five seconds, as another process would."""
    since = time.perf_counter()
    with Index.open(index_dir, create=True) as other:
        while not is_over.wait(5.0):
            since = time.perf_counter()
            with suppress(LockedError):
                other.add("A robot.", id="inbox/1", overwrite=True, lock_timeout_s=3600.0)
            waits.append(time.perf_counter() - since)
    waits.append(0.0)


# ---------------------------------------------------------------- what it costs to do nothing


def measure_idle(copies: dict[str, Path], times: int) -> None:
    print(f"| nothing changes, {IDLE_S:.0f} s | told by the system, processor s | compared, s |")
    print("|---|---|---|")
    for name, corpus in copies.items():
        costs = []
        network_drive = folder_watch.network_drive
        for drive in ("", "a network drive (nfs4)"):
            setattr(folder_watch, "network_drive", lambda _, drive=drive: drive)  # noqa: B010
            with watched(corpus, corpus.parent / "index"):
                time.sleep(2)
                before = time.process_time()
                time.sleep(IDLE_S)
                costs.append(time.process_time() - before)
        setattr(folder_watch, "network_drive", network_drive)  # noqa: B010
        print(f"| {name} | {costs[0]:.3f} | {costs[1]:.2f} |", flush=True)


def measure_query(copies: dict[str, Path], times: int) -> None:
    print("| `notesearch query`, nothing changed | processor s | over plain, ms | s by the clock |")
    print("|---|---|---|---|")
    for name, corpus in copies.items():
        index_dir = corpus.parent / "index"
        with Index.open(index_dir, create=True) as index:
            index.update(corpus)
        time.sleep(3)  # or the files would be fresh to the next update
        with Index.open(index_dir) as index:
            index.update(corpus)
        command = [sys.executable, "-c", OURS, "query", QUESTIONS[0], "--index", str(index_dir)]
        ways = {
            "": (command, {}),
            ", update: on-query": (command, {"NOTESEARCH_UPDATE": "on-query"}),
            ", --update": ([*command, "--update"], {}),
        }
        taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for number in range(times + 1):
            for way, (words, more) in ways.items():
                cost = _run(words, {**os.environ, **more})
                if number:  # the first of each warms the disk cache
                    taken[way].append(cost)
        plain = statistics.median(worked for worked, _ in taken[""])
        for way, costs in taken.items():
            worked, clock = (statistics.median(column) for column in zip(*costs, strict=True))
            over = (worked - plain) * 1000
            print(f"| {name}{way} | {worked:.3f} | {over:+.0f} | {clock:.2f} |", flush=True)


def _run(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run a command: seconds of the processor, and by the clock."""
    began = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[2:]} ended with {status}")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - began


PARTS = {
    "saved": measure_saved,
    "burst": measure_burst,
    "first": measure_first,
    "idle": measure_idle,
    "query": measure_query,
}

if __name__ == "__main__":
    main()
