"""Start a confined worker process for one submitted module, and run programs in it.

This is the trusted end of the connection; `inside.session` is the other one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from types import MappingProxyType, TracebackType
from typing import Final, Literal, Protocol

import msgspec

from utils.checks.program import Crash, Ran

from ..host.bounded_process import ChildDied, OutOfTime
from .allowed import IF_IMPORTED, IMPORTED_LATER, STAND_INS
from .clock import ProgramClock
from .confine import SECONDS_TO_DIE, Confinement
from .fork_server import fork_worker
from .inside.channel import Cap, Channel
from .inside.wire import (
    Ask,
    Done,
    Failed,
    Frame,
    Message,
    Packed,
    Program,
    Ready,
    Run,
    Start,
    TooLarge,
    WireClosed,
    WireError,
    WireTimeout,
    as_table,
    load,
    message_of,
    packed,
    packed_list,
)
from .kept_inputs import LARGE, KeptInputs
from .limits import MEGABYTE, Limits
from .readable import readable_files

_NOTICED = 1e-3  # seconds of answering a question, in which a worker's sleep would be counted
_SECONDS_TO_EXIT = 1.0  # the process has closed the wire by then; its exit status should follow at once
_TO_WORKER = Cap(64 * MEGABYTE, 512 * MEGABYTE)
LARGEST_ANSWER: Final = _TO_WORKER.blob
_TOGETHER: Final = 4 * MEGABYTE  # bytes of the inputs of programs that are sent together
Job = tuple[str, Mapping[str, object], Sequence[str]]
"""A program, its inputs, and the variables to bring back; see `Worker.run`."""

# Numbers for programs, unique over all workers, so that an `Answerer` can tell when a new program has begun.
_PROGRAMS = count(1)


class Answerer(Protocol):
    """Answers the questions that a worker's programs ask."""

    @property
    def spent(self) -> float:
        """Processor seconds that answering has taken so far in other processes than this one."""

    def ask(self, program: int, question: Frame, seconds: Callable[[], float]) -> Frame:
        """Answer one question.

        Parameters
        ----------
        program : int
            The number of the program that asks; no other program has it.
        question : Frame
            The frame that came over the wire; untrusted.
        seconds : callable
            Returns the processor time that the answer may take; called only where something has to be computed.

        Returns
        -------
        Frame
            The answer, or a refusal.

        Raises
        ------
        WireError
            When no proxy can have sent this frame, so that it is forged.
        OutOfTime
            When the answer takes longer than `seconds`.
        ChildDied
            When the process that answers has ended.
        """


class WorkerLost(Exception):
    """The worker gave no answer, and its process has been ended. Further programs need a new worker.

    Attributes
    ----------
    reason : str
        ``"timeout"`` (the time was used up), ``"killed"`` (the process ended: out of memory, a signal, ``os._exit``) or
        ``"protocol"`` (it sent something that the protocol does not allow).
    message : str
        One sentence about it.
    """

    def __init__(self, reason: Literal["timeout", "killed", "protocol"], message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class Worker:
    """A confined process that runs programs against one submitted module.

    Use it as a context manager, and only in the thread that made it: the process is killed when that thread ends.

    Parameters
    ----------
    confinement : Confinement
        The sandbox, as `choose_confinement` returns it.
    files : mapping of str to str
        Source texts of the submission by module name (``"layers"``). Only `module` has to be there. The text of a
        module that has proxies supplies the functions that have no proxy, such as a student's helper.
    module : str
        The module under test; a key of `files`.
    proxies : mapping of str to sequence of str
        The other modules of the package that the module may import: module name → functions. Each call of such a
        function is sent to `answers`.
    answers : Answerer, optional
        Answers the calls of proxies. Needed only where there are proxies.
    limits : Limits, default Limits()
        What the worker may use.
    given : sequence of str, default ()
        Functions of ``utils`` that the submitted code may read and call: ``"layer_checks.check_axes"``.
    packages : sequence of str, default ()
        Packages that the submitted code may import besides those in `allowed.ALWAYS`. They are imported while the
        worker starts, so that the time this takes is not counted towards any program.
    package : str, default "submitted"
        The name of the package that the submitted modules belong to.
    signatures : mapping of str to str, default {}
        What functions that have a proxy take and return, for explanations: ``"layers.affine_forward"`` →
        ``"(x, w, b): out, cache"``.

    Attributes
    ----------
    outside : float
        Seconds that all programs so far have used, without those that this process has spent itself; see
        `clock.ProgramClock`.

    Raises
    ------
    SandboxUnavailable
        When the worker does not start. No submitted code has run by then, so this is never the student's fault.
    KeyError
        When `files` has no `module`.
    """

    def __init__(
        self,
        confinement: Confinement,
        files: Mapping[str, str],
        module: str,
        proxies: Mapping[str, Sequence[str]],
        answers: Answerer | None = None,
        limits: Limits = Limits(),  # noqa: B008 (frozen)
        given: Sequence[str] = (),
        packages: Sequence[str] = (),
        package: str = "submitted",
        signatures: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._limits, self._answers = limits, answers
        self._clock: ProgramClock | None = None
        self.outside = 0.0
        self._proxies = {name: tuple(functions) for name, functions in proxies.items()}
        sources = {module: files[module], **{name: files[name] for name in self._proxies if name in files}}
        mentioned = [name for name in IF_IMPORTED if any(name in source for source in sources.values())]
        readable = readable_files((*packages, *mentioned), tuple(given))
        self._runs = 0
        self._closed = False
        self._ended = ""
        in_advance = (
            *(f"utils.{name.rpartition('.')[0]}" for name in given),
            *(module for name in mentioned for module in IF_IMPORTED[name]),
            *(module for name in packages for module in IMPORTED_LATER.get(name, ())),
        )
        self._process = fork_worker(confinement, readable, packages, in_advance, limits)
        self._scratch = self._process.server.scratch
        self._scratch.watch(limits.scratch, self._process.kill)
        inbound = Cap(limits.structure, limits.output)
        self._channel = Channel(self._process.stdout, self._process.stdin, inbound, _TO_WORKER, self._watch)
        withheld = {**readable.withheld, **{name: () for name in STAND_INS if name not in packages}}
        self._start(
            Start(sources, module, self._proxies, inbound.tree, inbound.blob, withheld, package, dict(signatures))
        )

    @property
    def scratch(self) -> str:
        """Path of the scratch folder, which is emptied when the worker is closed."""
        return self._scratch.path

    def _watch(self) -> None:
        """Check the running program's time; the channel calls this several times a second while it waits."""
        if self._clock is not None:
            self._clock.check()

    def _start(self, start: Start) -> None:
        deadline = time.monotonic() + self._limits.start_seconds
        try:
            self._channel.send(start, deadline=deadline)
            message, _ = self._channel.receive(deadline)
            if not isinstance(message, Ready):
                raise WireError("the worker's first message is not Ready")
        except WireError as error:
            self._closed = True
            raise self._process.did_not_start(error) from error
        except BaseException:
            self.close()
            raise

    def keep_programs(self, programs: Iterable[str]) -> None:
        """Let further workers have these programs compiled, which have to be the course's own."""
        if not self._closed:
            self._process.server.keep_programs(programs)

    def run(
        self,
        program: str,
        inputs: Mapping[str, object],
        fetch: Sequence[str],
        seed: int = 0,
        seconds: float | None = None,
    ) -> Ran | Crash:
        """Run one program against the submitted module.

        Parameters
        ----------
        program : str
            Python statements that refer to the module by its short name; see `utils.checks.program`.
        inputs : mapping of str to object
            Variables the program starts with.
        fetch : sequence of str
            Variables to bring back.
        seed : int, default 0
            Seed for the global generators of ``numpy.random`` and ``random``.
        seconds : float, optional
            Seconds that the program may use; those of the worker's limits by default.

        Returns
        -------
        Ran or Crash
            The values of the variables in `fetch` as plain data, or what the program raised. An `Opaque` stands for a
            value that cannot cross the wire.

        Raises
        ------
        WorkerLost
            When the program used up its time, its process ended, or it broke the protocol. The worker is closed.
        TooLarge
            When `inputs` are larger than a message may be, which is a mistake in the exercise.
        """
        (answer,) = self.run_several([(program, inputs, fetch)], seed, lambda: seconds or self._limits.seconds)
        return answer

    def run_several(self, jobs: Sequence[Job], seed: int, seconds: Callable[[], float]) -> Iterator[Ran | Crash]:
        """Run programs one after the other, without waiting for a result before the next one begins.

        Parameters
        ----------
        jobs : sequence of Job
        seed : int
            As for `run`, for each program.
        seconds : callable
            Returns the seconds that the next program may use; called before each. If it raises, the worker is closed.

        Yields
        ------
        Ran or Crash
            The result of each program; see `run`. A worker whose results are not all taken is closed.

        Raises
        ------
        WorkerLost, TooLarge
            As for `run`. Results of earlier programs may be lost with the worker.
        """
        for together in _in_groups(jobs):
            yield from self._run_together(together, seed, seconds)

    def _run_together(self, jobs: Sequence[Job], seed: int, seconds: Callable[[], float]) -> Iterator[Ran | Crash]:
        """Send programs, and yield the result of each as it comes."""
        unanswered = 0
        try:
            for job in jobs:
                with self._timed(seconds()) as clock:
                    if not unanswered:
                        self._send(jobs, seed, clock.deadline)
                        unanswered = len(jobs)
                    answer = self._answer(self._runs - unanswered + 1, job, clock)
                unanswered -= 1
                yield answer
        finally:
            if unanswered:
                self.close()

    @contextmanager
    def _timed(self, seconds: float) -> Iterator[ProgramClock]:
        """Measure the time of a program, and turn every way of losing the worker meanwhile into `WorkerLost`."""
        if self._closed:
            raise WorkerLost("killed", "the worker is closed")
        clock = self._clock = ProgramClock(seconds, self._process.pid, self._spent_on_answers)
        try:
            yield clock
        except (WireTimeout, OutOfTime):
            self.close()
            raise WorkerLost("timeout", f"no answer within {seconds:g} seconds") from None
        except WireClosed:
            self._end(_SECONDS_TO_EXIT)
            if self._scratch.exceeded:
                said = f"the code wrote more than {self._limits.scratch // MEGABYTE} MiB of files"
            else:
                said = f"the process that ran the code ended: {self._ended}"
            raise WorkerLost("killed", said) from None
        except ChildDied:
            self.close()
            raise WorkerLost("killed", "a call of a function that it builds on ended the grader's process") from None
        except TooLarge:
            raise  # the inputs of a case are too large, which is the course's fault and not the submission's
        except WireError as error:
            self.close()
            raise WorkerLost("protocol", f"the process that ran the code broke the protocol: {error}") from None
        except BaseException:
            self.close()
            raise
        finally:
            self.outside += clock.outside
            self._clock = None

    def _send(self, jobs: Sequence[Job], seed: int, deadline: float) -> None:
        """Send programs with their inputs, or with the names of those that the worker has."""
        programs: list[Program] = []
        values: list[Packed] = []
        for text, inputs, fetch in jobs:
            self._runs += 1
            kept = self._process.kept(inputs) if isinstance(inputs, KeptInputs) and inputs.size > LARGE else ""
            programs.append(Program(self._runs, text, tuple(fetch), seed, kept))
            values.append(packed(None) if kept else _packed(inputs))
        self._channel.send(Run(tuple(programs)), packed_list(values), deadline)

    def _answer(self, number: int, job: Job, clock: ProgramClock) -> Ran | Crash:
        """Answer the questions of a program until it ends, and return its result."""
        _, inputs, fetch = job
        program = next(_PROGRAMS)
        while True:
            frame = self._channel.receive_frame(clock.deadline)
            if not isinstance(message_of(frame), Ask):
                return self._outcome(number, *load(*frame), inputs, fetch)
            if self._answers is None:
                raise WireError("a question came from a module that has no proxies")
            began = time.monotonic()
            answer = self._answers.ask(program, frame, lambda: max(clock.left, 0.0))
            if time.monotonic() - began > _NOTICED:  # most replies are known, and measuring takes longer than they do
                clock.answered()
            self._channel.send_frame(answer, clock.deadline)

    def _spent_on_answers(self) -> float:
        return 0.0 if self._answers is None else self._answers.spent

    def _outcome(
        self, number: int, message: Message, value: object, inputs: Mapping[str, object], fetch: Sequence[str]
    ) -> Ran | Crash:
        """Check a program's last message, which is untrusted, and turn it into a result."""
        if not isinstance(message, Done | Failed) or message.number != number:
            raise WireError(f"{type(message).__name__} is not an answer to the program")
        if isinstance(message, Done):
            values = as_table(value)
            if set(values) != set(fetch):
                raise WireError("the values are not the ones that were asked for")
            return Ran(values, tuple(name for name in inputs if name in message.mutated))
        try:
            return msgspec.convert(_shortened(as_table(value)), Crash)
        except msgspec.ValidationError as error:
            raise WireError(f"a crash is described wrongly: {error}") from None

    def close(self) -> None:
        """Kill the worker and empty its scratch folder. Closing it twice does nothing."""
        if not self._closed:
            self._process.kill()
            self._end(SECONDS_TO_DIE)

    def _end(self, seconds: float) -> None:
        """Wait until the process has ended, kill it if that takes longer than `seconds`, and clean up."""
        self._closed = True
        self._scratch.unwatch()
        self._ended = self._process.wait(seconds)

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _packed(inputs: Mapping[str, object]) -> Packed:
    return inputs.packed if isinstance(inputs, KeptInputs) else packed(dict(inputs))


def _in_groups(jobs: Sequence[Job]) -> Iterator[list[Job]]:
    """Yield the programs in their order, those together that are sent in one message."""
    group: list[Job] = []
    size = 0
    for job in jobs:
        own = job[1].size if isinstance(job[1], KeptInputs) else 0
        if group and size + own > _TOGETHER:
            yield group
            group, size = [], 0
        group.append(job)
        size += own
    if group:
        yield group


MOST_ITEMS: Final = 200
"""How many variables, lines or calls the description of a crash may list: more than `utils.checks` ever finds."""

_NAME_FIELDS = ("error", "file", "function", "entered")
_NAME = re.compile(r"[\w.<>/-]{0,120}")


def _shortened(fields: dict[str, object]) -> dict[str, object]:
    """Shorten the fields of a crash, and replace names that do not look like names in Python.

    A submission can raise an exception whose class is called "✓ 76 of 76 points", and reports show that name.
    """
    short = {name: _cut(field) for name, field in fields.items()}
    odd = {name: "unnamed" for name in _NAME_FIELDS if not _NAME.fullmatch(str(short.get(name, "")))}
    return short | odd


def _cut(field: object) -> object:
    if isinstance(field, tuple):
        return tuple(one[:200] if isinstance(one, str) else one for one in field[:MOST_ITEMS])
    return field[:500] if isinstance(field, str) else field
