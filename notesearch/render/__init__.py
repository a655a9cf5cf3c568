"""Write hits, notes and reports as text for people and lines for programs; nothing here prints."""
