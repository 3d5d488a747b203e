"""Find a small change of the code under test that makes it right, by trying many of them.

What a tutor does with a wrong function: doubt one thing on one line, change it, and run the code again. A change is
only told where the code was run with it and gave the right outputs in every case, so that nothing about it is guessed.
"""

from .outcomes import all_wrong
from .search import Found, Search, Source

__all__ = ["Found", "Search", "Source", "all_wrong"]
