"""Answer a worker's questions with the reference, in a process that can be ended.

While a student's module runs in a worker, its calls of modules that are not under judgement are sent to the grader as
questions, and the reference answers them. A question can ask for a call that takes very long or needs more memory than
the machine has, so the grading process does not answer it itself. A child process does, which holds the reference and
the objects that earlier answers created. Each grading thread has one child, starts it at the first question, and keeps
it for as long as the thread lives. The grading process passes on each frame as it came from the worker, without
unpacking it, so that a malformed frame can only harm the child. A question that has been asked before is answered from
what is known (`known_replies`), without the child: at any time, if its answer depends on nothing else, and otherwise if
the program has asked the same questions before it, too.
"""

from __future__ import annotations

import pickle
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from ..host.bounded_process import BoundedProcess
from ..reference import Reference
from ..sandbox import Limits
from ..sandbox.inside.wire import Frame
from ..sandbox.questions import Asked, QuestionHandler
from ..sandbox.worker import LARGEST_ANSWER
from .known_replies import KnownReplies, digest_after, digest_before, digest_of

MEMORY: Final = 1 << 30
"""Bytes of address space that a child may add to what it has after its start; the course needs a few megabytes."""

_of_thread = threading.local()


class Answers:
    """Answers questions from the worker of one submitted module; see `grader.sandbox.worker.Answerer`.

    Parameters
    ----------
    root : Path
        The course folder.
    package : str
        The name of the student's package.
    proxies : mapping of str to sequence of str
        The functions that a worker may ask for, by module; every other question is refused.
    limits : Limits
        The limits of the worker, which bound the number and the size of its questions.

    Attributes
    ----------
    asked : int
        The number of questions so far.
    """

    def __init__(self, root: Path, package: str, proxies: Mapping[str, Sequence[str]], limits: Limits) -> None:
        self._limits = limits
        self._settings = pickle.dumps((root, package, proxies, limits))
        self.asked = 0
        self._program = 0
        self._of_program = Asked(0, 0)
        self._digest = self._digest_before = digest_before(root, package, proxies, limits)
        self._digest_of_any = digest_before(root, package, proxies, limits, whatever=True)
        # Questions of the program that the child has not been asked, and that later answers may depend on.
        self._unseen: list[tuple[Frame, Asked]] = []

    @property
    def spent(self) -> float:
        """Processor seconds that this thread's child has spent on questions, of all submissions together."""
        return _child().spent

    def ask(self, program: int, question: Frame, seconds: Callable[[], float]) -> Frame:
        """Answer one question.

        Parameters
        ----------
        program : int
            The number of the program that asks; no other program has it.
        question : Frame
            The question as the worker sent it; untrusted.
        seconds : callable
            Returns the processor seconds that the answer may take.

        Returns
        -------
        Frame
            The answer or a refusal, ready to be sent to the worker.

        Raises
        ------
        WireError
            When no proxy can have sent this frame, so that it is forged.
        OutOfTime
            When the answer takes longer than `seconds`; the child is ended.
        ChildDied
            When the child ended by itself, such as for lack of memory.
        """
        self.asked += 1
        if program != self._program:
            self._program, self._digest, self._unseen = program, self._digest_before, []
            self._of_program = Asked(0, 0)
        asked = self._of_program = Asked(self._of_program.number + 1, self._of_program.size + len(question.blob))
        content = digest_of(question)
        by_itself, self._digest = digest_after(self._digest_of_any, content), digest_after(self._digest, content)
        known = _known_replies()
        # What is too much is refused, whether or not the same was asked elsewhere.
        if asked.number <= self._limits.questions and asked.size <= self._limits.asked:
            reply = known.get(by_itself)
            if reply is not None:
                return reply
        self._unseen.append((question, asked))
        reply = known.get(self._digest)
        if reply is None:
            for each in self._unseen:  # those with known replies, too: what they leave behind may be needed now
                reply, alone = _child().call(_reply, self._settings, program, *each, seconds=seconds())
            assert reply is not None
            self._unseen = []
            known.keep(by_itself if alone else self._digest, reply)
        return reply


def _known_replies() -> KnownReplies:
    """The replies that this thread knows."""
    if not hasattr(_of_thread, "replies"):
        _of_thread.replies = KnownReplies()
    replies: KnownReplies = _of_thread.replies
    return replies


def _child() -> BoundedProcess:
    """Return this thread's child process; start it if there is none."""
    if not hasattr(_of_thread, "child"):
        _of_thread.child = BoundedProcess(MEMORY, _prepare)
    child: BoundedProcess = _of_thread.child
    return child


# --- in the child ---------------------------------------------------------------------------------------------


def _prepare() -> None:
    """Set up the child process, before its first question."""
    threadpool_limits(1)  # as in the grading processes, so that BLAS sums in the same order and rounds alike
    warnings.simplefilter("ignore")  # a student's inputs cause them, and nobody would read them


def _reply(settings: bytes, program: int, question: Frame, asked: Asked) -> tuple[Frame, bool]:
    """Answer one question, and say whether the answer depends on nothing else; this runs in the child."""
    root, package, proxies, limits = _unpickled(settings)
    handler = _handler(root, package)
    return handler.reply(program, proxies, limits, question, asked, LARGEST_ANSWER), handler.alone


@lru_cache(maxsize=32)
def _unpickled(settings: bytes) -> tuple[Path, str, Mapping[str, Sequence[str]], Limits]:
    """Return what stays the same for all questions of a submitted module, which is sent as bytes to save time."""
    root, package, proxies, limits = pickle.loads(settings)
    return root, package, proxies, limits


@cache
def _handler(root: Path, package: str) -> QuestionHandler:
    """Make the handler that answers with the reference of a course; once in the life of a child."""
    reference = Reference(root, package)

    def answer(module: str, function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        loaded = import_module(module) if module.startswith("utils.") else reference.module(module)
        with np.errstate(all="ignore"):  # a wrong argument may hold numbers of any size
            return getattr(loaded, function)(*args, **kwargs)

    return QuestionHandler(answer)
