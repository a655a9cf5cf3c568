"""`notesearch index`, `indexes`, `status` and `check`: keep the indexes in step and whole."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from typer import Argument, Exit

from notesearch.cli.app import (
    CONFIG,
    CORPUS,
    INDEX,
    JSON,
    app,
    corpus_of,
    examples,
    option,
    read_path,
    require_within,
)
from notesearch.cli.chosen_index import NAME_A_CORPUS, ChosenIndex, watched_update
from notesearch.cli.index_choice import choose_index, choose_named
from notesearch.cli.output import ExitCode, show_message, write
from notesearch.errors import NotesearchError, SettingsError, UsageError
from notesearch.render.terminal import escaped, style_of, to_json

if TYPE_CHECKING:
    from notesearch.known_indexes import KnownIndex
    from notesearch.render.known_indexes import ListedIndex

_LONGEST_WAIT_S = 86_400  # a day
_EXAMPLES = examples(
    "notesearch index",
    "notesearch index ~/notes",
    "notesearch index ~/work --name work",
    "notesearch index ~/notes --index ~/.notes-index",
)


@app.command(epilog=_EXAMPLES)
def index(
    paths: list[Path] | None = Argument(
        None,
        metavar="[CORPUS]",
        parser=read_path,
        help="Your folder of notes, instead of that of the settings; also as --corpus.",
    ),
    named_corpus: Path | None = CORPUS,
    name: str | None = option(
        None, "--name", "Give the index a name, to ask it from any folder with -i.", "NAME"
    ),
    rebuild: bool = option(False, "--rebuild", "Make the index anew, from all files."),
    dry_run: bool = option(False, "--dry-run", "Show what changed, and write nothing."),
    allow_empty: bool = option(
        False, "--allow-empty", "Accept a folder without notes, which empties the index."
    ),
    wait: float = option(
        10.0, "--wait", "Wait at most so long for another update to end.", "SECONDS"
    ),
    json: bool = JSON,
    wanted_index: str | None = INDEX,
    config: Path | None = CONFIG,
) -> None:
    """Make the index of your notes, or update it.

    Only files that changed are read, and only new passages are embedded. A question from any
    folder finds the index that was made last, unless that folder or your settings have another.
    """
    from notesearch.render.listings import report_lines, report_to_json

    if paths and len(paths) > 1:
        raise UsageError("one index holds one corpus; name one folder, or one above them all")
    require_within("--wait", wait, 0, _LONGEST_WAIT_S)
    corpus = corpus_of(paths[0] if paths else None, named_corpus)
    if name is None:
        chosen = choose_index(config, wanted_index, corpus)
    else:
        chosen = choose_named(config, wanted_index, corpus, name)
    is_new = not chosen.exists()
    if is_new and not chosen.has_corpus() and chosen.made_of() is None:
        raise UsageError(f"there are no notes to index: ./corpus is no folder; {NAME_A_CORPUS}")
    if not rebuild:  # which changes over to other notes
        chosen.require_corpus()
    with (
        chosen.open(create=True) as opened,
        watched_update(opened, chosen, corpus, rebuild=rebuild) as progress,
    ):
        report = opened.update(
            corpus,
            progress=progress,
            rebuild=rebuild,
            dry_run=dry_run,
            allow_empty=allow_empty,
            lock_timeout_s=wait,
        )
        corpus = corpus or opened.corpus
    for line in report_lines(report):
        show_message(line)
    if not dry_run:
        _remember(chosen, corpus, name, is_new=is_new)
    if json:
        write(report_to_json(report))
    if report.skipped:
        raise Exit(ExitCode.SKIPPED_FILES)


def _remember(chosen: ChosenIndex, corpus: Path, name: str | None, *, is_new: bool) -> None:
    """Keep where an index is, and say of a new one how it is asked from any folder."""
    from notesearch import known_indexes, trust
    from notesearch.settings import needing_trust
    from notesearch.settings_file import read_settings_file

    if chosen.config is not None:
        file = read_settings_file(chosen.config)
        if needing_trust(file):
            # Who names a file means it, also where the index is found by its name alone.
            with suppress(SettingsError):  # there is no place to keep it
                trust.trust(file.path, file.content)
    known = known_indexes.remember(
        chosen.index_dir, corpus, name=name, settings=chosen.settings.file, is_new=is_new
    )
    if known is not None and (is_new or name is not None):
        own = "index" in chosen.settings.places
        show_message(
            escaped(
                f"this index is called {known.name}; from any folder, ask it with: "
                f'notesearch query "…"{f" -i {known.name}" if own else ""}'
            )
        )


app.command("reindex", hidden=True, help="The same as `notesearch index`.", epilog=_EXAMPLES)(index)


@app.command(epilog=examples("notesearch status", "notesearch status --json"))
def status(
    json: bool = JSON, wanted_index: str | None = INDEX, config: Path | None = CONFIG
) -> None:
    """Show what is in the index, and which changes it lacks.

    Files are compared by size and time.
    """
    from notesearch.render.listings import status_lines

    chosen = choose_index(config, wanted_index)
    with chosen.open() as opened:
        found = opened.status()
        update_command = chosen.command(opened.corpus)
    write(to_json(found) if json else "\n".join(status_lines(found, update_command)))


@app.command(epilog=examples("notesearch check", "notesearch check --fix"))
def check(
    fix: bool = option(False, "--fix", "Repair what can be repaired without the model."),
    wanted_index: str | None = INDEX,
    config: Path | None = CONFIG,
) -> None:
    """Look for damage in the index.

    With --fix, a lost or damaged file of vectors is made again.
    """
    with choose_index(config, wanted_index).open() as opened:
        problems = opened.check(fix=fix)
    for problem in problems:
        write(f"{escaped(problem.for_shell)}{' (mended)' if problem.fixed else ''}")
    if not problems:
        write("no damage found")
    if not all(problem.fixed for problem in problems):
        raise Exit(ExitCode.INDEX)


@app.command(epilog=examples("notesearch indexes", "notesearch indexes --forget work"))
def indexes(
    forget: str | None = option(
        None, "--forget", "Forget the index of this name; its files stay.", "NAME"
    ),
    json: bool = JSON,
) -> None:
    """List the indexes that you have made, the last one first.

    A question from a folder without one is answered by the first that is not missing; another
    one is asked by its name, as in -i work, and several as in -i work,home or -i all.
    """
    from notesearch import known_indexes
    from notesearch.render.known_indexes import index_lines, index_to_json, shown_path

    if forget is not None:
        known = known_indexes.find_known(forget)
        if known is None:
            raise UsageError(
                f"no index is called {forget}; to list those there are, run: notesearch indexes"
            )
        known_indexes.forget(known)
        write(f"{known.name} is forgotten; its files stay in {shown_path(known.folder)}")
        return
    listed = [_look_up(known) for known in known_indexes.list_known()]
    if json:
        write(to_json([index_to_json(one) for one in listed]))
        return
    for line in index_lines(listed, style_of(sys.stdout)):
        write(line)
    if not listed:
        show_message(f"no index was made yet; {NAME_A_CORPUS}")


def _look_up(known: KnownIndex) -> ListedIndex:
    """Return what is found in the folder of an index."""
    from notesearch.engine_address import engine_of_folder
    from notesearch.index.status import read_status
    from notesearch.render.known_indexes import ListedIndex

    if not known.is_there():
        return ListedIndex(known, problem="missing")
    if engine_of_folder(known.folder) is not None:
        return ListedIndex(known)  # an engine may be far away: `notesearch status` asks it
    try:
        found = read_status(known.folder)
    except NotesearchError as error:
        return ListedIndex(known, problem=error.for_shell)
    return ListedIndex(known, notes=found.counts.notes, updated=found.updated)
