"""Run a check's *program*: the few lines a check executes against the code under test.

A program is ordinary Python text, for instance ::

    out, cache = layers.affine_forward(x, w, b)
    dx, dw, db = layers.affine_backward(dout, cache)

It is text so that the same lines can run against the reference, against a misconception, against the student's
code in a notebook and, inside the grader's sandbox, against a submission; and so that a failed check can print
them. Programs are always ours; they are never built from a student's bytes.
"""

from __future__ import annotations

import copy
import linecache
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace, TracebackType

import numpy as np

from .met import met, place

PROGRAM_FILE = "<check>"
SHOWN = 300  # characters of a student's line


@dataclass(frozen=True)
class Ran:
    """A program that reached its end.

    Attributes
    ----------
    values : dict of str to object
        The fetched variables, by name.
    mutated : tuple of str
        Names of the inputs that were changed in place.
    """

    values: dict[str, object]
    mutated: tuple[str, ...] = ()


@dataclass(frozen=True)
class Crash:
    """A program that raised.

    Attributes
    ----------
    missing : bool
        True when the code under test is not there yet: it raised ``NotImplementedError``, or has no such name.
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
    shapes : str
        What met on that line, as ``"x (3, 4), w (5, 2)"``; see `utils.checks.met`.
    """

    missing: bool
    error: str
    message: str
    file: str = ""
    line: int = 0
    source: str = ""
    function: str = ""
    shapes: str = ""
    entered: str = ""

    def __str__(self) -> str:
        if self.missing:
            return self.message or "not written yet"
        inside = f", in {self.function}" if self.function else ""
        where = f' at {self.file}, line {self.line}{inside}: "{self.source}"' if self.file else ""
        met = f" (there: {self.shapes})" if self.shapes else ""
        return f"{self.error}: {self.message}{where}{met}"


def run_program(
    program: str, namespace: Mapping[str, object], inputs: Mapping[str, object], fetch: Sequence[str]
) -> Ran | Crash:
    """Run `program` on copies of `inputs` and bring back the variables named in `fetch`.

    Parameters
    ----------
    program : str
        Python statements.
    namespace : mapping of str to object
        What the program may refer to: the modules under test, by their short names.
    inputs : mapping of str to object
        Variables the program starts with. Copied, so that a function that works in place spoils nothing.
    fetch : sequence of str
        Variables to bring back.

    Returns
    -------
    Ran or Crash
        Never raises for what the code under test does, ``SystemExit`` and ``RecursionError`` included;
        ``KeyboardInterrupt`` passes through, because it is the user's.
    """
    given = copy.deepcopy(dict(inputs))
    variables: dict[str, object] = {"np": np, **namespace, **given}
    code = compile(program, PROGRAM_FILE, "exec")
    linecache.cache[PROGRAM_FILE] = (len(program), None, program.splitlines(keepends=True), PROGRAM_FILE)
    try:
        with np.errstate(all="ignore"):  # overflow and NaN are reported by the rules, once and in words
            exec(code, variables)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return describe_crash(error, _package_of(namespace))
    mutated = tuple(name for name, value in inputs.items() if not _same(value, given[name]))
    return Ran({name: variables.get(name) for name in fetch}, mutated)


def describe_crash(error: BaseException, package: str) -> Crash:
    """Find the student's own line in a traceback, and the shapes that met there.

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
        return Crash(missing, type(error).__name__, error.msg, error.filename or "", error.lineno, source)
    frames = list(_traces(error.__traceback__))
    own = [trace for trace in frames if _is_students(trace.tb_frame.f_code.co_filename, package)]
    program = [trace for trace in frames if trace.tb_frame.f_code.co_filename == PROGRAM_FILE]
    entered = own[0].tb_frame.f_code.co_qualname if own else ""
    if isinstance(error, AttributeError) and not own and isinstance(error.obj, type | ModuleType | SimpleNamespace):
        missing, entered = True, str(error.name)  # the program asked for a function that is not there
    if not (own or program):
        return Crash(missing, type(error).__name__, message)
    trace = (own or program)[-1]
    code = trace.tb_frame.f_code
    short = "/".join(code.co_filename.replace("\\", "/").split("/")[-2:])
    here = place(trace)
    function = code.co_qualname.split(".<locals>.<")[0]  # a comprehension or a lambda stands in a function
    shapes = met(trace.tb_frame, here)
    return Crash(
        missing, type(error).__name__, message, short, trace.tb_lineno, here.source[:SHOWN], function, shapes, entered
    )


def _traces(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _package_of(namespace: Mapping[str, object]) -> str:
    """The package of the modules under test: ``"pkg"`` for the module ``pkg.layers``; ``""`` where there is none."""
    names = (str(getattr(value, "__name__", "")).split(".") for value in namespace.values())
    return next((name[-2] for name in names if len(name) > 1), "")


def _is_students(file: str, package: str) -> bool:
    """Whether a frame's file is one of the student's: right in a folder called as their package, or a notebook cell."""
    parts = file.replace("\\", "/").split("/")
    return parts[-2:-1] == [package] or "ipykernel" in file  # a folder above may be called like the package, too


def _same(before: object, after: object) -> bool:
    """Whether two values are equal to the bit (NaN equals NaN)."""
    if isinstance(before, np.ndarray):
        return (
            isinstance(after, np.ndarray)
            and before.shape == after.shape
            and before.dtype == after.dtype
            and np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
        )
    if isinstance(before, dict):
        return isinstance(after, dict) and all(name in after and _same(before[name], after[name]) for name in before)
    if isinstance(before, list | tuple):
        return isinstance(after, type(before)) and all(map(_same, before, after))
    return bool(before == after)
