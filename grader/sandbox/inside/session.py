"""What the worker does once it is up: narrow itself, then run one program after the other."""

from __future__ import annotations

import importlib
import os
import random
import threading
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from utils.checks.program import Crash, Ran, describe_crash, run_program

from .channel import Cap, Channel
from .narrow import narrow
from .package import SubmittedPackage
from .wire import Answer, Ask, Done, Failed, Ready, Refused, Run, Start, WireClosed, as_table

_RAISED = {kind.__name__: kind for kind in (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)}
_UNBOUNDED = Cap(2**32 - 1, 2**32 - 1)


def serve(read_fd: int, write_fd: int) -> None:
    """Serve until the other side closes the wire.

    Parameters
    ----------
    read_fd, write_fd : int
        The two pipes.
    """
    # The other side is trusted, and what is sent is capped by who receives it.
    channel = Channel(read_fd, write_fd, _UNBOUNDED, _UNBOUNDED)
    start, _ = channel.receive()
    assert isinstance(start, Start)
    channel.outbound = Cap(start.tree, start.blob)
    session = Session(channel, start)
    for package in start.packages:
        importlib.import_module(package)  # ours to wait for, not a submission's
    if start.narrow:
        narrow(start.rlimits, start.memory, start.user)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 2)  # until here the other side reads what goes wrong from stderr
    os.close(null)
    channel.send(Ready())
    while True:
        try:
            message, value = channel.receive()
        except WireClosed:
            return
        assert isinstance(message, Run)
        session.run(message, as_table(value))


class Session:
    """One submitted module and the programs that are run against it."""

    def __init__(self, channel: Channel, start: Start) -> None:
        self._channel = channel
        self._name, self._module = start.package, start.module
        self._lock = threading.Lock()
        self._package = SubmittedPackage(
            start.package, start.files, start.module, start.proxies, self._ask, start.withheld
        )

    def run(self, message: Run, inputs: Mapping[str, object]) -> None:
        """Run one program and send what came of it."""
        outcome = self._outcome(message, inputs)
        if isinstance(outcome, Ran):
            try:
                self._channel.send(Done(message.number, outcome.mutated), outcome.values)
                return
            except WireClosed:
                raise
            except Exception as error:  # too large, or of a class that does not let itself be read: nothing is sent yet
                outcome = Crash(False, type(error).__name__, f"what came back cannot be judged: {error}")
        self._channel.send(Failed(message.number), asdict(outcome))

    def _outcome(self, message: Run, inputs: Mapping[str, object]) -> Ran | Crash:
        np.random.seed(message.seed % 2**32)
        random.seed(message.seed)
        try:
            module = self._package.load()
            return run_program(message.program, {self._module: module}, inputs, message.fetch)
        except BaseException as error:  # SystemExit and KeyboardInterrupt are the student's here
            return _described(error, self._name)

    def _ask(self, module: str, function: str, args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        with self._lock:  # submitted code may have threads
            self._channel.send(Ask(module, function), (args, kwargs))
            reply, value = self._channel.receive()
        if isinstance(reply, Answer):
            assert isinstance(value, tuple)
            returned, settings = value
            for given, now in zip(_dicts(args, kwargs), settings, strict=True):
                given.update(now)  # a layer writes to its settings, as batch norm does
            return returned
        assert isinstance(reply, Refused)
        full_name = module if "." in module else f"{self._name}.{module}"
        raise _RAISED.get(reply.error, RuntimeError)(f"{full_name}.{function}: {reply.message}")


def _dicts(args: tuple[object, ...], kwargs: dict[str, object]) -> list[dict[str, object]]:
    return [item for item in (*args, *kwargs.values()) if isinstance(item, dict)]


def _described(error: BaseException, package: str) -> Crash:
    try:
        return describe_crash(error, package)
    except BaseException:  # an exception that does not let itself be printed
        return Crash(False, type(error).__name__, "")
