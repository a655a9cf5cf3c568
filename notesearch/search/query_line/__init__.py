"""A query line in, its words, phrases and filters out; grammar.md beside this says how."""

from notesearch.search.query_line.fields import Forms
from notesearch.search.query_line.parser import Query, parse_filter, parse_query

__all__ = ["Forms", "Query", "parse_filter", "parse_query"]
