"""How the model that comes with the package is made: data, negatives, training, int8 files.

Not part of what is installed. Training needs the extra `training`, and the data that
`training/README.md` describes.
"""
