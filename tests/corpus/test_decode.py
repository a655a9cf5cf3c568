from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.corpus.decode import (
    MAX_LINE_CHARS,
    MAX_LINES,
    UnreadableError,
    decode,
)
from notesearch.regular_files import MAX_FILE_BYTES


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", [""]),
        (b"one", ["one"]),
        (b"one\n", ["one"]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"one\rtwo", ["one", "two"]),
        (b"one\n\n", ["one", ""]),
        (b"\xef\xbb\xbfone", ["one"]),
        ("one\ntwo".encode("utf-16"), ["one", "two"]),
        ("one\ntwo".encode("utf-32"), ["one", "two"]),
        ("na\u00efve \u00d7 \u6587".encode(), ["na\u00efve \u00d7 \u6587"]),
        ("a\u00a0b\u200bc \ufb01ne".encode(), ["a bc fine"]),
        ("two\u2028on one line".encode(), ["two\u2028on one line"]),
        (b"page\x0cbreak", ["page break"]),
    ],
)
def test_bytes_are_read_as_lines_without_a_remark(data, lines):
    decoded = decode(data)
    assert (decoded.lines, decoded.faults) == (lines, ())


@pytest.mark.parametrize(
    ("damaged", "meant"),
    [
        ("it‚Äôs", "it’s"),
        ("‚Äúquoted‚Äù words", "“quoted” words"),
        ("CafÃ© crÃ¨me", "Café crème"),
        ("a 3 ร— 3 filter", "a 3 × 3 filter"),
        ("donâ€™t", "don’t"),
        ("une phrase française, déjà vue", "une phrase française, déjà vue"),
        ("ภาษาไทย — สวัสดี", "ภาษาไทย — สวัสดี"),
        ("α → β ∈ ℝ", "α → β ∈ ℝ"),
    ],
)
def test_mojibake_is_undone_and_sound_text_left_alone(damaged, meant):
    assert decode(damaged.encode()).lines == [meant]


@pytest.mark.parametrize(
    ("data", "text", "fault"),
    [
        (b"ok\ncaf\xe9", "ok\ncafé", (2, "not UTF-8, read as Windows-1252 (a guess)")),
        (b"a\x81b caf\xe9", "a\x81b café", (1, "not UTF-8, read as Latin-1 (a guess)")),
        (
            "äöüßäöü".encode() + b"\n\xff",
            "äöüßäöü\n\ufffd",
            (2, "1 wrong UTF-8 bytes shown as \ufffd"),
        ),
        ("plain words".encode("utf-16-le"), "plain words", (None, "read as UTF-16-LE (a guess)")),
        ("plain words".encode("utf-16-be"), "plain words", (None, "read as UTF-16-BE (a guess)")),
        (b"one\nt\0wo", "one\nt wo", (2, "1 control characters read as spaces")),
        (
            b"\xef\xbb\xbfok\n\xff",
            "ok\n\ufffd",
            (2, "damaged UTF-8, wrong bytes shown as \ufffd"),
        ),
        (b"\xff\xfea\0b", "a\ufffd", (1, "damaged UTF-16-LE, wrong bytes shown as \ufffd")),
    ],
)
def test_a_guess_is_reported_with_its_line(data, text, fault):
    decoded = decode(data)
    assert ("\n".join(decoded.lines), decoded.faults) == (text, (fault,))


def test_more_damage_than_anybody_waits_for_is_left_as_it_is_and_named():
    lines = decode("".join(f"CafÃ© {number}\n" for number in range(9_000)).encode())
    assert (lines.lines[7_999], lines.lines[8_000]) == ("Café 7999", "CafÃ© 8000")
    assert lines.faults == ((8_001, "too much is garbled; from here on it is read as it is"),)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"%PDF-1.7 words", "not text but a PDF"),
        (b"PK\x03\x04 words", "not text but a zip archive"),
        (b"\x89PNG words", "not text but an image"),
        (bytes(range(32)) * 10, "not text but binary data"),
        (b"x" * (MAX_FILE_BYTES + 1), "too large for a note: more than 5 MB"),
        (b"x\n" * (MAX_LINES + 1), "too long for a note: 50,001 lines, at most 50,000"),
        (b"ok\n" + b"x" * (MAX_LINE_CHARS + 1), "a line of 1,000,001 characters is data"),
    ],
)
def test_what_is_no_text_is_refused(data, reason):
    with pytest.raises(UnreadableError, match=reason):
        decode(data)


def test_a_long_line_is_named_by_its_number():
    with pytest.raises(UnreadableError) as refused:
        decode(b"ok\n" + b"x" * (MAX_LINE_CHARS + 1))
    assert refused.value.line == 2


@given(st.binary() | st.text().map(str.encode) | st.text().map(lambda t: t.encode("utf-16")))
def test_any_bytes_are_lines_or_refused(data):
    try:
        decoded = decode(data)
    except UnreadableError:
        return
    assert decoded.lines
    assert not any("\n" in line or "\r" in line or "\0" in line for line in decoded.lines)


@given(st.lists(st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf"))), min_size=1))
def test_repairs_never_change_the_count_of_lines(lines):
    data = "\n".join(lines).encode()
    try:
        decoded = decode(data)
    except UnreadableError:
        return
    ended = len(lines) > 1 and not lines[-1]
    assert len(decoded.lines) == len(lines) - ended
