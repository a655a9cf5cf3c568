"""The commands: each parses its options, calls one library function and renders the result.

Results go to stdout, everything else to stderr. Errors become one line and an exit code in
`main`, and nowhere else.
"""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from notesearch.errors import NotesearchError, UsageError
from notesearch.exit_codes import MEANING, ExitCode, exit_code_of

if TYPE_CHECKING:
    from notesearch.pipeline import Index
    from notesearch.settings import Settings

_EXIT_CODES = "  \n".join(f"`{code.value:>3}` {meaning}" for code, meaning in MEANING.items())

app = typer.Typer(
    name="notesearch",
    help="Makes a folder of research notes answer questions.",
    epilog=f"Exit codes:  \n{_EXIT_CODES}",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file instead of ./notesearch.yaml."),
]
IndexOption = Annotated[
    Path | None,
    typer.Option("--index", metavar="DIR", help="Index folder instead of the settings' one."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]


@app.callback()
def _notesearch() -> None:
    """Keep the commands apart even when there is only one."""


@app.command()
def parse(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Note files or folders.")],
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what the reading makes of files: notes, tags, dates, papers and passages.

    Needs no index. Use it to see why a note is found, or why it is not:

        notesearch parse corpus/alignment/dpo.md
    """
    from notesearch.corpus_folder import parse_paths
    from notesearch.model import open_model
    from notesearch.render.notes import note_lines, note_to_json
    from notesearch.render.remarks import remark_line

    settings = _settings(config)
    model = open_model(settings, warn=_warn)
    any_skipped = False
    separator = "[\n"
    for file in parse_paths(paths, settings, model.ruler):
        for finding in file.reading.findings:
            _tell(remark_line(finding))
        if file.reading.skipped:
            _tell(remark_line(file.reading.skipped))
            any_skipped = True
        for note, passages in zip(file.reading.notes, file.passages, strict=True):
            if json:
                _write(separator + note_to_json(note, passages), end="")
                separator = ",\n"
            else:
                _write("\n".join(note_lines(note, passages)))
    if json:
        _write("[]" if separator == "[\n" else "\n]")
    if any_skipped:
        raise typer.Exit(ExitCode.SKIPPED_FILES)


@app.command()
def index(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[CORPUS]", help="Corpus folder instead of the settings' one."),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Begin anew, whatever the index holds.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what changed, and write nothing.")
    ] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Let a corpus without notes empty the index.")
    ] = False,
    wait: Annotated[
        float, typer.Option("--wait", metavar="SECONDS", help="How long to wait for a writer.")
    ] = 10.0,
    json: JsonOption = False,
    index_dir: IndexOption = None,
    config: ConfigOption = None,
) -> None:
    """Bring the index in step with the corpus: only what changed is read and embedded.

    notesearch index
    notesearch index ~/notes --index ~/.notes-index
    """
    from notesearch.progress import watch_update
    from notesearch.render.reports import report_lines, report_to_json

    corpus = _only(paths)
    with _open_index(config, index_dir, create=True) as opened, watch_update() as progress:
        report = opened.update(
            corpus,
            progress=progress,
            rebuild=rebuild,
            dry_run=dry_run,
            allow_empty=allow_empty,
            lock_timeout_s=wait,
        )
    for line in report_lines(report):
        _tell(line)
    if json:
        _write(report_to_json(report))
    if report.skipped:
        raise typer.Exit(ExitCode.SKIPPED_FILES)


app.command("reindex", hidden=True, help="The same as `notesearch index`.")(index)


@app.command()
def status(
    json: JsonOption = False, index_dir: IndexOption = None, config: ConfigOption = None
) -> None:
    """Show what is in the index, and how the corpus differs from it by size and time."""
    from notesearch.render.reports import status_lines, status_to_json

    with _open_index(config, index_dir) as opened:
        found = opened.status()
    _write(status_to_json(found) if json else "\n".join(status_lines(found)))


@app.command()
def check(
    fix: Annotated[bool, typer.Option("--fix", help="Mend what needs no model.")] = False,
    index_dir: IndexOption = None,
    config: ConfigOption = None,
) -> None:
    """Look for damage in the index; a lost or damaged vector file is made again with --fix."""
    with _open_index(config, index_dir) as opened:
        problems = opened.check(fix=fix)
    for problem in problems:
        _write(f"{problem.message}{' (mended)' if problem.fixed else ''}")
    if not problems:
        _write("no damage found")
    if not all(problem.fixed for problem in problems):
        raise typer.Exit(ExitCode.INDEX)


def _settings(config: Path | None) -> Settings:
    from notesearch.settings import load_settings

    return load_settings(config)


def _open_index(config: Path | None, index_dir: Path | None, *, create: bool = False) -> Index:
    from notesearch.pipeline import Index

    return Index.open(index_dir, create=create, settings=_settings(config), warn=_warn)


def _only(paths: list[Path] | None) -> Path | None:
    if paths and len(paths) > 1:
        raise UsageError("one index holds one corpus; name one folder, or one above them all")
    return paths[0] if paths else None


def _write(text: str, end: str = "\n") -> None:
    """Write results to stdout; when `| head` has closed the pipe, end without an error."""
    try:
        sys.stdout.write(text + end)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes stdout once more at its end, and must not fail there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(ExitCode.OK) from None


def _tell(text: str) -> None:
    """Say to the person what is no result."""
    sys.stderr.write(f"{text}\n")


def _warn(text: str) -> None:
    _tell(f"notesearch: warning: {text}")


def main() -> None:
    """Run the command line: the entry point of the `notesearch` script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # notes hold signs that a terminal may not know
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except NotesearchError as error:
        _tell(f"notesearch: {error}")
        raise SystemExit(exit_code_of(error)) from error
