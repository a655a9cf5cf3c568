"""Records in, text for people and lines for programs out; nothing here prints."""
