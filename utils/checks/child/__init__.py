"""Run functions in a child process: with limits on time and memory, and without risk for the process that asks.

A loop that never ends, a print in every turn of it, an interpreter that crashes: in a process of its own, a student's
code costs nobody more than one answer. `process` is the side of the parent: `Child` starts Python once more and calls
functions there. `inside` is the side of the child. Both write `messages`. `prints` keeps what the code prints,
`limits` says how long it may take, and `place` where it was. `programs` are the functions that a check calls.
"""

from .limits import Limits
from .messages import Prints
from .process import CallFailed, CallInterrupted, CallLost, Child, ChildNotStarted, Reply

__all__ = ["CallFailed", "CallInterrupted", "CallLost", "Child", "ChildNotStarted", "Limits", "Prints", "Reply"]
