"""What it takes to ask the notes as they were, beside making an index of a checkout.

    python -m benchmarks.in_time [--keep FOLDER]

Over real notes (../shared/data/wild, or NOTESEARCH_DATA), copied into a git repository of six
commits, with the default model. Each commit has a sixth more of the files; until the last, one
file in twenty has a paragraph that goes with the next commit, which no index of later notes has.
Whole commands, each run once, as a first question happens once; those that find all in place are
medians of 5. With --keep the copy and its index are left in a folder, for the next run.
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
from pathlib import Path

from notesearch import Index

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("NOTESEARCH_DATA", ROOT.parent / "shared/data"))
COMMITS = 6
OLDEST = f"HEAD~{COMMITS - 1}"
ONE_IN = 20
QUESTION = "why DPO avoids reward model"
OURS = "from notesearch.cli import run; run()"
PERSON = {f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    wild = DATA / "wild/notes"
    if not wild.is_dir():
        raise SystemExit(f"{wild} is not there; NOTESEARCH_DATA names the folder of the notes")
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        for kind in ("STATE", "CACHE", "DATA", "CONFIG"):
            os.environ[f"XDG_{kind}_HOME"] = str(folder / kind.lower())
        shutil.rmtree(folder / "cache/notesearch/past", ignore_errors=True)
        if not (folder / "repository").exists():
            make_repository(wild, folder / "repository")
        measure(folder)


def make_repository(wild: Path, repository: Path) -> None:
    """Copy the notes, a sixth of them with each commit."""
    files = sorted(path for path in wild.rglob("*") if path.is_file())
    random.Random(1).shuffle(files)
    git(repository, "init", "-q")
    for number in range(COMMITS):
        for path in files[number::COMMITS]:
            place = repository / "notes" / path.relative_to(wild)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
        notes = sorted(repository.rglob("*.md"))
        changed = notes[number::ONE_IN] if number < COMMITS - 1 else []
        before = [note.read_bytes() for note in changed]
        for note in changed:
            with note.open("a", encoding="utf-8") as file:
                file.write(f"\n\n## To do\n\nRead {note.stem} once more in week {number}.\n")
        git(repository, "add", "-A")
        git(repository, "commit", "-q", "-m", f"commit {number}")
        for note, content in zip(changed, before, strict=True):
            note.write_bytes(content)
    git(repository, "checkout", "-q", "-f")


def measure(folder: Path) -> None:
    """Ask at one commit after the other, and print what each took."""
    repository, index_dir = folder / "repository", folder / "index"
    if not index_dir.exists():
        command("index", str(repository / "notes"), "--index", str(index_dir))
    ask = ("query", QUESTION, "--index", str(index_dir))
    print("\n| | s |\n|---|---|")
    show("a question to the notes as they are", median(*ask))
    for at in (OLDEST, "HEAD~2", "HEAD"):
        first = command(*ask, "--at", at)
        show(f"the first question at {at}{made_of(index_dir, at)}", first)
        show(f"a second question at {at}", median(*ask, "--at", at))
    shutil.rmtree(folder / "cache/notesearch/past" / kept_of(index_dir, OLDEST))
    show(f"at {OLDEST}, whose texts HEAD~2 knows in part", command(*ask, "--at", OLDEST))
    checkout, anew = folder / "checkout", folder / "index-of-checkout"
    began = time.perf_counter()
    git(repository, "worktree", "add", "-q", "-f", "--detach", str(checkout), OLDEST)
    command("index", str(checkout / "notes"), "--index", str(anew))
    show(f"a checkout of {OLDEST} and an index of it", time.perf_counter() - began)
    git(repository, "worktree", "remove", "--force", str(checkout))
    shutil.rmtree(anew)


def show(name: str, seconds: float) -> None:
    """Print a row of the table as soon as it is known."""
    print(f"| {name} | {seconds:.2f} |", flush=True)


def made_of(index_dir: Path, at: str) -> str:
    """Say how many notes and passages a commit has, for its row."""
    with Index.open(index_dir) as index, index.at(at) as old:
        with old._store.get().snapshot() as snapshot:
            passages = len(snapshot.table.passage_ids)
        return f" ({old.count_notes():,} notes, {passages:,} passages)"


def kept_of(index_dir: Path, at: str) -> str:
    """Return the folder that the index of a commit is kept in."""
    with Index.open(index_dir) as index, index.at(at) as old:
        return old.index_dir.name


def median(*arguments: str) -> float:
    """Return the middle of five runs."""
    return statistics.median(command(*arguments) for _ in range(5))


def command(*arguments: str) -> float:
    """Run a command as a person does, and return its seconds."""
    began = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, "-c", OURS, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    if ended.returncode not in (0, 5):  # 5: some files could not be read
        raise SystemExit(f"notesearch {' '.join(arguments)} ended with {ended.returncode}")
    return time.perf_counter() - began


def git(repository: Path, *arguments: str) -> None:
    """Run git in a folder, which is made where it is not there."""
    repository.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["git", "-C", str(repository), *arguments], env={**os.environ, **PERSON}, check=True
    )


if __name__ == "__main__":
    main()
