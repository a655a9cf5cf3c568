"""How the project's own models are made: data, negatives, training, and the files that are shipped.

Not part of the installed package. It needs the extra `training`, and the data that
`training/README.md` describes.
"""
