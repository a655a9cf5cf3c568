"""Find the passages that answer a question: by words, by meaning, and both mixed."""
