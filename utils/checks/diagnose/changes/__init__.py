"""Find a small change of the code under test that makes it right, by trying many of them.

What a tutor does with a wrong function: doubt one thing on one line, change it, and run the code again. A change is
only told where the code was run with it and gave the right outputs in every case, so that nothing about it is guessed.
Where none helps, `recorded` writes a function that keeps the values of its expressions.
"""

from .outcomes import all_wrong
from .recorded import KEPT, ROOM, recorded_module
from .search import Found, Search, Source

__all__ = ["KEPT", "ROOM", "Found", "Search", "Source", "all_wrong", "recorded_module"]
