"""The application that the commands hang on, and the options that several of them share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from notesearch.cli.output import warn
from notesearch.exit_codes import MEANING

if TYPE_CHECKING:
    from notesearch.pipeline import Index
    from notesearch.settings import Settings

# \b keeps the lines of a paragraph apart.
_EXIT_CODES = "\b\nExit codes:\n" + "\n".join(
    f"  {code.value:>3}  {meaning}" for code, meaning in MEANING.items()
)

# As a newcomer meets them.
_ORDER = ("query", "index", "notes", "tags", "show", "parse", "status", "check", "eval")


class _InOrder(TyperGroup):
    """Lists the commands in the order in which they are met."""

    def list_commands(self, ctx: object) -> list[str]:
        return sorted(
            self.commands, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER)
        )


app = typer.Typer(
    name="notesearch",
    cls=_InOrder,
    help="Makes a folder of research notes answer questions.",
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
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


def read_settings(config: Path | None, index_dir: Path | None = None) -> Settings:
    """Read the settings that hold for this call: file, environment, options."""
    from dataclasses import replace

    from notesearch.settings import load_settings

    settings = load_settings(config)
    return replace(settings, index=index_dir) if index_dir is not None else settings


def open_index(config: Path | None, index_dir: Path | None, *, create: bool = False) -> Index:
    """Open the index that the options and settings name."""
    from notesearch.pipeline import Index

    return Index.open(create=create, settings=read_settings(config, index_dir), warn=warn)
