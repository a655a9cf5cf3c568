"""Which editor a note is opened in, and how that takes a line."""

from __future__ import annotations

from pathlib import Path

import pytest

from notesearch.editors import arguments_at_line, editor_of, is_in_vault


@pytest.mark.parametrize(
    ("editor", "arguments"),
    [
        ("vim", ["+7", "/a {line}.md"]),
        ("/usr/bin/NVIM", ["+7", "/a {line}.md"]),
        ("code", ["--goto", "/a {line}.md:7"]),
        ("zed", ["/a {line}.md:7"]),
        ("obsidian", ["/a {line}.md"]),
        ("of-mine", ["/a {line}.md"]),
    ],
)
def test_editor_gets_a_file_and_a_line_whatever_the_name_of_the_file(editor, arguments):
    assert arguments_at_line(editor, Path("/a {line}.md"), 7) == arguments


@pytest.mark.parametrize(
    ("environment", "editor"),
    [
        ({}, ""),
        ({"EDITOR": "nvim"}, "nvim"),
        ({"EDITOR": "nvim", "VISUAL": "/opt/Code/code --wait"}, "code"),
        ({"EDITOR": "nvim", "TERM_PROGRAM": "vscode"}, "code"),
        ({"EDITOR": "   "}, ""),
        ({"EDITOR": "of-mine"}, ""),
    ],
)
def test_links_open_the_editor_that_a_person_has(environment, editor):
    assert editor_of(environment, in_vault=False) == editor
    assert editor_of(environment, in_vault=True) == "obsidian"


def test_vault_is_known_by_its_folder_from_inside_too(tmp_path):
    notes = tmp_path / "vault" / "papers"
    notes.mkdir(parents=True)
    assert not is_in_vault(notes)
    (tmp_path / "vault/.obsidian").mkdir()
    assert is_in_vault(notes)
    assert is_in_vault(notes.parent)
