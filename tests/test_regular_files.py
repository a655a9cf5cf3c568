from __future__ import annotations

import os
from pathlib import Path

import pytest

from notesearch.regular_files import (
    LEADS_OUT,
    NotRegularFileError,
    is_pipe_or_device,
    read_inside,
    read_regular,
)


def reason(corpus, path):
    with pytest.raises(OSError, match=r"\S") as caught:
        read_inside(corpus, path, most=100)
    return caught.value.strerror


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "corpus" / "sub").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "b.md").write_text("secret", encoding="utf-8")
    (tmp_path / "corpus" / "sub" / "a.md").write_text("words", encoding="utf-8")
    return tmp_path / "corpus"


def test_no_more_is_read_than_asked_for(corpus):
    assert read_inside(corpus, "sub/a.md", most=100) == b"words"
    assert read_inside(corpus, "sub/a.md", most=3) == b"wor"


def test_pipe_is_refused_at_once(corpus):
    os.mkfifo(corpus / "pipe.md")
    assert reason(corpus, "pipe.md") == "not a regular file"


def test_device_is_refused(corpus):
    (corpus / "zero.md").symlink_to("/dev/zero")
    with pytest.raises(OSError, match="not a regular file"):
        read_inside(corpus, "zero.md", most=100, follow_links=True)


@pytest.mark.parametrize("link", ["sub/b.md", "b.md"])
def test_link_to_a_file_outside_is_followed_only_where_asked(corpus, link):
    (corpus / link).symlink_to(corpus.parent / "outside" / "b.md")
    assert reason(corpus, link) == LEADS_OUT
    assert read_inside(corpus, link, most=100, follow_links=True) == b"secret"


def test_file_in_a_linked_folder_outside_is_followed_only_where_asked(corpus):
    (corpus / "linked").symlink_to(corpus.parent / "outside")
    assert reason(corpus, "linked/b.md") == LEADS_OUT
    assert read_inside(corpus, "linked/b.md", most=100, follow_links=True) == b"secret"


def test_link_to_another_file_of_the_corpus_is_read(corpus):
    (corpus / "again.md").symlink_to(corpus / "sub" / "a.md")
    assert read_inside(corpus, "again.md", most=100) == b"words"


def test_corpus_that_is_a_link_itself_is_read(corpus):
    (corpus.parent / "link").symlink_to(corpus)
    assert read_inside(corpus.parent / "link", "sub/a.md", most=100) == b"words"


@pytest.mark.parametrize("swapped", ["sub", "sub/a.md"])
def test_link_put_in_the_place_of_what_was_looked_at_is_refused(corpus, monkeypatch, swapped):
    # Between the look at the path and the opening, as a running attack would.
    look = os.path.realpath

    def look_and_swap(path):
        found = look(path)
        if str(path).endswith("a.md") and not (corpus / swapped).is_symlink():
            (corpus / swapped).rename(corpus.parent / "moved")
            (corpus.parent / "outside" / "a.md").write_text("secret", encoding="utf-8")
            target = "outside" if swapped == "sub" else "outside/a.md"
            (corpus / swapped).symlink_to(corpus.parent / target)
        return found

    monkeypatch.setattr(os.path, "realpath", look_and_swap)
    with pytest.raises(OSError, match=r"symbolic links|Not a directory"):
        read_inside(corpus, "sub/a.md", most=100)


def test_descriptors_are_closed(corpus):
    os.mkfifo(corpus / "pipe.md")
    before = len(list(Path("/dev/fd").iterdir()))
    read_inside(corpus, "sub/a.md", most=100)
    for path in ("sub", "pipe.md", "gone.md", "sub/gone.md", "gone/gone.md"):
        assert reason(corpus, path)
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_file_in_no_corpus_is_read_wherever_links_lead(corpus):
    (corpus / "link").symlink_to(corpus.parent / "outside" / "b.md")
    assert read_regular(corpus / "link", most=3) == b"sec"
    os.mkfifo(corpus / "pipe")
    for name, fault in (("pipe", "not a regular file"), ("sub", "Is a directory")):
        with pytest.raises(NotRegularFileError, match=fault):
            read_regular(corpus / name, most=3)


def test_only_a_pipe_or_a_device_is_one(corpus):
    os.mkfifo(corpus / "pipe")
    (corpus / "zero").symlink_to("/dev/zero")
    names = ("pipe", "zero", "sub", "sub/a.md", "gone")
    assert [is_pipe_or_device(corpus / name) for name in names] == [True, True, False, False, False]
