"""References that the person keeps elsewhere: files of BibTeX -> entries -> that of a paper."""
