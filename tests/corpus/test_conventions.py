from __future__ import annotations

import random

from notesearch.corpus.conventions import writes_inline_tags


def write(corpus, name, text):
    (corpus / name).write_text(text, encoding="utf-8")
    return name


def test_ten_files_with_a_line_of_hashtags_show_the_habit(tmp_path):
    paths = [write(tmp_path, f"{n}.md", "# T\n\n#dpo #rl\n") for n in range(9)]
    paths += [write(tmp_path, f"p{n}.md", "# T\n\nSolved #3 of these.\n") for n in range(50)]
    assert not writes_inline_tags(tmp_path, paths)
    paths.append(write(tmp_path, "last.md", "#dpo #rl\n"))
    assert writes_inline_tags(tmp_path, paths)


def test_vault_of_obsidian_has_the_habit(tmp_path):
    (tmp_path / ".obsidian").mkdir()
    assert writes_inline_tags(tmp_path, [])


def test_sample_is_bounded_and_the_same_in_any_order(tmp_path, monkeypatch):
    paths = [f"{n}.md" for n in range(2_000)]
    read = []

    def note_and_refuse(corpus, path, **_):
        read.append(path)
        raise FileNotFoundError

    monkeypatch.setattr("notesearch.corpus.conventions.read_bytes", note_and_refuse)
    writes_inline_tags(tmp_path, paths)
    first, read[:] = set(read), []
    writes_inline_tags(tmp_path, random.Random(1).sample(paths, len(paths)))
    assert first == set(read)
    assert len(first) == 300
    read[:] = []
    writes_inline_tags(tmp_path, [*paths, "new.md"])
    assert len(first - set(read)) <= 1


def test_file_that_cannot_be_read_is_passed_over(tmp_path):
    paths = [write(tmp_path, f"{n}.md", "#dpo #rl\n") for n in range(10)]
    (tmp_path / "gone.md").symlink_to(tmp_path / "nowhere.md")
    assert writes_inline_tags(tmp_path, ["gone.md", *paths])
