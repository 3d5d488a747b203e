"""Print what the commands show, tables and progress, with Rich.

Names and messages from submissions are printed as `rich.text.Text`, because Rich would read markup in a plain string.
"""
