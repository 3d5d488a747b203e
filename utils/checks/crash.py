"""Describe what student code raised: where, with which operands, and what its source says about it.

The sandbox's worker runs this file, so it holds no answer and stays small.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import FrameType, ModuleType, SimpleNamespace, TracebackType

from .boxes import describe_unfinished
from .crash_clues import (
    assignments,
    called_functions,
    documented_shapes,
    kept_results,
    returned_lines,
    set_again,
    set_behind,
    similar_name,
)
from .crash_scope import (
    Scope,
    arrays_of,
    describe_scope,
    gradients_of,
    local_values,
    modules_of,
    names_of,
    origins_of,
)
from .crash_site import describe_operands, describe_value, locate

PROGRAM_FILE = "<check>"
LINE_LENGTH = 300  # characters of a student's line that are shown
MAX_ASSIGNMENTS = 3
MAX_SHOWN = 6  # a longer list of operands helps nobody


@dataclass(frozen=True)
class Crash:
    """The answer of a program that raised.

    Attributes
    ----------
    missing : bool
        True when the code under test is not written yet: it raised ``NotImplementedError``, or has no such name.
    error : str
        Name of the exception's class.
    message : str
        Its message, shortened.
    file, line, source : str, int, str
        The innermost line of the student's own code (or of the program, when the student's code was not reached).
    function : str
        The function that line stands in.
    entered : str
        The student's function that the program called and that never returned, or that is not there.
    operands : tuple of str
        The operands on that line, as ``("x (3, 4)", "w (5, 2)")``; see `utils.checks.crash_site`.
    expression : str
        The part of the line that was being computed.
    documented : tuple of str
        The shapes that the function's docstring states, as ``("x (N, D)",)``.
    similar : str
        Where a name is unknown: the most similar one that is known.
    assigned : tuple of str
        Where a name has no value, or None: the lines that assign it, as ``("12 out = helper(x)",)``.
    unfinished : str
        Where the stub's own line raised: which part is not written, or that only this line is left over.
    scope, origins, conditions, settings : tuple of str
        What stands around the line; see `utils.checks.crash_scope.Scope`.
    call : str
        Where another function than `entered` raised: the line of `entered` that called it, as ``"12 out = f(x)"``.
    parameters : tuple of str
        The parameters of the function that raised.
    passed : tuple of str
        What the arrays of the function that raised are called in `entered`, as ``("x: out",)``.
    callers_scope : tuple of str
        The arrays of `entered`, as in `scope`.
    callers_origins, callers_behind : tuple of str
        What sets the names on the line of `entered` that `call` shows: the lines above it, as in `origins`, and those
        behind it, as in `behind`.
    returns : tuple of str
        Where the program's own line raised: the lines of the function that it called which return something.
    functions : tuple of str
        The functions that `entered` calls, as ``("f(x, w): out, cache",)``; see `utils.checks.crash_clues`.
    results : tuple of str
        The lines of `entered`, above the one that raised, that keep what a call returned.
    taken : tuple of str
        Where another function than `entered` raised: what the parameters of the function that `call` calls hold, as
        ``("dout (3, 4)", "cache of 2 items")``.
    again : tuple of str
        What the line sets and a line behind it sets once more, as ``("dx: 15 dx = dx.reshape(x.shape)",)``.
    behind : tuple of str
        The names on the line that a line behind it sets, as ``("t: 16 t += 1",)``.
    gradients : tuple of str
        For each tensor of PyTorch whether it gathers a gradient: ``("x: no", "w: leaf", "loss: computed")``.
    modules : tuple of str
        Which of `utils.checks.crash_scope.MODULES` the line that raised can use by that name: ``("np", "math")``.
    """

    missing: bool
    error: str
    message: str
    file: str = ""
    line: int = 0
    source: str = ""
    function: str = ""
    entered: str = ""
    operands: tuple[str, ...] = ()
    expression: str = ""
    documented: tuple[str, ...] = ()
    similar: str = ""
    assigned: tuple[str, ...] = ()
    unfinished: str = ""
    scope: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    call: str = ""
    parameters: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    callers_scope: tuple[str, ...] = ()
    callers_origins: tuple[str, ...] = ()
    callers_behind: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    again: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    gradients: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()

    @property
    def shapes(self) -> str:
        """The first operands, in one line."""
        return ", ".join(self.operands[:MAX_SHOWN])

    @property
    def place(self) -> str:
        """Where it happened: ``'at pkg/layers.py, line 3, in f: "x @ w"'``; empty where that is not known."""
        inside = f", in {self.function}" if self.function else ""
        return f'at {self.file}, line {self.line}{inside}: "{self.source}"' if self.file else ""

    def __str__(self) -> str:
        if self.missing:
            return self.message or "not written yet"
        where = f" {self.place}" if self.place else ""
        operands = f" (there: {self.shapes})" if self.shapes else ""
        return f"{self.error}: {self.message}{where}{operands}"


def describe_crash(error: BaseException, package: str) -> Crash:
    """Find the student's own line in a traceback, and the shapes of the operands on it.

    Parameters
    ----------
    error : BaseException
        As caught, with its traceback.
    package : str
        The student's package: what is in a folder of this name, or in a notebook, the student wrote.

    Returns
    -------
    Crash
    """
    missing = isinstance(error, NotImplementedError)
    message = str(error)[:500]
    if isinstance(error, SyntaxError) and error.lineno:
        source = (error.text or "").strip()
        return Crash(missing, type(error).__name__, error.msg, _short(error.filename or ""), error.lineno, source)
    frames = list(_traces(error.__traceback__))
    own = [trace for trace in frames if _is_students(trace.tb_frame.f_code.co_filename, package)]
    program = [trace for trace in frames if trace.tb_frame.f_code.co_filename == PROGRAM_FILE]
    entered = own[0].tb_frame.f_code.co_qualname if own else ""
    if isinstance(error, AttributeError) and not own and isinstance(error.obj, type | ModuleType | SimpleNamespace):
        missing, entered = True, str(error.name)  # the program asked for a function that is not there
    if not (own or program):
        return Crash(missing, type(error).__name__, message)
    trace = (own or program)[-1]
    if message.partition(":")[0] in (names := [one.tb_frame.f_code.co_name for one in own])[1:]:
        # A function that refuses its arguments says so with its name in front: the call of it is what is wrong.
        trace = own[names.index(message.partition(":")[0]) - 1]
    frame = trace.tb_frame
    code = frame.f_code
    short = _short(code.co_filename)
    line = locate(trace)
    lines = _lines(frame)
    function = code.co_qualname.split(".<locals>.<")[0]  # a comprehension or a lambda stands in a function
    unfinished = ""
    if missing and own:
        unfinished, missing = describe_unfinished(lines, trace.tb_lineno, function)
        if missing:  # there is nothing in it yet that could be explained
            return Crash(
                True,
                type(error).__name__,
                message,
                file=short,
                line=trace.tb_lineno,
                source=line.source[:LINE_LENGTH],
                function=function,
                entered=entered,
                unfinished=unfinished,
            )
    operands = describe_operands(frame, line)
    scope = describe_scope(lines, frame, trace.tb_lineno, line.source) if own else Scope()
    caller = own[0] if own and trace is not own[0] else None
    return Crash(
        missing,
        type(error).__name__,
        message,
        file=short,
        line=trace.tb_lineno,
        source=line.source[:LINE_LENGTH],
        function=function,
        entered=entered,
        operands=operands,
        expression=line.expression[:LINE_LENGTH],
        documented=documented_shapes(one.tb_frame for one in (own[:1] + own[-1:])),
        similar=similar_name(error, frame),
        assigned=assignments(lines, frame, _without_value(error, operands), trace.tb_lineno)[:MAX_ASSIGNMENTS],
        unfinished=unfinished,
        scope=scope.arrays,
        origins=scope.origins,
        conditions=scope.conditions,
        settings=scope.settings,
        call=f"{caller.tb_lineno} {locate(caller).source[:LINE_LENGTH]}" if caller else "",
        parameters=code.co_varnames[: code.co_argcount] if own else (),
        passed=names_of(local_values(frame), caller.tb_frame) if caller else (),
        callers_scope=arrays_of(caller.tb_frame) if caller else (),
        callers_origins=_origins_of(caller) if caller else (),
        callers_behind=_behind(caller) if caller else (),
        returns=() if own else returned_lines(frame, line.source),
        functions=called_functions(_lines(own[0].tb_frame), own[0].tb_frame) if own else (),
        results=kept_results(_lines(own[0].tb_frame), own[0].tb_frame, own[0].tb_lineno) if own else (),
        taken=_taken(own[1].tb_frame) if caller else (),
        again=set_again(lines, frame, trace.tb_lineno, line.source) if own else (),
        behind=set_behind(lines, frame, trace.tb_lineno, line.source) if own else (),
        gradients=gradients_of(frame) if own else (),
        modules=modules_of(frame),
    )


def _short(file: str) -> str:
    """A file by its name and its folder's alone."""
    return "/".join(file.replace("\\", "/").split("/")[-2:])


def _lines(frame: FrameType) -> list[str]:
    """Return the lines of the file that a frame stands in."""
    return linecache.getlines(frame.f_code.co_filename)


def _origins_of(trace: TracebackType) -> tuple[str, ...]:
    """List what sets the names on the line of a traceback's entry, above it."""
    return origins_of(_lines(trace.tb_frame), trace.tb_frame, trace.tb_lineno, locate(trace).source)


def _behind(trace: TracebackType) -> tuple[str, ...]:
    """List what sets the names on the line of a traceback's entry, behind it."""
    return set_behind(_lines(trace.tb_frame), trace.tb_frame, trace.tb_lineno, locate(trace).source)


def _taken(frame: FrameType) -> tuple[str, ...]:
    """List what the parameters of a frame's function hold."""
    code = frame.f_code
    values = [(name, frame.f_locals.get(name)) for name in code.co_varnames[: code.co_argcount] if name != "self"]
    return tuple(f"{name} {what}" for name, value in values if (what := describe_value(value)))


def _without_value(error: BaseException, operands: Sequence[str]) -> str:
    """Return the name that has no value, or None, where that is why a line raised; ``""`` otherwise."""
    if isinstance(error, UnboundLocalError):
        quoted = str(error).split("'")
        return quoted[1] if len(quoted) > 2 else ""
    if "NoneType" in str(error):
        return next((text.removesuffix(" None") for text in operands if text.endswith(" None")), "")
    return ""


def _traces(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _is_students(file: str, package: str) -> bool:
    """Whether a frame's file is one of the student's: right in a folder called as their package, or a notebook cell."""
    parts = file.replace("\\", "/").split("/")
    return parts[-2:-1] == [package] or "ipykernel" in file  # a folder above may be called like the package, too
