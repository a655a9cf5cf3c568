"""`notesearch index`, `status` and `check`: keep the index in step and whole."""

from __future__ import annotations

from pathlib import Path

from typer import Argument, Exit

from notesearch.cli.app import (
    CONFIG,
    INDEX,
    JSON,
    app,
    examples,
    option,
    read_path,
    require_within,
)
from notesearch.cli.chosen_index import choose_index, watched_update
from notesearch.cli.output import ExitCode, show_message, write
from notesearch.errors import UsageError
from notesearch.render.terminal import escaped, to_json

_LONGEST_WAIT_S = 86_400  # a day
_EXAMPLES = examples("notesearch index", "notesearch index ~/notes --index ~/.notes-index")


@app.command(epilog=_EXAMPLES)
def index(
    paths: list[Path] | None = Argument(
        None,
        metavar="[CORPUS]",
        parser=read_path,
        help="Folder of notes, instead of that of the settings.",
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
    index_dir: Path | None = INDEX,
    config: Path | None = CONFIG,
) -> None:
    """Make the index of your notes, or update it.

    Only files that changed are read, and only new passages are embedded.
    """
    from notesearch.render.listings import report_lines, report_to_json

    if paths and len(paths) > 1:
        raise UsageError("one index holds one corpus; name one folder, or one above them all")
    require_within("--wait", wait, 0, _LONGEST_WAIT_S)
    chosen = choose_index(config, index_dir)
    corpus = paths[0] if paths else None
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
    for line in report_lines(report):
        show_message(line)
    if json:
        write(report_to_json(report))
    if report.skipped:
        raise Exit(ExitCode.SKIPPED_FILES)


app.command("reindex", hidden=True, help="The same as `notesearch index`.", epilog=_EXAMPLES)(index)


@app.command(epilog=examples("notesearch status", "notesearch status --json"))
def status(json: bool = JSON, index_dir: Path | None = INDEX, config: Path | None = CONFIG) -> None:
    """Show what is in the index, and which changes it lacks.

    Files are compared by size and time.
    """
    from notesearch.render.listings import status_lines

    chosen = choose_index(config, index_dir)
    with chosen.open() as opened:
        found = opened.status()
        update_command = chosen.command(opened.corpus)
    write(to_json(found) if json else "\n".join(status_lines(found, update_command)))


@app.command(epilog=examples("notesearch check", "notesearch check --fix"))
def check(
    fix: bool = option(False, "--fix", "Repair what can be repaired without the model."),
    index_dir: Path | None = INDEX,
    config: Path | None = CONFIG,
) -> None:
    """Look for damage in the index.

    With --fix, a lost or damaged file of vectors is made again.
    """
    with choose_index(config, index_dir).open() as opened:
        problems = opened.check(fix=fix)
    for problem in problems:
        write(f"{escaped(problem.for_shell)}{' (mended)' if problem.fixed else ''}")
    if not problems:
        write("no damage found")
    if not all(problem.fixed for problem in problems):
        raise Exit(ExitCode.INDEX)
