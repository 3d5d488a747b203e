"""Make workers by forking: each worker is a copy of this process, which has imported numpy and nothing submitted.

Starting an interpreter and importing numpy takes a tenth of a second of processor time, importing PyTorch a multiple of
that. A fork takes a few thousandths. This process never receives a byte of a submission, so no worker can find anything
of another one in its memory. It makes one worker at a time, and the next one only after that has ended.

Large inputs that every submission gets are kept here as well: a worker has them in its memory when it begins, and they
need not be sent to it. The programs of the course's own cases are kept compiled.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import os
import signal
import socket
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

from utils.checks.program import compiled

from . import session
from .array_memory import keep_freed_memory, reserve_in_large_pages
from .control import MOST_KEPT_AT_ONCE, Ended, Fork, Forked, Keep, Prepare, Prepared, receive, send
from .landlock import restrict
from .privileges import drop_privileges
from .wire import Frame

_PR_SET_PDEATHSIG = 1


def serve(descriptor: int) -> None:
    """Fork workers until the grader closes the control socket.

    Parameters
    ----------
    descriptor : int
        The file descriptor of the control socket.
    """
    # The kernel kills this process when the grader's thread that started it ends. If that has ended already, the
    # control socket is closed.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    control = socket.socket(fileno=descriptor)
    with suppress(EOFError):
        prepare, _ = receive(control, Prepare)
        if prepare.readable is not None:
            restrict(prepare.readable, prepare.writable or ())
        keep_freed_memory()
        _import(prepare)
        send(control, Prepared())
        kept: dict[str, Frame] = {}
        while True:
            fork, descriptors = receive(control, Fork, 2 + MOST_KEPT_AT_ONCE)
            for each, file in zip(fork.keep, descriptors[2:], strict=True):
                kept[each.name] = _read(each, file)
            _compile(fork.programs)
            _make_worker(control, fork, descriptors[:2], kept)


def _import(prepare: Prepare) -> None:
    """Import everything that workers need, and keep the garbage collector from touching it, which would copy it."""
    session.warm_up()
    for package in prepare.packages:
        importlib.import_module(package)
    for name in prepare.in_advance:
        with suppress(Exception):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    reserve_in_large_pages()


def _compile(programs: Sequence[str]) -> None:
    """Compile programs; whoever runs them finds them compiled."""
    for program in programs:
        with suppress(SyntaxError):
            compiled(program)


def _read(keep: Keep, file: int) -> Frame:
    """Read inputs that are to be kept."""
    with open(file, "rb", buffering=0) as content:
        return Frame(content.read(keep.tree), content.read(keep.blob))


def _make_worker(control: socket.socket, fork: Fork, wire: list[int], kept: Mapping[str, Frame]) -> None:
    """Fork one worker, tell the grader about it, and wait until it has ended."""
    worker = os.fork()
    if worker == 0:
        _run_worker(control, fork, wire, kept)
    for each in wire:
        os.close(each)
    process = os.pidfd_open(worker)
    try:
        send(control, Forked(), (process,))
    finally:
        os.close(process)
        _, status = os.waitpid(worker, 0)
    send(control, Ended(status))


def _run_worker(control: socket.socket, fork: Fork, wire: list[int], kept: Mapping[str, Frame]) -> NoReturn:
    """Run programs in the worker until the grader closes the wire; this is all that happens in the forked process."""
    status = 1
    try:
        control.close()
        os.setsid()
        channel = session.connect(*wire)
        if fork.drop_privileges:
            drop_privileges(fork.rlimits, fork.memory, fork.user, fork.keeps_search)
        session.serve(channel, kept)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)  # without the interpreter's clean-up, which would take as long as all the rest
