"""notesearch: makes a folder of research notes answer questions."""

__version__ = "0.1.0"

__all__ = ["__version__"]
