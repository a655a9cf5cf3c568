"""Files in, passages out: walk, decode, know the format, give notes, cut them."""
