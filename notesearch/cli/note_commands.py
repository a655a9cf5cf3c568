"""`notesearch tags`, `notes`, `show` and `parse`: look at notes without a question."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from typer import Argument, Exit

from notesearch.cli.app import (
    CONFIG,
    INDEX,
    JSON,
    FilterCommand,
    app,
    examples,
    option,
    read_path,
    require_regular,
    require_within,
)
from notesearch.cli.index_choice import choose_index, choose_index_of
from notesearch.cli.output import ExitCode, is_debugging, show_message, show_warning, write
from notesearch.editors import OBSIDIAN, arguments_at_line, note_address
from notesearch.errors import UsageError
from notesearch.render.terminal import style_of, to_json

_MOST_NOTES = 10_000_000


@app.command(
    cls=FilterCommand,
    epilog=examples(
        "notesearch tags", "notesearch tags --tree", 'notesearch tags --with "tag:dpo"'
    ),
)
def tags(
    having: str | None = option(
        None, "--with", 'Count only notes that match, as in "tag:dpo".', "FILTER"
    ),
    tree: bool = option(False, "--tree", "Show tags below the tag that they belong to."),
    json: bool = JSON,
    wanted_index: str | None = INDEX,
    config: Path | None = CONFIG,
) -> None:
    """List the tags and their numbers of notes, most first."""
    from notesearch.render.listings import tag_lines

    with choose_index(config, wanted_index).open() as index:
        counts = index.tags(having)
    if json:
        write(to_json(counts))
    else:
        for line in tag_lines(counts, style_of(sys.stdout), tree=tree):
            write(line)


@app.command(
    cls=FilterCommand,
    epilog=examples("notesearch notes -n 20", "notesearch notes tag:rlhf -tag:dpo since:2026"),
)
def notes(
    where: list[str] | None = Argument(
        None, metavar="[FILTER…]", help="Only notes that match, as in tag:dpo since:2026."
    ),
    limit: int | None = option(None, "-n", "List at most N notes.", "N"),
    json: bool = JSON,
    wanted_index: str | None = INDEX,
    config: Path | None = CONFIG,
) -> None:
    """List the notes, the newest first."""
    from notesearch.render.listings import listed_note_lines, stored_note_to_json

    if limit is not None:
        require_within("-n", limit, 1, _MOST_NOTES)
    with choose_index(config, wanted_index).open() as index:
        found = index.notes(" ".join(where) if where else None, limit)
    lines = map(stored_note_to_json, found) if json else None
    for line in lines or listed_note_lines(found, style_of(sys.stdout)):
        write(line)
    if not found:
        raise Exit(ExitCode.NOTHING_RELEVANT)


@app.command(
    epilog=examples(
        "notesearch show alignment/dpo.md",
        'notesearch show "Proximal Policy Optimization Algorithms" --open',
    )
)
def show(
    note: str = Argument(metavar="NOTE", help="Its id, path or title, or the id of a passage."),
    raw: bool = option(False, "--raw", "Show the source of the note, with its LaTeX and HTML."),
    open_it: bool = option(False, "--open", "Open the file instead, in your editor."),
    wanted_index: str | None = INDEX,
    config: Path | None = CONFIG,
) -> None:
    """Show one note as it stands in the index.

    That is its title, tags, date and paper, and its text with the numbers of its lines.
    """
    from notesearch.render.listings import shown_note_lines

    chosen, note = choose_index_of(note, config, wanted_index)
    with chosen.open() as index:
        stored, passages = index.show(note)
        corpus = index.corpus
        if open_it:
            index.require_own_corpus()
    if open_it:
        if stored.kind.value == "added":
            raise UsageError(f"{stored.note_id} is no file: a program added it; leave out --open")
        file = _find_file(corpus, stored.path, chosen.command(corpus))
        at = next((one for one in passages if one.id == note.strip()), None)
        line_number = at.line_start if at else stored.line_start
        section = at.section[-1] if at and at.section else ""
        _open_file(file, line_number, section, chosen.settings.editor)
        return
    for line in shown_note_lines(stored, passages, style_of(sys.stdout), raw=raw):
        write(line)


@app.command(
    epilog=examples("notesearch parse corpus/alignment/dpo.md", "notesearch parse ~/notes --json")
)
def parse(
    paths: list[Path] = Argument(
        metavar="PATH…", parser=read_path, help="Files or folders of notes."
    ),
    json: bool = JSON,
    config: Path | None = CONFIG,
) -> None:
    """Show what is read from files: notes, tags, dates, passages.

    Use it to see why a note is found, or why it is not. It needs no index.
    """
    from notesearch.chosen_models import ChosenModels
    from notesearch.corpus.folder import DEFAULT_CORPUS, parse_paths
    from notesearch.render.listings import finding_line, note_lines, note_to_json
    from notesearch.settings import load_settings

    for path in paths:
        require_regular(path, "name a note file or a folder of notes")
    settings = load_settings(config, warn=show_warning)
    models = ChosenModels(settings, warn=show_warning, announce=show_message)
    style = style_of(sys.stdout)
    any_skipped = False
    separator = "[\n"
    for file in parse_paths(
        paths,
        settings.corpus or settings.root / DEFAULT_CORPUS,
        settings.reading_options,
        models.counter.get,
        debug=is_debugging(),
    ):
        for finding in file.reading.findings:
            show_message(finding_line(finding))
        if file.reading.skipped:
            show_message(finding_line(file.reading.skipped, left_out=True))
            any_skipped = True
        for note, passages in zip(file.reading.notes, file.passages, strict=True):
            if json:
                write(separator + note_to_json(note, passages), end="")
                separator = ",\n"
            else:
                write("\n".join(note_lines(note, passages, style)))
    if json:
        write("[]" if separator == "[\n" else "\n]")
    if any_skipped:
        raise Exit(ExitCode.SKIPPED_FILES)


# ---------------------------------------------------------------- a note's file in an editor


def _find_file(corpus: Path, path: str, update_command: str) -> Path:
    """Return the real file of a note; UsageError where it is no note file inside the corpus.

    An index may come from anywhere and name any path, and a note may be a link: neither opens
    a file that is not a note.
    """
    from notesearch.corpus.walk import NOTE_SUFFIXES

    try:
        root = corpus.resolve()
        file = (root / path).resolve(strict=True)
    except FileNotFoundError as error:
        raise UsageError(f"{corpus / path} is not there any more; run: {update_command}") from error
    except (OSError, RuntimeError, ValueError) as error:  # a link to itself, a NUL in the path
        raise UsageError(f"{corpus / path} cannot be opened: {error}") from error
    if not file.is_relative_to(root):
        raise UsageError(f"{path} leads out of the corpus {root}; it is not opened")
    if not file.is_file() or file.suffix.lower() not in NOTE_SUFFIXES:
        raise UsageError(f"{file} is no note file; it is not opened")
    return file


def _open_file(file: Path, line: int, section: str, editor: str) -> None:
    """Open a file and wait for the program to end; UsageError when that fails.

    `file` is absolute, so that its name is never read as an option.
    """
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    if editor == OBSIDIAN:
        _run([opener, note_address(editor, file, line, section)], opener)
        return
    if editor:
        _run(
            [editor, *arguments_at_line(editor, file, line)],
            f"{editor} (editor of the settings)",
            "editor",
        )
        return
    for variable in ("VISUAL", "EDITOR"):
        words = _words(variable)
        if words:
            _run([*words, *arguments_at_line(words[0], file, line)], f"{words[0]} (${variable})")
            return
    _run([opener, str(file)], opener)


def _words(variable: str) -> list[str]:
    import shlex

    try:
        return shlex.split(os.environ.get(variable, ""))
    except ValueError as error:
        raise UsageError(f"${variable} cannot be read: {error}; write it as for a shell") from error


def _run(command: Sequence[str], name: str, setting: str = "EDITOR") -> None:
    """Run a program to its end, with the terminal and Ctrl-C its own."""
    remedy = f"set {setting} to an editor that is there"
    program = shutil.which(command[0])
    if program is None:
        raise UsageError(f"{name} is not there; {remedy}")
    if not Path(program).is_absolute() and not os.path.dirname(command[0]):  # noqa: PTH120 - of ./vim
        # A PATH with an empty part looks there first: notes may come with programs.
        raise UsageError(f"{name} is in the working folder alone; {remedy}")
    # A handler, and not SIG_IGN: the editor would inherit that.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.run([program, *command[1:]], check=False).returncode
    except OSError as error:
        raise UsageError(f"{name} cannot be started: {error.strerror}; {remedy}") from error
    finally:
        signal.signal(signal.SIGINT, before)
    if code != 0:
        raise UsageError(f"{name} ended with exit code {code}; the file is {command[-1]}")
