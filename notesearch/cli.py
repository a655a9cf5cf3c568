"""The commands: each parses its options, calls one library function and renders the result.

Results go to stdout, everything else to stderr. Errors become one line and an exit code in
`main`, and nowhere else.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from notesearch.errors import NotesearchError
from notesearch.exit_codes import MEANING, ExitCode, exit_code_of

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
    from notesearch.embedding import load_counter
    from notesearch.pipeline import parse as parse_paths
    from notesearch.render import note_lines, note_to_json, remark_line
    from notesearch.settings import load_settings

    settings = load_settings(config)
    counter = load_counter(settings.model)
    files = parse_paths(paths, settings, max_tokens=counter.max_tokens, count=counter.count_many)
    any_skipped = False
    separator = "[\n"
    for file in files:
        for finding in file.findings:
            typer.echo(remark_line(finding), err=True)
        if file.skipped:
            typer.echo(remark_line(file.skipped), err=True)
            any_skipped = True
        for note, passages in file.notes:
            if json:
                typer.echo(separator + note_to_json(note, passages), nl=False)
                separator = ",\n"
            else:
                typer.echo("\n".join(note_lines(note, passages)))
    if json:
        typer.echo("[]" if separator == "[\n" else "\n]")
    if any_skipped:
        raise typer.Exit(ExitCode.SKIPPED_FILES)


def main() -> None:
    """Run the command line: the entry point of the `notesearch` script."""
    try:
        app()
    except NotesearchError as error:
        typer.echo(f"notesearch: {error}", err=True)
        raise SystemExit(exit_code_of(error)) from error
    except KeyboardInterrupt:
        typer.echo("notesearch: interrupted", err=True)
        raise SystemExit(ExitCode.INTERRUPTED) from None
    except BrokenPipeError:
        # `| head` closed the pipe: no error. Python must not flush into it at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(ExitCode.OK) from None
