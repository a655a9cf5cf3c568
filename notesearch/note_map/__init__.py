"""A map of all notes: where each stands by its meaning, and what its regions are about."""
