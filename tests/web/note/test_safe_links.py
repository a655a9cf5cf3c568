from __future__ import annotations

import pytest

from notesearch.web.note.safe_links import outside_address


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("https://a.org/b?c=d&e=f#g", "https://a.org/b?c=d&e=f#g"),
        ("HTTP://a.org", "HTTP://a.org"),
        (" https://a.org ", "https://a.org"),
        ("https://a.org/ä", "https://a.org/%C3%A4"),
        ('https://a.org/"onclick=x', "https://a.org/%22onclick=x"),
        ("mailto:me@a.org", "mailto:me@a.org"),
    ],
)
def test_address_of_web_and_mail_is_followed(target, address):
    assert outside_address(target) == address


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\tscript:x",
        "java\nscript:alert(1)", "java\0script:alert(1)", "\x01javascript:alert(1)",
        "java\u200bscript:alert(1)", "javascript&colon;alert(1)", "vbscript:x", "view-source:x",
        "data:text/html,<script>", "data:image/svg+xml;base64,PHN2Zz4=", "file:///etc/passwd",
        "blob:https://a.org/1", "//a.org/x", "/\\a.org", "\\\\a.org", "https:a.org", "https:///a.org",
        "https:\\\\a.org", "https://", "https://a.org/\u202egpj.exe", "https://a.org/ b", "ftp://a.org",
        "mailto:a@b?x\ny", "C:\\notes\\a.md", "obsidian://open?vault=x", "x" * 5000, "",
        "https://a.org/" + "x" * 5000,
    ],
)  # fmt: skip
def test_other_address_is_not_followed(target):
    assert outside_address(target) is None
