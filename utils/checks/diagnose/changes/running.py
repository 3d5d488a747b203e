"""Run the code under test with a changed function."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import cache

import numpy as np

from ...case import Case
from ...program import Ran, Run

SOURCE = "changed_source_"
"""The input that holds the text of the changed function: a program is never built from what a student wrote."""

CRASHED = "crashed_"
"""The variable in which a program leaves the line of the changed function on which it crashed."""

_CAUGHT = f"""
except Exception as error_:
    trace_ = error_.__traceback__
    while trace_ is not None and trace_.tb_frame.f_code.co_filename != file_:
        trace_ = trace_.tb_next
    {CRASHED} = trace_.tb_lineno if trace_ is not None else 0
"""


@dataclass(frozen=True)
class CrashedAt:
    """Changed code that crashed: on this line of the function; 0 where that is not known."""

    line: int


@dataclass(frozen=True)
class ChangedCode:
    """The code under test with a changed function.

    Attributes
    ----------
    run : callable
        Runs the code under test.
    module : str
        The short name of its module, as programs have it.
    function : str
        The qualified name of the function.
    source : str
        Its changed text; see `Change.source`.
    """

    run: Run
    module: str
    function: str
    source: str

    def answer(self, case: Case) -> Ran | CrashedAt:
        """Run a case. Most changes crash, so a crash is not described but for its line, which takes less time."""
        program = _program(case.program, self.module, self.function)
        with np.errstate(all="ignore"):
            answer = self.run(program, {**case.inputs, SOURCE: self.source}, (*case.aspects, CRASHED))
        if not isinstance(answer, Ran):
            return CrashedAt(0)
        line = answer.values.pop(CRASHED)
        return answer if line is None else CrashedAt(line if isinstance(line, int) else 0)


@cache
def _program(program: str, module: str, function: str) -> str:
    """Let a program run with a copy of the module that has the changed function in it."""
    owner, _, name = function.rpartition(".")
    own = f"{module}.{function}"
    lines = [
        f"file_ = getattr(getattr({own}, '__code__', None), 'co_filename', '?')",
        f"scope_ = dict(vars({module}))",
        f"exec(compile({SOURCE}, file_, 'exec'), scope_)",
    ]
    if owner:
        changed = f"{{'{name}': scope_['{owner}'].{name}, '__module__': {module}.{owner}.__module__}}"
        lines.append(f"scope_['{owner}'] = type('{owner}', ({module}.{owner},), {changed})")
    lines.append(f"{module} = type('{module}', (), scope_)")
    return "\n".join(lines) + "\ntry:\n" + textwrap.indent(program, "    ") + _CAUGHT
