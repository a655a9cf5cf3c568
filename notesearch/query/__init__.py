"""Read a query line: its words, phrases and filters.

    reward model tag:dpo -tag:survey (tag:rl OR tag:il) after:2025-06 "exact phrase"

A filter is a field, a colon and a value without a space between: tag, since, until, after, before,
date, year, section, path, paper, kind, author, title. Values with spaces, commas or brackets stand
in quotes, and commas mean any of: `tag:dpo,kto,"direct preference"`. Quotes around words make a
phrase: its words are searched for, and a passage must hold them side by side. A minus right before
a phrase or a word leaves out the passages that hold it.

Filters side by side must all hold. `OR` and `AND` in capitals join filters and phrases, AND first;
`-` or `NOT` right before one, or before brackets, leaves out what it finds. Brackets group where
they hold filters and phrases alone. Words between filters part them: each run of filters is read
by itself, and all runs must hold.

All else is text: `DPO: why`, `p(x|y)`, `-3 dB`, `C++`, `http://x.y`, `and`. What is nearly a filter
(`tga:dpo`, `tag: dpo`, a lone bracket beside a filter) is a usage error and not text, or the answer
would be to another question.
"""
