"""An index in a Qdrant engine, in the place of a folder."""
