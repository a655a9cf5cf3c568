"""Real faults for the real thing: Markdown notes, the folder that reads them, Index and command.

The tests run these a few times, `benchmarks/faults.py` hundreds of times. The model is the words
of a text unless a test asks for the one in the package: it costs nothing to start, so that a kill
or a full disk meets the index.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from notesearch import Index
from notesearch.cli.output import ExitCode
from notesearch.embedding import Embedder
from notesearch.errors import MismatchError
from notesearch.index.check import check_index
from tests.fakes import WORDS, WordEmbedder
from tests.index.contents import Contents, contents_of

ROOT = Path(__file__).parents[1]
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.command_faults"])

Found = tuple[tuple[str, int, float], ...]


def word_model(*, other_axes: bool = False) -> WordEmbedder:
    """The model of `tests.word_model`, or one whose vectors look the same and mean others."""
    words, name = (WORDS[::-1], "other") if other_axes else (WORDS, "notesearch-encoder")
    embedder = WordEmbedder(words, name)
    embedder.max_tokens = 50
    return embedder


def change_notes(corpus: Path, dice: random.Random, files: int, paragraphs: int) -> None:
    """Write some notes, or edit, rename, remove and add some of those there are."""
    corpus.mkdir(parents=True, exist_ok=True)
    there = sorted(corpus.rglob("*.md"))
    for path in dice.sample(there, len(there) // 3):
        action = dice.choice(("edit", "edit", "rename", "remove"))
        if action == "remove":
            path.unlink()
        elif action == "rename":
            path.rename(path.with_name(f"{dice.randrange(10**9)}.md"))
        else:
            path.write_text(make_note(dice, paragraphs), encoding="utf-8")
    for _ in range(files - len(list(corpus.rglob("*.md")))):
        path = corpus / dice.choice(("rl", "vision")) / f"{dice.randrange(10**9)}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(make_note(dice, paragraphs), encoding="utf-8")


def make_note(dice: random.Random, paragraphs: int) -> str:
    tag, number = dice.choice(("dpo", "ppo/clipped", "survey")), dice.randrange(10**6)
    body = "\n\n".join(
        f"## Part {n}\n\n{' '.join(dice.choices(WORDS, k=30))} {dice.random()}"
        for n in range(paragraphs)
    )
    return (
        f"---\ntags: [{tag}]\ndate: 2026-0{dice.randrange(1, 9)}-01\n---\n# On {number}\n\n{body}\n"
    )


def rebuilt(corpus: Path, scratch: Path, embedder: Embedder) -> Contents:
    """Index a corpus from nothing, and give all that the index says."""
    shutil.rmtree(scratch, ignore_errors=True)
    with Index.open(scratch, embedder, create=True) as index:
        index.update(corpus)
    return contents_of(scratch, embedder)


def contents_or_none(index_dir: Path, embedder: Embedder) -> Contents | None:
    """None stands for an index that was never finished."""
    if not (index_dir / "catalog.sqlite").exists():
        return None
    return contents_of(index_dir, embedder)


# ------------------------------------------------------------ kills


def start_command(folder: Path, *arguments: str, module: str) -> subprocess.Popen[str]:
    """Start the command in a folder with its `corpus` and `index`."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_commands(
    folder: Path,
    kills: int,
    seed: int,
    embedder: Embedder | None = None,
    files: int = 20,
    paragraphs: int = 20,
) -> dict[str, int]:
    """Kill `notesearch index` at random moments, and compare what is left each time.

    With an `embedder` it is the command as it stands, with the model in the package, which the
    embedder has to be; else the words of a text are the model.
    """
    dice = random.Random(seed)
    module = "tests.word_model" if embedder is None else "notesearch"
    embedder = embedder or word_model()
    corpus, index_dir = folder / "corpus", folder / "index"
    outcomes = dict.fromkeys(("killed", "left before", "left after", "got through"), 0)
    longest_s = 1.0
    while outcomes["killed"] < kills:
        if dice.random() < 0.2:
            shutil.rmtree(index_dir, ignore_errors=True)
        before = contents_or_none(index_dir, embedder)
        change_notes(corpus, dice, files, paragraphs)
        after = rebuilt(corpus, folder / "scratch", embedder)
        started = time.perf_counter()
        process = start_command(folder, "index", "corpus", module=module)
        signal_sent = dice.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT))
        try:
            process.wait(dice.uniform(0.1, longest_s))
            seconds = time.perf_counter() - started
            longest_s = (longest_s + seconds) / 2
        except subprocess.TimeoutExpired:
            process.send_signal(signal_sent)
            longest_s *= 1.02
        _, said = process.communicate(timeout=60)
        assert "Traceback" not in said or signal_sent is not signal.SIGKILL, said
        found = contents_or_none(index_dir, embedder)
        assert found in (before, after), "the kill left a mixture"
        if process.returncode != 0:
            outcomes["killed"] += 1
            outcomes["left before" if found == before else "left after"] += 1
        else:
            outcomes["got through"] += 1
        process = start_command(folder, "index", "corpus", module=module)
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
        assert contents_of(index_dir, embedder) == after, "the update after the kill differs"
        assert check_index(index_dir) == ()
    return outcomes


# ------------------------------------------------------------ a full disk


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Lend a file system of its own; PermissionError where this user may not mount one."""
    with tempfile.TemporaryDirectory() as place:
        options = f"size={megabytes}m"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place],
            check=False,
            capture_output=True,
        )
        if done.returncode:
            raise PermissionError(done.stderr.decode(errors="replace"))
        try:
            yield Path(place)
        finally:
            subprocess.run(["umount", "-l", place], check=True)


def fill_disks(folder: Path, fillings: int, seed: int) -> dict[str, int]:
    """Update where less and less of the disk is free: the index is as before or as after."""
    dice = random.Random(seed)
    embedder = word_model()
    outcomes: Counter[str] = Counter()
    with small_disk(64) as disk:
        corpus, index_dir = folder / "corpus", disk / "index"
        for number in range(fillings):
            if number % 5 == 0:
                shutil.rmtree(index_dir, ignore_errors=True)
            before = contents_or_none(index_dir, embedder)
            change_notes(corpus, dice, files=40, paragraphs=30)
            after = rebuilt(corpus, folder / "scratch", embedder)
            needed = sum(p.stat().st_size for p in (folder / "scratch").iterdir())
            filler = disk / "filler"
            free = int(dice.uniform(0, 2.5) * needed)
            with filler.open("wb") as file:
                file.write(bytes(max(0, shutil.disk_usage(disk).free - free)))
            arguments = ("index", str(corpus), "--index", str(index_dir))
            process = start_command(folder, *arguments, module="tests.word_model")
            _, said = process.communicate(timeout=120)
            assert "Traceback" not in said, said
            assert process.returncode in (ExitCode.OK, ExitCode.INDEX), said
            found = contents_or_none(index_dir, embedder)
            assert found in (before, after), "a full disk left a mixture"
            outcomes["went on" if process.returncode == 0 else "refused"] += 1
            filler.unlink()
            with Index.open(index_dir, embedder, create=True) as index:
                index.update(corpus)
            assert contents_of(index_dir, embedder) == after
            assert check_index(index_dir) == ()
    return dict(outcomes)


# ------------------------------------------------------------ two writers


def write_together(folder: Path, rounds: int, seed: int) -> dict[str, int]:
    """Start two commands on one index at once, again and again."""
    dice = random.Random(seed)
    embedder = word_model()
    corpus, index_dir = folder / "corpus", folder / "index"
    outcomes: Counter[str] = Counter()
    for _ in range(rounds):
        if dice.random() < 0.3:
            shutil.rmtree(index_dir, ignore_errors=True)
        change_notes(corpus, dice, files=10, paragraphs=5)
        processes = [
            start_command(folder, "index", "corpus", "--wait", wait, module="tests.word_model")
            for wait in ("60", dice.choice(("0", "60")))
        ]
        for process in processes:
            _, said = process.communicate(timeout=120)
            assert "Traceback" not in said, said
            assert process.returncode in (ExitCode.OK, ExitCode.INDEX), said
            outcomes["wrote" if process.returncode == 0 else "said who writes"] += 1
        assert contents_of(index_dir, embedder) == rebuilt(corpus, folder / "scratch", embedder)
        assert check_index(index_dir) == ()
    return dict(outcomes)


# ------------------------------------------------------------ readers beside a writer

QUESTIONS = (("policy", "dense"), ("reward graph", "lexical"), ("policy since:2026-05", "dense"))


def ask(index: Index, line: str, mode: str) -> Found:
    """Ask one question, for all that the index has to say."""
    hits = index.query(line, k=100_000, mode=mode, per_note=None)  # type: ignore[arg-type]
    return tuple(sorted((hit.path, hit.line_start, hit.score) for hit in hits))


def ask_all(index: Index) -> list[Found]:
    """Ask everything of an index."""
    return [ask(index, line, mode) for line, mode in QUESTIONS]


def is_same(one: Found, other: Found) -> bool:
    """Return whether two indexes of one corpus may have given these.

    Behind the first hits a cosine is one of rounded vectors, and which are the first of equal ones
    depends on the order in which they came.
    """
    return len(one) == len(other) and all(
        here[:2] == there[:2] and abs(here[2] - there[2]) < 0.01
        for here, there in zip(one, other, strict=True)
    )


def _read_on(index_dir: Path, answers: list[list[Found]], done: object, results: object) -> None:
    """Hold one Index open, and ask until the writer is done and the last state is seen."""
    outcomes = Counter({"answers": 0, "other model": 0})
    seen = [0] * len(QUESTIONS)  # by question: the states that it has seen pass
    with Index.open(index_dir, word_model()) as index:
        while True:
            was_done = done.is_set()  # type: ignore[attr-defined]
            for place, (line, mode) in enumerate(QUESTIONS):
                try:
                    found = ask(index, line, mode)
                except MismatchError:
                    outcomes["other model"] += 1
                    continue
                later = [
                    number
                    for number in range(seen[place], len(answers))
                    if is_same(answers[number][place], found)
                ]
                assert later, f"{line}: an answer of no state from {seen[place]} on"
                seen[place] = later[0]
                outcomes["answers"] += 1
            if was_done:
                break
            time.sleep(0.01)
    results.put(dict(outcomes))  # type: ignore[attr-defined]


def read_beside_rebuilds(folder: Path, readers: int, updates: int, seed: int) -> dict[str, int]:
    """Have readers hold an Index open while another process updates and changes models.

    Every fifth update is a rebuild by a model whose vectors have the same dimension and mean
    something else: a reader must refuse these, and answer from one whole state of its own model.
    """
    dice = random.Random(seed)
    corpus, index_dir = folder / "corpus", folder / "index"
    answers: list[list[Found]] = []
    states: list[Path] = []
    for number in range(updates):
        change_notes(corpus, dice, files=8, paragraphs=3)
        shutil.rmtree(folder / "scratch", ignore_errors=True)
        with Index.open(folder / "scratch", word_model(), create=True) as index:
            index.update(corpus)
            answers.append(ask_all(index))
        states.append(folder / f"state{number}")
        shutil.copytree(corpus, states[-1])
    _show_state(corpus, states[0])
    with Index.open(index_dir, word_model(), create=True) as index:
        index.update(corpus)
    done, results = _CONTEXT.Event(), _CONTEXT.Queue()
    processes = [
        _CONTEXT.Process(target=_read_on, args=(index_dir, answers, done, results))
        for _ in range(readers)
    ]
    for process in processes:
        process.start()
    by_other = False
    for number, state in enumerate(states[1:], start=1):
        _show_state(corpus, state)
        with Index.open(index_dir, word_model(other_axes=number % 5 == 0), create=True) as index:
            index.update(corpus, rebuild=by_other or number % 5 == 0)
        by_other = number % 5 == 0
        if by_other:
            time.sleep(0.05)
    if by_other:
        with Index.open(index_dir, word_model()) as index:
            index.update(corpus, rebuild=True)
    done.set()
    found: Counter[str] = Counter()
    for process in processes:
        process.join(120)
        assert process.exitcode == 0, "a reader failed"
        found.update(results.get(timeout=10))
    return dict(found)


def _show_state(corpus: Path, state: Path) -> None:
    shutil.rmtree(corpus)
    shutil.copytree(state, corpus)
