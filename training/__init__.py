"""How an encoder of the project's own is made: data, negatives and training.

Not part of what is installed. It needs the extra `training`, and the data that
`training/README.md` describes.
"""
