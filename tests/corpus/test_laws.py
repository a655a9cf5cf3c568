from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notesearch.corpus.chunker import chunk_note
from notesearch.corpus.reader import read_notes
from notesearch.records import FileReading
from tests.laws import examples

# Notes as people write them: every construct that a chunker meets, mixed.
VOCABULARY = """
policy reward model KL attention is the of we that loss Transformer 2017 3.5 B-cell ELMo naïve
Schrödinger 注意力 https://a.org/b?c=d $x_i$ **bold** `code` [link](http://b.net) #rl
"""
WORD = st.sampled_from(VOCABULARY.split())
SENTENCE = st.lists(WORD, min_size=1, max_size=12).map(" ".join)
PROSE = st.builds("{}{}".format, SENTENCE, st.sampled_from([".", "", ":", "!", "?", ";"]))
PARAGRAPH = st.lists(PROSE, min_size=1, max_size=6).map(" ".join)
WRAPPED = st.lists(PROSE, min_size=1, max_size=5).map("\n".join)
HEADING = st.builds("{} {}".format, st.sampled_from(["#", "##", "###", "####"]), SENTENCE)
SETEXT = st.builds("{}\n{}".format, SENTENCE, st.sampled_from(["---", "==="]))
ITEM = st.builds(
    "{}{} {}".format,
    st.sampled_from(["", "", "  ", "    ", "\t", "      "]),
    st.sampled_from(["-", "*", "+", "1.", "2)", "- [ ]"]),
    PARAGRAPH,
)
LIST = st.lists(ITEM, min_size=1, max_size=8).map("\n".join)
LOOSE_LIST = st.lists(ITEM, min_size=1, max_size=4).map("\n\n".join)
QUOTE = WRAPPED.map(lambda text: "\n".join(f"> {line}" for line in text.split("\n")))
CODE = st.builds("{0}python\n{1}\n{0}".format, st.sampled_from(["```", "~~~"]), WRAPPED)
UNCLOSED = st.builds("```python\n{}".format, WRAPPED)
INDENTED = WRAPPED.map(lambda text: "\n".join(f"    {line}" for line in text.split("\n")))
ROW = st.lists(SENTENCE, min_size=2, max_size=2).map(lambda cells: f"| {' | '.join(cells)} |")
TABLE = st.builds("{}\n|---|---|\n{}".format, ROW, st.lists(ROW, max_size=8).map("\n".join))
MATH = st.sampled_from(
    ["$$\nE = mc^2\n\n\\frac{a}{b}\n$$", "$$", "\\begin{align}\nx &= y\n\\end{align}"]
)
HTML = st.builds("<div>\n{}\n</div>".format, PARAGRAPH) | st.just('<img src="a.png" alt="A plot">')
RULE = st.sampled_from(["---", "***", "[ref]: http://c.io", "<!-- hidden -->", "", "", " ", "\t"])
LONG_LINE = st.builds(lambda text, times: text * times, WORD, st.integers(20, 120))
BLOCK = st.one_of(
    *(PARAGRAPH, WRAPPED, HEADING, HEADING, SETEXT, LIST, LOOSE_LIST, QUOTE, CODE, UNCLOSED),
    *(INDENTED, TABLE, MATH, HTML, RULE, LONG_LINE),
)
FRONT_MATTER = st.sampled_from(
    [
        "",
        "",
        "---\ntitle: A note\ntags: [rl, dpo]\n---\n",
        "---\ntitle: {{title}}\n---\n",
        "tags: rl\n",
    ]
)
BODY = st.lists(BLOCK, min_size=1, max_size=12)
SEPARATOR = st.sampled_from(["\n\n", "\n\n", "\n", "\n\n\n"])
MARKDOWN = st.builds(
    lambda head, blocks, between: head + between.join(blocks), FRONT_MATTER, BODY, SEPARATOR
)


def count_words(texts):
    return [len(text.split()) for text in texts]


def count_characters(texts):
    return [len(text) for text in texts]


def count_more_when_joined(texts):
    """Grow faster than the text: what fits alone may not fit beside another piece."""
    return [len(text.split()) + (len(text) // 40) ** 2 for text in texts]


COUNTS = st.sampled_from([count_words, count_characters, count_more_when_joined])
LIMITS = st.sampled_from([3, 20, 60, 254])


def passages_of(text, count=count_words, max_tokens=60, path="note.md"):
    reading = read_notes(path, text.encode())
    return [(note, chunk_note(note, max_tokens=max_tokens, count=count)) for note in reading.notes]


def squeezed(texts):
    return "".join("".join(texts).split())


@examples(12)
@given(MARKDOWN, COUNTS, LIMITS)
def test_passages_tile_their_note(text, count, max_tokens):
    for note, passages in passages_of(text, count, max_tokens):
        assert squeezed(passage.text for passage in passages) == squeezed(note.lines)


@examples(12)
@given(MARKDOWN, COUNTS, LIMITS)
def test_a_passage_stands_on_the_lines_it_names(text, count, max_tokens):
    file_lines = text.split("\n")
    for _, passages in passages_of(text, count, max_tokens):
        for passage in passages:
            named = file_lines[passage.line_start - 1 : passage.line_end]
            said = passage.text.split("\n")
            assert said[0] in named[0]
            assert said[-1] in named[-1]
            # Between them may stand lines of a head, or of another note of the file.
            rest = iter(named)
            assert all(any(line in source for source in rest) for line in said)


@examples(12)
@given(MARKDOWN, COUNTS, LIMITS)
def test_no_passage_is_over_the_limit(text, count, max_tokens):
    for _, passages in passages_of(text, count, max_tokens):
        for passage in passages:
            assert passage.tokens == count([passage.search_text])[0]
            assert passage.tokens <= max_tokens


WORDS_IN_SOURCE = re.compile(
    # Whole words: what has no end must be split somewhere.
    r"\b(?:policy|reward|attention|loss|Transformer|ELMo|Schrödinger|注意力)\b"
)


@examples(12)
@given(BODY, LIMITS.filter(lambda limit: limit > 3))
def test_every_word_outside_markup_is_in_some_search_text(blocks, max_tokens):
    text = "\n\n".join(blocks)
    for note, passages in passages_of(text, max_tokens=max_tokens):
        written = Counter(WORDS_IN_SOURCE.findall("\n".join(note.lines)))
        # A title opens every passage, and stands there once where the body begins with it.
        found = Counter(WORDS_IN_SOURCE.findall("\n".join(p.search_text for p in passages)))
        assert not written - found


@examples(12)
@given(MARKDOWN, COUNTS, LIMITS)
def test_the_same_note_gives_the_same_passages(text, count, max_tokens):
    assert passages_of(text, count, max_tokens) == passages_of(text, count, max_tokens)


@examples(12)
@given(MARKDOWN, LIMITS)
def test_no_two_passages_share_an_id(text, max_tokens):
    ids = [p.id for _, passages in passages_of(text, max_tokens=max_tokens) for p in passages]
    assert len(ids) == len(set(ids))


@examples(12)
@given(BODY, BODY, LIMITS)
def test_a_text_keeps_its_id_whatever_stands_around_it(blocks, others, max_tokens):
    ids = []
    for body in (blocks, [*others, *reversed(blocks)]):
        text = "# Title\n\n" + "\n\n".join(body)
        passages = [p for _, cut in passages_of(text, max_tokens=max_tokens) for p in cut]
        times = Counter((p.note_id, p.text) for p in passages)
        ids.append({key: p.id for p in passages if times[key := (p.note_id, p.text)] == 1})
    for key in ids[0].keys() & ids[1].keys():
        assert ids[0][key] == ids[1][key]


SUFFIXES = st.sampled_from([".md", ".txt", ".org", ".rst", ".html"])


@examples(12)
@given(st.binary(max_size=400) | MARKDOWN.map(str.encode), SUFFIXES)
def test_any_bytes_give_a_reading(data, suffix):
    reading = read_notes(f"x{suffix}", data)
    assert isinstance(reading, FileReading)
    assert reading.notes or reading.skipped or reading.findings
    for note in reading.notes:
        chunk_note(note, max_tokens=20, count=count_words)


@pytest.mark.parametrize("suffix", [".md", ".txt"])
@examples(12)
@given(text=MARKDOWN)
def test_notes_tile_their_file(suffix, text):
    reading = read_notes(f"x{suffix}", text.encode())
    lines = [number for note in reading.notes for number in note.line_numbers]
    assert len(lines) == len(set(lines))
