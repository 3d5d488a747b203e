"""Answer a worker's questions with the reference, in a process that can be ended.

What a submission asks may take long, or more memory than there is. So there is a child process that holds the reference
and what it keeps of its answers: one for each thread that grades, started at the first question and kept for as long as
that thread lives. It is given whole frames as they came from the worker: the grading process does not even unpack them.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from ..host.bounded_process import BoundedProcess
from ..reference import Reference
from ..sandbox import Limits
from ..sandbox.inside.wire import Frame
from ..sandbox.questions import QuestionHandler
from ..sandbox.worker import LARGEST_ANSWER

MEMORY: Final = 1 << 30
"""Bytes of address space for answering, beyond what the process has when it is up; the course needs a few megabytes."""

_of_thread = threading.local()


class Answers:
    """The answers that one submission's module gets; see `grader.sandbox.worker.Answerer`.

    Parameters
    ----------
    root : Path
        The course folder.
    package : str
        The student's package.
    proxies : mapping of str to sequence of str
        What may be asked.
    limits : Limits
    """

    def __init__(self, root: Path, package: str, proxies: Mapping[str, Sequence[str]], limits: Limits) -> None:
        self._reference, self._proxies, self._limits = (root, package), proxies, limits

    @property
    def spent(self) -> float:
        """Processor seconds that answering has taken, for whichever submission."""
        return _child().spent

    def ask(self, program: int, question: Frame, seconds: float) -> Frame:
        """Answer one question."""
        arguments = (*self._reference, program, self._proxies, self._limits, question)
        return _child().call(_reply, *arguments, seconds=seconds)


def _child() -> BoundedProcess:
    if not hasattr(_of_thread, "child"):
        _of_thread.child = BoundedProcess(MEMORY, _prepare)
    child: BoundedProcess = _of_thread.child
    return child


# --- in the child ---------------------------------------------------------------------------------------------


def _prepare() -> None:
    threadpool_limits(1)  # as in the processes that grade: the same sums in the same order
    warnings.simplefilter("ignore")  # nobody reads them


def _reply(
    root: Path, package: str, program: int, proxies: Mapping[str, Sequence[str]], limits: Limits, question: Frame
) -> Frame:
    return _handler(root, package).reply(program, proxies, limits, question, LARGEST_ANSWER)


@cache
def _handler(root: Path, package: str) -> QuestionHandler:
    reference = Reference(root, package)

    def answer(module: str, function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        given = import_module(module) if module.startswith("utils.") else reference.module(module)
        with np.errstate(all="ignore"):
            return getattr(given, function)(*args, **kwargs)

    return QuestionHandler(answer)
