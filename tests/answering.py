"""Answers a worker's questions in the process of the tests, by any function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from grader.sandbox import Limits
from grader.sandbox.inside.wire import Frame
from grader.sandbox.questions import Asked, QuestionHandler
from grader.sandbox.worker import LARGEST_ANSWER


class Here:
    """A `grader.sandbox.worker.Answerer` without a process of its own.

    Parameters
    ----------
    answer : callable
        ``answer(module, function, args, kwargs)``.
    proxies : mapping of str to sequence of str
        What may be asked.
    """

    spent = 0.0

    def __init__(
        self,
        answer: Callable[..., object],
        proxies: Mapping[str, Sequence[str]],
        limits: Limits = Limits(),  # noqa: B008 (frozen)
    ) -> None:
        self.handler, self.proxies, self.limits = QuestionHandler(answer), proxies, limits
        self.program, self.asked = 0, Asked(0, 0)

    def ask(self, program: int, question: Frame, seconds: float) -> Frame:
        before = self.asked if program == self.program else Asked(0, 0)
        self.program, self.asked = program, Asked(before.number + 1, before.size + len(question.blob))
        return self.handler.reply(program, self.proxies, self.limits, question, self.asked, LARGEST_ANSWER)
