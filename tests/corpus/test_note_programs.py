"""Folders of Obsidian, Logseq and Zotero, as these programs lay them out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from notesearch.corpus.note_programs import recognise


def write(path: Path, text: str = "") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_any_folder_is_a_folder_of_notes(tmp_path):
    write(tmp_path / "a.md")
    (tmp_path / "below").mkdir()
    found = recognise(tmp_path)
    assert (found.corpus, found.program, found.ignore) == (tmp_path, "", ())
    assert recognise(tmp_path / "nowhere").program == ""


def test_obsidian_vault_leaves_its_templates_out(tmp_path):
    (tmp_path / ".obsidian").mkdir()
    assert recognise(tmp_path).program == "an Obsidian vault"
    write(tmp_path / ".obsidian/templates.json", '{"folder": "Meta/Templates/"}')
    assert recognise(tmp_path).ignore == ("/Meta/Templates/",)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"folder": 3}', '{"folder": ""}', '{"folder": "/"}', '{"folder": "a*"}',
     '{"folder": "a\\nb"}', "[" * 60_000],
)  # fmt: skip
def test_templates_that_cannot_be_named_are_no_pattern(tmp_path, text):
    write(tmp_path / ".obsidian/templates.json", text)
    assert recognise(tmp_path).ignore == ()


def test_settings_of_a_vault_that_are_a_pipe_are_not_waited_for(tmp_path):
    (tmp_path / ".obsidian").mkdir()
    os.mkfifo(tmp_path / ".obsidian/templates.json")
    assert recognise(tmp_path).program == "an Obsidian vault"


def test_logseq_graph_leaves_older_versions_out(tmp_path):
    write(tmp_path / "logseq/config.edn")
    found = recognise(tmp_path)
    assert (found.program, found.ignore) == ("a Logseq graph", ("/logseq/",))


def test_zotero_is_known_by_its_data_folder_its_storage_or_a_copy_of_that(tmp_path):
    write(tmp_path / "Zotero/zotero.sqlite")
    write(tmp_path / "Zotero/storage/AB12CD34/page.html")
    write(tmp_path / "copy/AB12CD34/page.html")
    for folder, corpus in (
        ("Zotero", "Zotero/storage"),
        ("Zotero/storage", "Zotero/storage"),
        ("copy", "copy"),
    ):
        found = recognise(tmp_path / folder)
        assert (found.corpus, found.program) == (
            tmp_path / corpus,
            "the storage folder of Zotero",
        )
        assert "PDFs are not" in found.remark
