"""Measure with judged queries how well a search finds the notes that answer."""
