"""Judged queries in, figures out: how well a search finds what it should."""
