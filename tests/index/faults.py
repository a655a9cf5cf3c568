"""Real faults for an index: a killed writer, a flipped byte, a full disk, readers beside a writer.

The tests run these a few times, `benchmarks/faults.py` hundreds of times.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import apsw

from notesearch.errors import MismatchError, NotesearchError, UnusableIndexError
from notesearch.index.catalog import Catalog
from notesearch.index.check import check_index
from notesearch.index.index_layout import IndexLayout
from notesearch.index.lock import writer_lock
from notesearch.index.store import Store
from notesearch.index.update import UpdatePlan, update_index
from notesearch.records import AddedNote
from tests.fakes import WORDS, WordEmbedder
from tests.index.contents import Contents, contents_of, contents_of_snapshot
from tests.index.corpora import LineCorpus, add_notes, plan_of

# A fork of this process would inherit FAISS's threads; a server that has imported all and run
# nothing starts a child in some milliseconds.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.index.faults"])


REFUSED = 3  # exit code of an update that ended in an error of ours, and no traceback


def alter(index_dir: Path, *statements: str) -> None:
    """Do to the catalog what no update does, with checksums as an update writes them."""
    with closing(Catalog.for_writing(IndexLayout(index_dir))) as catalog:
        catalog._connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 0)
        for statement in statements:
            catalog.rows(statement)
        assert catalog.settle()


def change_corpus(corpus: LineCorpus, dice: random.Random, files: int, lines: int) -> None:
    """Write a first corpus, or add, edit, rename and remove some files of one."""
    there = sorted(path.name for path in corpus.root.glob("*.md")) if corpus.root.exists() else []
    if not there:
        for number in range(files):
            corpus.write(f"{number}.md", *random_lines(dice, lines))
        return
    for name in dice.sample(there, len(there) // 4):
        action = dice.choice(("edit", "edit", "rename", "remove"))
        if action == "remove":
            corpus.remove(name)
        elif action == "rename":
            corpus.rename(name, f"{dice.randrange(10**9)}.md")
        else:
            corpus.write(name, *random_lines(dice, lines))
    for _ in range(files - len(list(corpus.root.glob("*.md")))):
        corpus.write(f"{dice.randrange(10**9)}.md", *random_lines(dice, lines))


def random_lines(dice: random.Random, lines: int) -> list[str]:
    tag = f"#tag{dice.randrange(5)}/sub{dice.randrange(3)}"
    return [tag, *(" ".join(dice.choices(WORDS, k=4)) + f" {dice.random()}" for _ in range(lines))]


class SlowEmbedder(WordEmbedder):
    """Takes a while, so that a kill meets every stage."""

    def embed_passages(self, texts):  # type: ignore[no-untyped-def]
        time.sleep(0.005)
        return super().embed_passages(texts)


def _update(root: Path, index_dir: Path, file_bytes: int | None) -> None:
    if file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    try:
        update_index(index_dir, plan_of(LineCorpus(root), SlowEmbedder()))
    except NotesearchError as error:
        print(error)  # noqa: T201  # pytest shows it when the test fails
        sys.exit(REFUSED)


def start_update(
    corpus: LineCorpus, index_dir: Path, *, file_bytes: int | None = None
) -> BaseProcess:
    """Update in another process; with `file_bytes`, no file there may grow beyond them."""
    process = _CONTEXT.Process(target=_update, args=(corpus.root, index_dir, file_bytes))
    process.start()
    return process


def _add(root: Path, index_dir: Path, notes: list[AddedNote]) -> None:
    add_notes(index_dir, plan_of(LineCorpus(root), SlowEmbedder()), notes)


def start_adding(corpus: LineCorpus, index_dir: Path, notes: list[AddedNote]) -> BaseProcess:
    """Add notes in another process."""
    process = _CONTEXT.Process(target=_add, args=(corpus.root, index_dir, notes))
    process.start()
    return process


def _update_to_settling(root: Path, index_dir: Path) -> None:
    Catalog.settle = lambda _: os._exit(9)  # type: ignore[method-assign]
    update_index(index_dir, plan_of(LineCorpus(root)))


def start_killed_at_settling(corpus: LineCorpus, index_dir: Path) -> BaseProcess:
    """Update in another process, which ends when all is committed and before it clears up."""
    process = _CONTEXT.Process(target=_update_to_settling, args=(corpus.root, index_dir))
    process.start()
    return process


def contents_or_none(index_dir: Path) -> Contents | None:
    """None stands for an index that was never finished."""
    if not (index_dir / "catalog.sqlite").exists():
        return None
    try:
        return contents_of(index_dir)
    except UnusableIndexError as error:
        if "holds no index" in str(error):
            return None
        raise


def texts_of(contents: Contents | None) -> set[str]:
    if contents is None:
        return set()
    return {passage.search_text for _, passage, _ in contents.passages.values()}


def rebuilt(corpus: LineCorpus, scratch: Path) -> Contents:
    shutil.rmtree(scratch, ignore_errors=True)
    update_index(scratch, plan_of(corpus))
    return contents_of(scratch)


def kill_updates(
    folder: Path, kills: int, seed: int, files: int = 30, lines: int = 40
) -> dict[str, int]:
    """Kill updates of a changing corpus at random moments and compare what is left each time.

    An update that got through before the kill is counted apart, and another one is killed.
    """
    dice = random.Random(seed)
    corpus, index_dir = LineCorpus(folder / "corpus"), folder / "index"
    outcomes = dict.fromkeys(("killed", "left before", "left after", "resumed", "got through"), 0)
    longest_s = 0.1
    while outcomes["killed"] < kills:
        if dice.random() < 0.2:  # a first build from time to time
            shutil.rmtree(index_dir, ignore_errors=True)
        before = contents_or_none(index_dir)
        change_corpus(corpus, dice, files, lines)
        after = rebuilt(corpus, folder / "scratch")
        was_killed, seconds = _kill_within(start_update(corpus, index_dir), longest_s, dice)
        found = contents_or_none(index_dir)
        assert found in (before, after), "the kill left a mixture"
        if was_killed:
            outcomes["killed"] += 1
            outcomes["left before" if found == before else "left after"] += 1
            longest_s *= 1.02
        else:
            outcomes["got through"] += 1
            longest_s = (longest_s + seconds) / 2
        embedder = WordEmbedder()
        update_index(index_dir, plan_of(corpus, embedder))
        new = texts_of(after) - texts_of(before)
        outcomes["resumed"] += found == before and len(embedder.embedded) < len(new)
        assert contents_of(index_dir) == after, "the update after the kill differs"
        assert check_index(index_dir) == ()
    return outcomes


def _kill_within(process: BaseProcess, longest_s: float, dice: random.Random) -> tuple[bool, float]:
    """Kill a process at a random moment; tell whether it was still at work, and how long it ran."""
    start = time.perf_counter()
    process.join(dice.uniform(0, longest_s))
    process.kill()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0, time.perf_counter() - start


@contextmanager
def flipped_byte(path: Path, dice: random.Random, place: int | None = None) -> Iterator[int]:
    """Change one byte of a file, at a place or anywhere, for the length of the block."""
    position = dice.randrange(path.stat().st_size) if place is None else place
    with path.open("rb+") as file:
        file.seek(position)
        byte = file.read(1)[0]
        file.seek(position)
        file.write(bytes([byte ^ (1 << dice.randrange(8))]))
    try:
        yield position
    finally:
        with path.open("rb+") as file:
            file.seek(position)
            file.write(bytes([byte]))


@contextmanager
def moved_pieces(path: Path, dice: random.Random, size: int) -> Iterator[None]:
    """Put two pieces of a file that differ in each other's place for the length of the block."""
    content = path.read_bytes()
    pieces = [content[at : at + size] for at in range(0, len(content), size)]
    one = dice.choice([n for n, piece in enumerate(pieces) if any(piece)])
    others = [n for n, piece in enumerate(pieces) if piece != pieces[one] and len(piece) == size]
    other = dice.choice(others or [one])
    pieces[one], pieces[other] = pieces[other], pieces[one]
    path.write_bytes(b"".join(pieces))
    try:
        yield
    finally:
        path.write_bytes(content)


def answer_or_error(index_dir: Path) -> Contents | None:
    """Ask an index everything; None stands for an error that names what mends it."""
    try:
        return contents_of(index_dir)
    except (UnusableIndexError, MismatchError) as error:
        if "run: notesearch" not in error.for_shell:
            raise
        return None


def flip_bytes(index_dir: Path, right: Contents, flips: int, seed: int) -> dict[str, int]:
    """Flip a byte in each file of the index so many times, and ask everything each time."""
    dice = random.Random(seed)
    outcomes = {"right": 0, "error": 0}
    names = [p for p in sorted(index_dir.iterdir()) if p.is_file() and p.stat().st_size]
    for path in names:
        for _ in range(flips):
            with flipped_byte(path, dice) as position:
                found = answer_or_error(index_dir)
            assert found in (right, None), f"byte {position} of {path.name} went unseen"
            outcomes["error" if found is None else "right"] += 1
    return outcomes


def move_all(index_dir: Path, right: Contents, moves: int, seed: int) -> dict[str, int]:
    """Move pieces of many sizes in each file so many times, and ask everything each time."""
    dice = random.Random(seed)
    outcomes = {"right": 0, "error": 0}
    names = [p for p in sorted(index_dir.iterdir()) if p.is_file() and p.stat().st_size]
    for path in names:
        for _ in range(moves):
            size = dice.choice((1, 8, 18, 64, 512, 768, 4096, 16384))
            with moved_pieces(path, dice, size):
                found = answer_or_error(index_dir)
            assert found in (right, None), f"{size} bytes moved in {path.name} went unseen"
            outcomes["error" if found is None else "right"] += 1
    return outcomes


def _read_on(index_dir: Path, answers: list[Contents], stop_at: int, results: object) -> None:
    """Query until the last generation is seen; every answer must be of one state."""
    seen = 0
    count = 0
    with Store(index_dir) as store:
        while seen < stop_at:
            with store.snapshot() as snapshot:
                seen = snapshot.state.generation
                found = contents_of_snapshot(snapshot)
            assert found == answers[seen - 1], f"a mixed answer in generation {seen}"
            time.sleep(0.01)
            count += 1
    results.put(count)  # type: ignore[attr-defined]


def read_while_writing(folder: Path, readers: int, updates: int, seed: int) -> int:
    """Query from several processes while this one updates; gives the number of queries."""
    dice = random.Random(seed)
    corpus, index_dir = LineCorpus(folder / "corpus"), folder / "index"
    states: list[Path] = []
    answers: list[Contents] = []
    for number in range(updates):
        change_corpus(corpus, dice, files=8, lines=3)
        answers.append(rebuilt(corpus, folder / "scratch"))
        states.append(folder / f"state{number}")
        shutil.copytree(corpus.root, states[-1])
    update_index(index_dir, _plan_for_state(states[0]))
    results = _CONTEXT.Queue()
    processes = [
        _CONTEXT.Process(target=_read_on, args=(index_dir, answers, updates, results))
        for _ in range(readers)
    ]
    for process in processes:
        process.start()
    for state in states[1:]:
        update_index(index_dir, _plan_for_state(state))
    for process in processes:
        process.join(120)
        assert process.exitcode == 0, "a reader failed"
    return sum(results.get() for _ in processes)


def _plan_for_state(state: Path) -> UpdatePlan:
    return plan_of(LineCorpus(state))


def _ask_and_update(index_dir: Path, results: object) -> None:
    if os.geteuid() == 0:
        os.setuid(65534)
    passages = len(contents_of(index_dir).passages)
    corpus = LineCorpus(index_dir.parent)  # the index is a corpus as good as any
    try:
        update_index(index_dir, plan_of(corpus))
    except NotesearchError as error:
        results.put((passages, str(error)))  # type: ignore[attr-defined]


def without_privileges(index_dir: Path) -> tuple[int, str]:
    """Count the passages and try an update as a user who may not write everywhere."""
    results = _CONTEXT.Queue()
    process = _CONTEXT.Process(target=_ask_and_update, args=(index_dir, results))
    process.start()
    process.join()
    answer: tuple[int, str] = results.get(timeout=1)
    return answer


def _hold_lock(index_dir: Path, ready: object) -> None:
    with writer_lock(IndexLayout(index_dir), timeout_s=5):
        ready.put(os.getpid())  # type: ignore[attr-defined]
        time.sleep(60)


@contextmanager
def holding_the_lock(index_dir: Path) -> Iterator[int]:
    """Have another process hold the index until the block ends and the process is killed."""
    ready = _CONTEXT.Queue()
    process = _CONTEXT.Process(target=_hold_lock, args=(index_dir, ready))
    process.start()
    try:
        yield ready.get(timeout=30)
    finally:
        process.kill()
        process.join()
