"""What a passage is searched by: the words of its source."""
