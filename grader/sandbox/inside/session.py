"""Serve the grader's messages inside of the worker: take the submission, then run one program after the other."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import fields

from utils.checks.program import Crash, Ran, describe_crash, run_program, seed_generators

from .channel import Cap, Channel
from .package import SubmittedPackage
from .wire import (
    Answer,
    Ask,
    Done,
    Failed,
    Frame,
    Program,
    Ready,
    Refused,
    Run,
    Start,
    WireClosed,
    as_table,
    load,
    unpacked,
)

_RAISED = {kind.__name__: kind for kind in (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)}
_DEFAULTS = {field.name: field.default for field in fields(Crash)}
_UNBOUNDED = Cap(2**32 - 1, 2**32 - 1)


def warm_up() -> None:
    """Run a program that crashes, so that whatever is imported or compiled at first use is there before the fork."""
    seed_generators(0)
    run_program("np.zeros(2) + np.random.rand(3)", {}, {}, ())


def connect(read_fd: int, write_fd: int) -> Channel:
    """Open the worker's end of the wire, on the pipe to read from and the pipe to write to."""
    # The grader is trusted, so what it sends needs no cap here; the grader itself caps what it receives.
    return Channel(read_fd, write_fd, _UNBOUNDED, _UNBOUNDED, patient=True)


def serve(channel: Channel, kept: Mapping[str, Frame]) -> None:
    """Take a submission, and run programs until the grader closes the wire.

    Parameters
    ----------
    channel : Channel
        The connection to the grader.
    kept : mapping of str to Frame
        Inputs of programs that need not be sent, by their names.
    """
    start, _ = channel.receive()
    assert isinstance(start, Start)
    channel.outbound = Cap(start.tree, start.blob)
    session = Session(channel, start)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 2)  # so far, the grader has read errors from stderr; what submitted code writes there is dropped
    os.close(null)
    channel.send(Ready())
    while True:
        try:
            frame = channel.receive_frame()
        except WireClosed:
            return
        # A program gets a copy of its inputs, so here they need not be one.
        message, value = load(*frame, own=False)
        assert isinstance(message, Run)
        assert isinstance(value, list)
        for program, inputs in zip(message.programs, value, strict=True):
            session.run(program, as_table(unpacked(kept[program.kept], own=False) if program.kept else inputs))
        channel.flush()


class Session:
    """Run programs against one submitted module.

    Parameters
    ----------
    channel : Channel
        The connection to the grader.
    start : Start
        The grader's first message.
    """

    def __init__(self, channel: Channel, start: Start) -> None:
        self._channel = channel
        self._name, self._module = start.package, start.module
        self._lock = threading.Lock()
        self._package = SubmittedPackage(
            start.package, start.files, start.module, start.proxies, self._ask, start.withheld, start.signatures
        )

    def run(self, program: Program, inputs: Mapping[str, object]) -> None:
        """Run one program and send its result, which may be held until the next one is there."""
        outcome = self._outcome(program, inputs)
        if isinstance(outcome, Ran):
            try:
                self._channel.hold(Done(program.number, outcome.mutated), outcome.values)
                return
            except WireClosed:
                raise
            except Exception as error:
                # The values are too large, or an object of the submission's own class raises when it is encoded. In
                # both cases nothing has been sent yet.
                outcome = Crash(False, type(error).__name__, f"what came back cannot be judged: {error}")
        said = {name: value for name, value in vars(outcome).items() if value != _DEFAULTS[name]}
        self._channel.hold(Failed(program.number), said)

    def _outcome(self, program: Program, inputs: Mapping[str, object]) -> Ran | Crash:
        seed_generators(program.seed)  # before the module is loaded: it may draw numbers while it is
        try:
            module = self._package.load()
            return run_program(program.text, {self._module: module}, inputs, program.fetch)
        except BaseException as error:  # including SystemExit and KeyboardInterrupt: submitted code raised them
            return _described(error, self._name)

    def _ask(self, module: str, function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        """Let the grader answer a call of a proxy, and return or raise what the reference did."""
        with self._lock:  # threads of the submitted code may call proxies at the same time
            self._channel.send(Ask(module, function), (args, kwargs))
            reply, value = self._channel.receive()
        if isinstance(reply, Answer):
            assert isinstance(value, tuple)
            returned, settings = value
            for given, now in zip(_dicts(args, kwargs), settings, strict=True):
                given.update(now)  # layers such as batch norm write to the settings that they are given
            return returned
        assert isinstance(reply, Refused)
        full_name = module if "." in module else f"{self._name}.{module}"
        said = reply.message if reply.named else f"{full_name}.{function}: {reply.message}"
        raise _RAISED.get(reply.error, RuntimeError)(said)


def _dicts(args: tuple[object, ...], kwargs: dict[str, object]) -> list[dict[str, object]]:
    return [item for item in (*args, *kwargs.values()) if isinstance(item, dict)]


def _described(error: BaseException, package: str) -> Crash:
    """Describe an exception, even one whose own methods raise."""
    try:
        return describe_crash(error, package)
    except BaseException:
        return Crash(False, type(error).__name__, "")
