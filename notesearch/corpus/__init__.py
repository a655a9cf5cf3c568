"""Turn the files of a folder into notes, and notes into passages."""
