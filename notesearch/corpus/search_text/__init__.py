"""A stretch of a note's source in, the words that a reader would say aloud out."""
