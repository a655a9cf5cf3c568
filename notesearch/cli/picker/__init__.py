"""Ask as you type: hits with a preview on the whole screen.

`screen.py` reads the keys and draws with prompt_toolkit, `view.py` lays out the rows of the screen,
`newest.py` answers in a thread.
"""
