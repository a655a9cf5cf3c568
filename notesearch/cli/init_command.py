"""`notesearch init`: from a folder of notes to settings, an index and a first question."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from typer import Argument

from notesearch.cli.app import CORPUS, app, corpus_of, examples, option, read_path
from notesearch.cli.chosen_index import ChosenIndex, watched_update
from notesearch.cli.output import show_message, show_warning, write
from notesearch.errors import CorpusError, NotesearchError, SettingsError, UsageError
from notesearch.render.terminal import escaped

if TYPE_CHECKING:
    from notesearch.corpus.note_programs import NoteFolder
    from notesearch.index.snapshot import StoredNote

_Value = TypeVar("_Value")
# Where notes often are; the first that is there is offered.
_LIKELY = ("corpus", "~/notes", "~/Notes", "~/Documents/notes", "~/Documents/Notes",
           "~/Documents/Obsidian Vault", "~/logseq", "~/Zotero/storage")  # fmt: skip
_HEADER = "# Settings of notesearch: docs/settings.md of its source describes every key.\n"
_MOST_NOTES = 5_000  # looked at for a first question
_QUESTION = re.compile(r"[\w'’-]+(?: [\w'’-]+){2,8}")


@app.command(epilog=examples("notesearch init", "notesearch init ~/notes"))
def init(
    folder: Path | None = Argument(
        None, metavar="[CORPUS]", parser=read_path, help="Your folder of notes; also as --corpus."
    ),
    named_corpus: Path | None = CORPUS,
    index_dir: Path | None = option(
        None, "--index", "The folder that the index goes to.", "DIR", read_path
    ),
    model: str | None = option(
        None, "--model", "A sentence-transformers model: its name or folder.", "NAME"
    ),
    beside: bool = option(
        False, "--beside", "Write a notesearch.yaml beside the notes, not your own settings."
    ),
) -> None:
    """Begin with your notes: settings, an index, a first question.

    You are asked where the notes are, where the index goes, and which model is used; what an
    option says is not asked, and without a terminal nothing is. The settings go to your own
    config.yaml, for every folder; where you have one, to a notesearch.yaml beside the notes. A
    vault of Obsidian, a graph of Logseq and the storage folder of Zotero are recognised.
    """
    from notesearch.render.known_indexes import shown_path

    notes = _notes(corpus_of(folder, named_corpus))
    show_message(
        escaped(
            f"{shown_path(notes.corpus)} is {notes.program or 'a folder of notes'}; {_count(notes)}"
        )
    )
    if notes.remark:
        show_message(notes.remark)
    file = _settings_file(notes.corpus, beside=beside)
    place = _index_place(index_dir, notes.corpus)
    name = _model_name(model)
    _write_settings(file, notes, place, name)
    show_message(escaped(f"wrote {shown_path(file)}"))
    question = _make_index(file, notes.corpus, place)
    asked = f'"{question}"' if question else '"…"'
    write(f"from any folder, ask: notesearch query {asked}")
    write("after new notes, run: notesearch index")


# ---------------------------------------------------------------- the questions


def _ask(question: str, default: str, read: Callable[[str], _Value]) -> _Value:
    """Ask until the answer can be read; Enter takes the default."""
    with suppress(ImportError):
        import readline  # noqa: F401 - gives the line its keys
    while True:
        try:
            answer = input(f"{question} [{default}] ").strip()
        except KeyboardInterrupt:
            show_message("")  # what follows begins a line
            raise
        except (EOFError, UnicodeDecodeError) as error:
            show_message("")
            raise UsageError("no answer was given; nothing was written") from error
        try:
            return read(answer or default)
        except NotesearchError as error:
            show_message(escaped(error.for_shell))


def _is_asked() -> bool:
    """Return whether a person is there to answer."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    return all(stream is not None and stream.isatty() for stream in streams)


def _notes(given: Path | None) -> NoteFolder:
    if given is not None:
        return _read_notes(str(given))
    if not _is_asked():
        raise UsageError(
            "init asks where your notes are, and there is no terminal to answer at; "
            "run: notesearch init CORPUS (your folder of notes)"
        )
    return _ask("Where are your notes?", _likely_notes(), _read_notes)


def _read_notes(text: str) -> NoteFolder:
    """Read an answer; CorpusError for what is no folder, or one without notes."""
    from notesearch.corpus.note_programs import recognise
    from notesearch.corpus.walk import NOTE_SUFFIXES, list_files

    notes = recognise(_folder(text))
    if not list_files(notes.corpus, notes.ignore).files:
        kinds = " ".join(sorted(NOTE_SUFFIXES))
        raise CorpusError(f"there are no notes in {notes.corpus}; files that are read: {kinds}")
    return replace(notes, corpus=notes.corpus.resolve())


def _folder(text: str) -> Path:
    try:
        return read_path(text).expanduser()
    except RuntimeError as error:  # ~name of a user who does not exist
        raise UsageError(f"there is no home folder for {text}; name a folder") from error


def _likely_notes() -> str:
    """Return where the notes may be: here, or where they often are."""
    from notesearch.corpus.note_programs import recognise

    if recognise(Path()).program:
        return "."
    found = (name for name in _LIKELY if Path(os.path.expanduser(name)).is_dir())  # noqa: PTH111
    return next(found, "~/notes")


def _count(notes: NoteFolder) -> str:
    from notesearch.corpus.walk import list_files

    count = len(list_files(notes.corpus, notes.ignore).files)
    return "1 file to read" if count == 1 else f"{count:,} files to read"


def _settings_file(corpus: Path, *, beside: bool) -> Path:
    """Return the file to write: the person's own, or the one beside the notes."""
    from notesearch.render.known_indexes import shown_path
    from notesearch.settings_file import SETTINGS_FILE, user_settings_file

    own = user_settings_file()
    if own is not None and not beside and not os.path.lexists(own):
        return own
    file = corpus / SETTINGS_FILE
    if os.path.lexists(file):
        also = f"{shown_path(own)} and " if own is not None and not beside else ""
        were = "are" if also else "is"
        raise UsageError(
            f"{also}{shown_path(file)} {were} there already; edit what is there, then run: "
            "notesearch index"
        )
    return file


def _index_place(given: Path | None, corpus: Path) -> Path:
    """Return the folder of the index: by default one among the user's data."""
    from notesearch.known_indexes import free_name, known_of_corpus, list_known, own_place
    from notesearch.render.known_indexes import shown_path

    if given is not None:
        return _folder(str(given)).absolute()
    known = known_of_corpus(corpus)
    taken = [one.name for one in list_known()]
    place = known.folder if known is not None else own_place(free_name(corpus, taken))
    if not _is_asked():
        return place
    return _ask(
        "Where does the index go?", shown_path(place), lambda text: _folder(text).absolute()
    )


def _model_name(given: str | None) -> str:
    """Return a model that can be found; ModelError where it cannot."""
    from notesearch.embedding.model_choice import ModelChoice

    default = ModelChoice().name
    if given is not None or not _is_asked():
        return _findable_model(given if given is not None else default)
    show_message("The model turns texts into vectors. Enter takes the one that comes with")
    show_message("notesearch; any sentence-transformers model will do, by name or folder.")
    return _ask("Which model?", default, _findable_model)


def _findable_model(text: str) -> str:
    from notesearch.chosen_models import ChosenModels
    from notesearch.embedding.model_choice import ModelChoice
    from notesearch.setting_values import read_model_name
    from notesearch.settings import Settings

    name = read_model_name("model", os.path.expanduser(text), "--model", None)  # noqa: PTH111
    settings = Settings(model=ModelChoice(name=name))
    ChosenModels(settings, warn=show_warning, announce=show_message).fingerprint.get()
    return name


# ---------------------------------------------------------------- what is made


def _write_settings(file: Path, notes: NoteFolder, place: Path, model: str) -> None:
    import json

    from notesearch import trust
    from notesearch.durable import write_whole
    from notesearch.embedding.model_choice import ModelChoice
    from notesearch.settings import needing_trust
    from notesearch.settings_file import read_settings_file

    is_beside = file.parent == notes.corpus
    values: dict[str, object] = {
        "corpus": "." if is_beside else str(notes.corpus),
        "index": str(place),
    }
    if model != ModelChoice().name:
        values["model"] = model
    if notes.ignore:
        values["ignore"] = list(notes.ignore)
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())
    try:
        write_whole(file, _HEADER + "".join(lines))
    except OSError as error:
        raise SettingsError(
            f"{file} cannot be written: {error.strerror}; make its folder writable"
        ) from error
    written = read_settings_file(file)
    if is_beside and needing_trust(written):
        trust.trust(written.path, written.content)  # the person has just said so


def _make_index(file: Path, corpus: Path, place: Path) -> str:
    """Make the index; return a question that its notes answer, "" for none."""
    from notesearch.known_indexes import remember
    from notesearch.render.listings import report_lines
    from notesearch.settings import load_settings_of
    from notesearch.settings_file import user_settings_file

    found = file if file != user_settings_file() else None
    settings = load_settings_of(found, warn=show_warning)
    settings = replace(settings, index=place, corpus=corpus)
    chosen = ChosenIndex(settings, config=found)
    is_new = not chosen.exists()
    with chosen.open(create=True) as index, watched_update(index, chosen) as progress:
        report = index.update(progress=progress)
        question = _first_question(index.notes(limit=_MOST_NOTES))
    for line in report_lines(report):
        show_message(line)
    remember(place, corpus, name=None, settings=found, is_new=is_new)
    return question


def _first_question(notes: Iterable[StoredNote]) -> str:
    """Return words of a title that read as a question: three to nine, without any signs.

    Of "DPO: Your Language Model is Secretly a Reward Model" what follows the colon. Notes on a
    paper come first: others may be called like a person or a day.
    """
    fitting = [
        (note.paper is not None, 5 <= len(part.split()) <= 8, part)
        for note in notes
        for part in reversed([part.strip(" .?!") for part in note.title.split(": ")])
        if _QUESTION.fullmatch(part) and sum(word.isalpha() for word in part.split()) >= 3
    ]
    return max(fitting, key=lambda one: one[:2], default=(False, False, ""))[2]
