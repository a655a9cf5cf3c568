"""Open the index that a command works on, and bring it in step with its corpus.

`index_choice.py` chooses it. After Ctrl-C in an update, one line says how to go on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from notesearch.cli.output import Interrupted, is_debugging, show_message, show_warning
from notesearch.engine_address import shown_index
from notesearch.errors import (
    CorpusError,
    LockedError,
    NotesearchError,
    UnusableIndexError,
    UsageError,
)
from notesearch.render.terminal import escaped

if TYPE_CHECKING:
    from notesearch.index.reports import ProgressObserver
    from notesearch.library import Index
    from notesearch.settings import Settings

# What helps where nothing says which notes are meant.
NAME_A_CORPUS = "run: notesearch index CORPUS (your folder of notes), or: notesearch init"
_SHOWN_NAMES = 5
_AS_IT_IS = "answered from the index as it is"
_LOCK_WAIT_S = 2.0  # before a question: an update of a note or two is over by then


@dataclass(frozen=True, slots=True)
class ChosenIndex:
    """The settings that hold for a call, and the index folder that they name."""

    settings: Settings
    config: Path | None = None  # the option --config
    is_default: bool = False  # ./index, since nothing names another: a query may make it
    corpus: Path | None = None  # the option --corpus
    # Behind `notesearch index`, what chooses this index again; None: its folder does.
    recall: tuple[str, ...] | None = None
    name: str = ""  # by which the person chose it
    unknown: str = ""  # what the person gave in the place of a name, and may mean a folder
    why: str = ""  # what chose it, where that is neither the person's command nor this folder

    @property
    def index_dir(self) -> Path:
        """The folder of the index."""
        return self.settings.index

    def exists(self) -> bool:
        """Return whether there is an index; UnusableIndexError where the folder cannot be read.

        Of one in an engine that is not known before it is opened: it counts as there.
        """
        from notesearch.engine_address import engine_of_folder
        from notesearch.index.index_layout import IndexLayout

        if engine_of_folder(self.index_dir) is not None:
            return True
        try:
            IndexLayout(self.index_dir).catalog.stat()
        except FileNotFoundError:
            return False
        except NotADirectoryError as error:
            found = "is a file" if self.index_dir.is_file() else "lies in a file"
            raise UnusableIndexError(
                f"{self.index_dir} {found}, which holds no index; name another with --index"
            ) from error
        except (OSError, ValueError) as error:  # ValueError: a NUL byte, out of a settings file
            raise UnusableIndexError(
                f"{self.index_dir} cannot be read: {error}; name another with --index"
            ) from error
        return True

    def is_to_be_made(self) -> bool:
        """Return whether the default index is missing, and the notes to make it of are there.

        UnusableIndexError for another one that is missing: a mistyped name makes no index.
        """
        if self.exists():
            return False
        if not (self.is_default and self.has_corpus()):
            self.require()
        return True

    def has_corpus(self) -> bool:
        """Return whether a folder of notes is known, to make the index of."""
        from notesearch.corpus.folder import DEFAULT_CORPUS

        return self.settings.corpus is not None or os.path.isdir(  # noqa: PTH112 - is_dir may raise
            self.settings.root / DEFAULT_CORPUS
        )

    def require(self) -> None:
        """Raise UnusableIndexError, with the command that makes it, where there is no index."""
        from notesearch.known_indexes import list_known

        if self.exists():
            return
        if self.is_default and not self.has_corpus():
            raise UnusableIndexError(
                f"there is no index here, and none was made before; {NAME_A_CORPUS}"
            )
        if self.unknown and (known := [one.name for one in list_known()]):
            raise UnusableIndexError(unknown_name(self.unknown, known))
        if self.has_corpus():
            remedy = self.command()
        else:
            remedy = f"{self.command(Path('CORPUS'))} (your folder of notes)"
        raise UnusableIndexError(f"{self.index_dir} holds no index; run: {remedy}")

    def command(self, corpus: Path | None = None, *options: str) -> str:
        """Return the command that makes or updates this index of this corpus, for a shell.

        Left out is what `notesearch index` takes without being given it.
        """
        from notesearch.corpus.folder import DEFAULT_CORPUS
        from notesearch.index.index_layout import index_command

        if self.config is not None:
            options = ("--config", str(self.config), *options)
        if self.recall is not None:
            return index_command(None, None, *self.recall, *options)
        corpus = corpus or self.settings.corpus
        beside = os.path.realpath(self.settings.root / DEFAULT_CORPUS)
        if corpus is not None and os.path.realpath(corpus) == beside:
            corpus = None
        return index_command(corpus, None if self.is_default else self.index_dir, *options)

    def made_of(self) -> Path | None:
        """Return the folder of notes that the index was made of, where that is known."""
        from notesearch.index.index_layout import IndexLayout
        from notesearch.index.origin import read_corpus_name

        known = read_corpus_name(IndexLayout(self.index_dir).corpus_name)
        return Path(known) if known else None

    def require_corpus(self) -> None:
        """Raise UsageError where other notes are named than those of the index.

        Not where these have moved away; CorpusError where those named are none.
        """
        made_of = self.made_of()
        if self.corpus is None or made_of is None or self.corpus.resolve() == made_of:
            return  # an update says what is missing
        from notesearch.corpus.walk import require_folder

        require_folder(self.corpus)
        if made_of.is_dir():
            from notesearch.index.index_layout import index_command
            from notesearch.known_indexes import free_name, list_known

            name = free_name(self.corpus, [known.name for known in list_known()])
            raise UsageError(
                f"{shown_index(self.index_dir)} holds the notes of {made_of}, not of "
                f"{self.corpus}; to make another index, run: "
                f"{index_command(self.corpus, None, '--name', name)}"
            )

    def which(self) -> str:
        """Say which notes are asked; "" where the person knows it from command and folder."""
        if not self.why:
            return ""
        from notesearch.render.known_indexes import shown_path

        corpus = self.made_of() or self.settings.corpus
        if corpus is not None and Path.cwd().is_relative_to(os.path.realpath(corpus)):
            return ""
        of_notes = f" of {shown_path(corpus)}" if corpus is not None else ""
        return f"using the index{of_notes}, {self.why}"

    def show_which(self) -> None:
        """Write to stderr which notes are asked, where there is something to say."""
        if which := self.which():
            show_message(which)

    def open(self, *, create: bool = False, say: Callable[[str], None] | None = None) -> Index:
        """Open the index; UnusableIndexError where it is missing and `create` is not set.

        `say` takes what is otherwise written to stderr: warnings, and what takes long. Who gives it
        shows `which` too.
        """
        from notesearch.library import Index

        if not create:
            self.require()
        if say is None:
            self.show_which()
        return Index.open(
            create=create,
            settings=self.settings,
            warn=say or show_warning,
            announce=say or show_message,
            debug=is_debugging(),
        )


def unknown_name(wanted: str, known: Sequence[str]) -> str:
    """Say that no index has a name, and which one may be meant."""
    import difflib

    by_name = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(wanted.casefold(), by_name, n=1, cutoff=0.6)
    if near:
        return f"no index is called {wanted}; did you mean -i {by_name[near[0]]}?"
    names = ", ".join(known[:_SHOWN_NAMES]) + (", …" if len(known) > _SHOWN_NAMES else "")
    return (
        f"no index is called {wanted}, nor does such a folder hold one; there are {names}; to make "
        f"another, run: notesearch index CORPUS --name NAME (CORPUS is your folder of notes)"
    )


def open_for_query(chosen: ChosenIndex, line: str, *, update: bool) -> Index:
    """Open an index and say when it is behind its corpus; make the default one if it is missing.

    A query line that cannot be read ends before anything is made for it.
    """
    from notesearch.query.parser import parse_query

    is_new = chosen.is_to_be_made()
    chosen.require_corpus()
    if is_new and line.strip():
        parse_query(line)
    index = chosen.open(create=is_new)
    if is_new:
        show_message(escaped(f"no index in {chosen.index_dir} yet: making one of {index.corpus}"))
        # It does not wait while another process makes the index, but names it.
        _update(index, chosen, wait_s=0.0)
    elif update:
        _update_unless_locked(index, chosen)
    elif chosen.settings.updates_on_query:
        _update_where_behind(index, chosen)
    elif behind := drift_message(index, chosen):
        show_message(behind)
    return index


def _update(index: Index, chosen: ChosenIndex, *, wait_s: float) -> None:
    """Bring an index in step before it answers, and say what changed."""
    from notesearch.render.listings import report_lines

    with watched_update(index, chosen) as progress:
        report = index.update(progress=progress, lock_timeout_s=wait_s)
    if not report.is_unchanged:
        for text in report_lines(report):
            show_message(text)


def _update_unless_locked(index: Index, chosen: ChosenIndex) -> None:
    try:
        _update(index, chosen, wait_s=_LOCK_WAIT_S)
    except LockedError:
        place = shown_index(chosen.index_dir)
        show_message(escaped(f"another process is writing {place}; {_AS_IT_IS}"))


def _update_where_behind(index: Index, chosen: ChosenIndex) -> None:
    """Bring an index in step where files differ by size or time; failing, it stops no answer."""
    try:
        drift = index.drift()
        if drift is None:
            show_message(_missing_corpus(index))
        elif not drift.is_none:
            _update_unless_locked(index, chosen)
    except NotesearchError as error:
        show_message(escaped(f"{error.for_shell}; {_AS_IT_IS}"))
    except OSError as error:
        show_message(_unreadable_corpus(index, error))


def open_together(chosen: Sequence[ChosenIndex], line: str, *, update: bool) -> Index:
    """Open the index that a question asks, or several that answer as one."""
    return _join(chosen, lambda one: open_for_query(one, line, update=update))


def open_as_they_are(
    chosen: Sequence[ChosenIndex], *, say: Callable[[str], None] | None = None
) -> Index:
    """Open the index, or several that answer as one, whatever became of their notes meanwhile."""
    return _join(chosen, lambda one: one.open(say=say))


def _join(chosen: Sequence[ChosenIndex], open_one: Callable[[ChosenIndex], Index]) -> Index:
    if len(chosen) == 1:
        return open_one(chosen[0])
    from notesearch.joined_index import JoinedIndex

    first = chosen[0]
    for one in chosen[1:]:
        if one.settings.model != first.settings.model:
            raise UsageError(
                f"{first.name} was made with {first.settings.model.name} and {one.name} with "
                f"{one.settings.model.name}, or in another way: ask them one after the other"
            )
    with ExitStack() as opened:
        indexes = {one.name: opened.enter_context(open_one(one)) for one in chosen}
        opened.pop_all()  # from here on the joined one closes them
        return JoinedIndex(indexes)


def each_opened(index: Index, chosen: Sequence[ChosenIndex]) -> list[tuple[ChosenIndex, Index]]:
    """Return each index that was chosen as it is open in the one that answers."""
    if len(chosen) == 1:
        return [(chosen[0], index)]
    from notesearch.joined_index import JoinedIndex

    assert isinstance(index, JoinedIndex)
    return [(one, index.indexes[one.name]) for one in chosen]


def owner_of(
    path: str, index: Index, chosen: Sequence[ChosenIndex]
) -> tuple[ChosenIndex, Index, str]:
    """Return which of the opened indexes has a note, and the path that it has there."""
    if len(chosen) == 1:
        return chosen[0], index, path
    name, _, own_path = path.partition(":")
    return next((one, of, own_path) for one, of in each_opened(index, chosen) if one.name == name)


@contextmanager
def watched_update(
    index: Index, chosen: ChosenIndex, corpus: Path | None = None, *, rebuild: bool = False
) -> Iterator[ProgressObserver]:
    """Yield the observer of an update; Interrupted, with the way on, when the person stops it."""
    from notesearch.cli.update_progress import shown_progress

    try:
        with shown_progress() as progress:
            yield progress
    except KeyboardInterrupt as stop:
        options = ("--rebuild",) if rebuild else ()
        command = chosen.command(corpus or index.corpus, *options)
        raise Interrupted(_what_is_kept(index, chosen, command)) from stop


def drift_message(index: Index, chosen: ChosenIndex) -> str:
    """Say when the index is behind its corpus, "" where it is in step.

    A corpus that cannot be read is said too, and stops no answer.
    """
    from notesearch.render.listings import drift_line

    try:
        drift = index.drift()
    except CorpusError as error:
        return escaped(f"{error.for_shell}; {_AS_IT_IS}")
    except OSError as error:
        return _unreadable_corpus(index, error)
    if drift is not None:
        return drift_line(drift, chosen.command(index.corpus))
    if os.path.isdir(index.corpus):  # noqa: PTH112 - is_dir may raise
        return ""
    return _missing_corpus(index)


def _missing_corpus(index: Index) -> str:
    return escaped(f"corpus {index.corpus} is not there; {_AS_IT_IS}")


def _unreadable_corpus(index: Index, error: OSError) -> str:
    return escaped(f"corpus {index.corpus} cannot be read: {error.strerror}; {_AS_IT_IS}")


def _what_is_kept(index: Index, chosen: ChosenIndex, command: str) -> str:
    """Say what an interrupted update has kept, and how to go on."""
    kept = index.kept_passages()
    count = "1 passage" if kept == 1 else f"{kept:,} passages"
    if chosen.exists():
        more = f", and the vectors of {count} are kept for the next update" if kept else ""
        return f"interrupted; the index is whole, as it was before{more}; to go on, run: {command}"
    found = f"the vectors of {count} are kept" if kept else "nothing was embedded yet"
    return f"interrupted; there is no index yet, and {found}; to go on, run: {command}"
