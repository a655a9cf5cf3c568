"""The page of `notesearch serve`, and the JSON behind it."""
