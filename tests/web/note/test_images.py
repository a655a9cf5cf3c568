from __future__ import annotations

import os

import pytest

from notesearch.web.note import images
from notesearch.web.note.images import has_image, image_places, safe_image

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub/plot.png").write_bytes(PNG)
    (tmp_path / "secret.png").write_bytes(PNG)
    return folder


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x20ftypavif", "image/avif"),
    ],
)
@pytest.mark.parametrize("suffix", [".png", ".JPG", ".gif", ".webp", ".avif", ".jpeg"])
def test_image_has_the_type_of_its_first_bytes(corpus, start, kind, suffix):
    (corpus / f"x{suffix}").write_bytes(start)
    assert safe_image(corpus, f"x{suffix}") == (start, kind)
    assert has_image(corpus, f"x{suffix}")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'>",
        b"%PDF-1.7",
        b"RIFF\0\0\0\0WAVE",
    ],
)
def test_what_is_no_image_is_not_served(corpus, content):
    (corpus / "x.png").write_bytes(content)
    assert safe_image(corpus, "x.png") is None
    assert not has_image(corpus, "x.png")


@pytest.mark.parametrize("name", ["x.svg", "x.html", "x.md", "x", "x.png.html", ".png"])
def test_other_suffix_is_not_served(corpus, name):
    (corpus / name).write_bytes(PNG)
    assert safe_image(corpus, name) is None


@pytest.mark.parametrize(
    "path",
    [
        "../secret.png", "sub/../../secret.png", "sub/../sub/plot.png", "./sub/plot.png",
        "sub//plot.png", "/sub/plot.png", "sub\\plot.png", "sub/plot.png\0", "sub/\0plot.png",
        "sub/%2e%2e/%2e%2e/secret.png", "", ".", "..", "sub", "gone.png", "x" * 5000 + ".png",
        "sub/plot.png/x.png",
    ],
)  # fmt: skip
def test_odd_path_is_not_served(corpus, path):
    assert safe_image(corpus, path) is None
    assert not has_image(corpus, path)
    assert safe_image(corpus, "sub/plot.png") == (PNG, "image/png")


def test_link_out_of_the_corpus_is_not_served(corpus):
    (corpus / "link.png").symlink_to(corpus.parent / "secret.png")
    (corpus / "inner.png").symlink_to(corpus / "sub/plot.png")
    (corpus / "up").symlink_to(corpus.parent)
    assert safe_image(corpus, "link.png") is None
    assert safe_image(corpus, "up/secret.png") is None
    assert safe_image(corpus, "inner.png") == (PNG, "image/png")


def test_pipe_device_and_folder_are_not_served(corpus):
    os.mkfifo(corpus / "pipe.png")
    (corpus / "zero.png").symlink_to("/dev/zero")
    (corpus / "folder.png").mkdir()
    for name in ("pipe.png", "zero.png", "folder.png"):
        assert safe_image(corpus, name) is None


def test_image_that_is_too_large_is_not_served(corpus, monkeypatch):
    monkeypatch.setattr(images, "_LARGEST", len(PNG) - 1)
    assert safe_image(corpus, "sub/plot.png") is None


@pytest.mark.parametrize(
    ("target", "first"),
    [
        ("plot.png", ["notes/plot.png", "notes/attachments/plot.png"]),
        ("../img/plot.png", ["img/plot.png", "notes/img/plot.png"]),
        ("/img/plot.png", ["notes/img/plot.png", "notes/attachments/img/plot.png"]),
        ("../../plot.png", ["plot.png"]),
        ("plot.svg", []),
        ("", []),
    ],
)
def test_image_is_looked_for_beside_the_note_first(target, first):
    assert list(image_places("notes/a.md", target))[: len(first) or 9] == first


def test_image_is_looked_for_in_the_whole_corpus_too():
    assert "assets/plot.png" in list(image_places("notes/a.md", "plot.png"))
    assert "plot.png" in list(image_places("notes/a.md", "plot.png"))
    assert all(".." not in place for place in image_places("a.md", "../../../etc/x.png"))
