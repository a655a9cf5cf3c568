"""Find the commit of a corpus that a person means: by any name that git knows, or by a day."""

from __future__ import annotations

import re
import shlex
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from notesearch.corpus.git_program import GitError, GitFolder
from notesearch.errors import CorpusError, UsageError

_DAY = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
_AGO = re.compile(r"(\d{1,4}) (day|week|month|year)s? ago")
_LONGEST_NAME = 1000
_SHORT = 7  # digits of a commit's name, as git shows them


@dataclass(frozen=True, slots=True)
class Commit:
    """A state of the notes that was committed."""

    hash: str  # the whole of it
    date: str  # when it was committed, in ISO 8601, as a day of the clock here
    path: str  # of the corpus inside the repository; "" for the whole of it
    tree: str  # git's name for all that the corpus held: equal trees are equal notes

    @property
    def short_hash(self) -> str:
        """The beginning of the hash, for people."""
        return self.hash[:_SHORT]

    def __str__(self) -> str:
        return f"{self.short_hash} {self.date}"


def find_commit(corpus: Path, name: str) -> Commit:
    """Return the commit that a name means in the repository of a corpus.

    A day, as `2024-05-01`, `2024-05` for the end of that month, or `3 weeks ago`, means the last
    commit of the current branch up to its end, by the clock here. UsageError for a name that means
    no commit, CorpusError where the corpus has none.
    """
    wanted = name.strip()
    _require_plain(wanted)
    day = read_day(wanted, date.today())
    if not corpus.is_dir():
        raise CorpusError(f"corpus {corpus} is not there; its repository is looked for in it")
    git = GitFolder(corpus)
    path = git.place_in_repository()
    found = _find_named(git, wanted) if day is None else _find_last_of(git, day, wanted)
    committed = _date_of(git, found)
    return Commit(found, committed.isoformat(), path, _find_tree(git, found, path, committed))


def read_day(text: str, today: date) -> date | None:
    """Return the day that a text names; None where it names none, UsageError for no real one."""
    words = " ".join(text.lower().split())
    if words in ("today", "yesterday"):
        return today - timedelta(days=words == "yesterday")
    ago = _AGO.fullmatch(words)
    match = _DAY.fullmatch(words)
    try:
        if ago is not None:
            found = _before(today, int(ago[1]), ago[2])
        elif match is not None:
            year, month = int(match[1]), int(match[2])
            found = date(year, month, int(match[3] or monthrange(year, month)[1]))
        else:
            return None
        if not 1970 < found.year < 3000:
            raise ValueError("out of range")
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{text} is no day; give one as in 2024-05-01") from error
    return found


def _before(today: date, number: int, unit: str) -> date:
    if unit in ("day", "week"):
        return today - timedelta(days=number * (7 if unit == "week" else 1))
    months = today.year * 12 + today.month - 1 - number * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def _require_plain(name: str) -> None:
    """Refuse what is no name of a commit, before git sees it."""
    if not name:
        raise UsageError("no commit is named; give one, or a day as in 2024-05-01")
    if name.startswith("-"):
        raise UsageError(f"{name} is no name of a commit: none begins with a minus; give another")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise UsageError(f"{name[:60]!a} is no name of a commit; give a shorter, plain one")


def _find_named(git: GitFolder, name: str) -> str:
    try:
        return git.ask_line("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    except GitError as error:
        if _is_without_commits(git):
            raise _no_commit_yet(git) from error
        folder = shlex.quote(str(git.folder))
        way = f"to see those that are there, run: git -C {folder} log --oneline"
        if _is_shallow(git):
            way = _unshallow(git)
        raise UsageError(
            f"{name} names no commit of the repository of {git.folder}, and no day; {way}"
        ) from error


def _find_last_of(git: GitFolder, day: date, wanted: str) -> str:
    """Return the last commit of a day or before, of those that the branch itself had then."""
    # What a merge brought along may be older, and was not on the branch that day.
    end = int(datetime.combine(day + timedelta(days=1), time()).timestamp()) - 1
    on_branch = ("rev-list", "-1", "--first-parent")
    try:
        found = git.ask_line(*on_branch, f"--min-age={end}", "HEAD")
        if found:
            return found
        root = git.ask_line(*on_branch, "--max-parents=0", "HEAD")
    except GitError as error:
        raise _no_commit_yet(git) from error
    first = f"{root[:_SHORT]} of {_date_of(git, root)}"
    if _is_shallow(git):
        raise UsageError(
            f"{wanted} is before {first}, where this copy of the repository begins; "
            f"{_unshallow(git)}"
        )
    raise UsageError(f"{wanted} is before {first}, the first commit; give a later day")


def _date_of(git: GitFolder, commit: str) -> date:
    try:
        written = git.ask_line("rev-list", "-1", "--format=%ct", commit)
        return datetime.fromtimestamp(int(written.rpartition("\n")[2])).date()
    except (GitError, ValueError, OverflowError, OSError) as error:
        raise CorpusError(
            f"commit {commit[:_SHORT]} of {git.folder} cannot be read; run git fsck there"
        ) from error


def _find_tree(git: GitFolder, commit: str, path: str, committed: date) -> str:
    """Return git's name for what the folder held; CorpusError where it was not there yet."""
    try:
        tree = git.ask_line("rev-parse", "--verify", "--quiet", f"{commit}:{path}")
        if git.ask_line("cat-file", "-t", tree) == "tree":
            return tree
    except GitError:
        pass
    raise CorpusError(
        f"corpus {git.folder}: commit {commit[:_SHORT]} of {committed} has no folder "
        f"{path or '.'}; name another commit"
    )


def _is_without_commits(git: GitFolder) -> bool:
    try:
        git.ask("rev-parse", "--verify", "--quiet", "HEAD")
    except GitError:
        return True
    return False


def _no_commit_yet(git: GitFolder) -> CorpusError:
    return CorpusError(
        f"the git repository of {git.folder} has no commit on its current branch; "
        "commit your notes first"
    )


def _is_shallow(git: GitFolder) -> bool:
    try:
        return git.ask_line("rev-parse", "--is-shallow-repository") == "true"
    except GitError:
        return False


def _unshallow(git: GitFolder) -> str:
    folder = shlex.quote(str(git.folder))
    return f"for all that was before, run: git -C {folder} fetch --unshallow"
