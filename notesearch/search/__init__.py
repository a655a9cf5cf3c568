"""A query line in, hits out: filters, words, vectors and their fusion."""
