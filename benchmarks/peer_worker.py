"""One step of `peers.py` in a process of its own: it prints the figures as a line of JSON.

python -m benchmarks.peer_worker PEER STEP PASSAGES INDEX [--started SECONDS]

`--started` is when the process was started, in seconds of `time.time()`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from benchmarks.peer_engines import PEERS, Engine, Peer
from benchmarks.peer_passages import (
    FILTERS,
    MEASURED,
    PASSAGES_PER_NOTE,
    WARM_UP,
    Passage,
    PassageFiles,
    passes,
)
from benchmarks.peer_script import Exact

Figures = dict[str, object]

CHANGES = 3  # of which the median is told
MOST_SECONDS_OF_CHANGES = 60.0  # no further one begins after that
MOST_SECONDS_UNSEEN = 60.0


def check(peer: Peer) -> Figures:
    """Give the versions of a peer's packages, or what is missing."""
    missing = [module for module in peer.modules if find_spec(module) is None]
    return {
        "missing": missing,
        "versions": {} if missing else {name: version(name) for name in peer.packages},
    }


def measure_build(engine: Engine) -> Figures:
    """Build the index; embedding is looking up, and counts for all of them alike."""
    start = time.perf_counter()
    engine.build()
    return {"seconds": time.perf_counter() - start, "peak_mb": peak_mb()}


def measure_questions(engine: Engine, files: PassageFiles, where: str, started: float) -> Figures:
    """Ask questions that this process has never seen, after some others."""
    engine.open()
    engine.ask(files.questions[0], where)
    cold_seconds = time.time() - started
    for question in files.questions[1:WARM_UP]:
        engine.ask(question, where)
    times, hits = [], []
    for question in files.questions[-MEASURED:]:
        start = time.perf_counter()
        numbers = engine.ask(question, where)
        times.append(1000 * (time.perf_counter() - start))
        hits.append(len(numbers))
        if not all(passes(number, where) for number in numbers):
            raise SystemExit(f"{question}: a hit does not pass the filter {where}")
    return {
        "cold_seconds": cold_seconds,
        "ms": statistics.median(times),
        "ms_p90": statistics.quantiles(times, n=10)[-1],
        "hits": statistics.mean(hits),
        "peak_mb": peak_mb(),
    }


def measure_overlap(engine: Engine, files: PassageFiles) -> Figures:
    """Compare the first 10 with those of exact search."""
    exact = json.loads((files.folder / "exact.json").read_text(encoding="utf-8"))
    engine.open()
    asked = files.questions[-MEASURED:]
    ways = {"meaning": engine.nearest, "words": engine.by_words}
    return {
        name: _overlap([ask(question) for question in asked], exact[name])
        for name, ask in ways.items()
        if name in exact
    }


def _overlap(found: Sequence[Sequence[int]], exact: Sequence[Sequence[int]]) -> float:
    return statistics.mean(
        len(set(own) & set(right)) / len(right)
        for own, right in zip(found, exact, strict=True)
        if right
    )


def find_exactly(files: PassageFiles) -> Figures:
    """Work out the first 10 of each question without any approximation."""
    exact, asked = Exact(files), files.questions[-MEASURED:]
    found: Figures = {"meaning": exact.nearest(asked)}
    if find_spec("bm25s"):
        found["words"] = exact.by_words(asked)
    return found


def measure_change(engine: Engine, files: PassageFiles) -> Figures:
    """Replace the passages of a note, and wait until a question for them finds them.

    The index is open, and has answered questions, as in a program that runs on.
    """
    engine.open()
    for question in files.questions[:3]:
        engine.ask(question, "none")
    seconds, written_mb = [], []
    begun = time.perf_counter()
    for turn in range(CHANGES):
        word = f"changed{turn}word"
        passages = _changed(files, (turn + 1) * files.count // (2 * CHANGES), word)
        numbers = {passage.number for passage in passages}
        before, start = written_bytes(), time.perf_counter()
        engine.replace(passages)
        while numbers.isdisjoint(engine.ask(word, "none")):
            if time.perf_counter() - start > MOST_SECONDS_UNSEEN:
                raise SystemExit(f"{word}: not found {MOST_SECONDS_UNSEEN} s after it was written")
        seconds.append(time.perf_counter() - start)
        written_mb.append((written_bytes() - before) / 1e6)
        if time.perf_counter() - begun > MOST_SECONDS_OF_CHANGES:
            break
    return {"seconds": statistics.median(seconds), "written_mb": statistics.median(written_mb)}


def _changed(files: PassageFiles, number: int, word: str) -> list[Passage]:
    """Give the passages of a note with their words turned round, and a new word at their end."""
    return [
        Passage(passage.number, passage.title, " ".join([*reversed(passage.line.split()), word]))
        for passage in files.read_note(number // PASSAGES_PER_NOTE)
    ]


def peak_mb() -> float:
    """Give the greatest memory of this process so far.

    Not what `getrusage` says: that begins with the memory of the process that started this one.
    """
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def written_bytes() -> int:
    """Give what this process has had written to the disk."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["write_bytes"])


def main() -> None:
    """Take one step and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer")
    parser.add_argument("step")
    parser.add_argument("passages", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("--started", type=float, default=time.time())
    options = parser.parse_args()
    files = PassageFiles(options.passages)
    if options.step == "exact":
        print(json.dumps(find_exactly(files)))
        return
    peer = PEERS[options.peer]
    if options.step == "check":
        print(json.dumps(check(peer)))
        return
    engine = peer.make(files, options.index)
    steps: dict[str, Callable[[], Figures]] = {
        "build": lambda: measure_build(engine),
        "overlap": lambda: measure_overlap(engine, files),
        "change": lambda: measure_change(engine, files),
    }
    for where in FILTERS:
        steps[f"ask {where}"] = lambda where=where: measure_questions(  # type: ignore[misc]
            engine, files, where, options.started
        )
    print(json.dumps(steps[options.step]()))


if __name__ == "__main__":
    main()
