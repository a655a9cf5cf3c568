"""`notesearch parse`: what the reading makes of files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from notesearch.cli.app import ConfigOption, JsonOption, app, examples, read_path
from notesearch.cli.endings import is_debugging
from notesearch.cli.output import tell, warn, write
from notesearch.cli.places import read_place, require_regular
from notesearch.exit_codes import ExitCode


@app.command(
    epilog=examples("notesearch parse corpus/alignment/dpo.md", "notesearch parse ~/notes --json")
)
def parse(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH…", parser=read_path, help="Note files or folders."),
    ],
    json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Show what the reading makes of files: notes, tags, dates, papers and passages.

    Needs no index. Use it to see why a note is found, or why it is not.
    """
    from notesearch.corpus_folder import parse_paths
    from notesearch.index_models import Model
    from notesearch.render.notes import note_lines, note_to_json
    from notesearch.render.remarks import remark_line

    for path in paths:
        require_regular(path, "name a note file or a folder of notes")
    settings = read_place(config).settings
    model = Model(settings, warn=warn, tell=tell)
    any_skipped = False
    separator = "[\n"
    for file in parse_paths(paths, settings, model.ruler, debug=is_debugging()):
        for finding in file.reading.findings:
            tell(remark_line(finding))
        if file.reading.skipped:
            tell(remark_line(file.reading.skipped))
            any_skipped = True
        for note, passages in zip(file.reading.notes, file.passages, strict=True):
            if json:
                write(separator + note_to_json(note, passages), end="")
                separator = ",\n"
            else:
                write("\n".join(note_lines(note, passages)))
    if json:
        write("[]" if separator == "[\n" else "\n]")
    if any_skipped:
        raise typer.Exit(ExitCode.SKIPPED_FILES)
