"""Run the code under test with a changed function."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from ...case import Case
from ...program import SEED, Answer, Ran, Run
from ..last_right import Kept
from .recorded import KEPT, MAX_NUMBERS, MAX_VALUES, kept_sites

SOURCE = "changed_source_"
"""The input that holds the text of the changed function: a program is never built from what a student wrote."""

SOURCES = "changed_sources_"
"""The input that holds several such texts."""

INPUTS = "inputs_"
"""The input that holds the inputs of the case, where a program runs it several times."""

CRASHED = "crashed_"
"""The variable in which a program leaves the line of the changed function on which it crashed."""

ANSWERS = "answers_"
"""The variable in which a program leaves, for each of several texts, that line and the outputs."""

_FIND_LINE = f"""
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
    """The code under test with changed versions of one function.

    Attributes
    ----------
    run : callable
        Runs the code under test.
    module : str
        The short name of its module, as programs have it.
    function : str
        The qualified name of the function.
    """

    run: Run
    module: str
    function: str

    def answer(self, source: str, case: Case) -> Ran | CrashedAt:
        """Run a case with a changed text of the function; see `Change.source`.

        Most changes crash, so a crash is not described but for its line, which takes less time.
        """
        program = _program(case.program, self.module, self.function)
        answer = self._run(program, {**case.inputs, SOURCE: source}, (*case.aspects, CRASHED))
        if not isinstance(answer, Ran):
            return CrashedAt(0)
        line = answer.values.pop(CRASHED)
        return answer if line is None else CrashedAt(line if isinstance(line, int) else 0)

    def answers(self, sources: Sequence[str], case: Case) -> list[Ran | CrashedAt]:
        """Run a case with several texts, one after the other, in one program.

        To send inputs and to wait for an answer takes longer than most changed code runs. Which inputs are changed in
        place is not found out.
        """
        program = _program_of_several(case.program, self.module, self.function, tuple(case.aspects))
        answer = self._run(program, {INPUTS: dict(case.inputs), SOURCES: list(sources)}, (ANSWERS,))
        found = answer.values[ANSWERS] if isinstance(answer, Ran) else None
        if not isinstance(found, list) or len(found) != len(sources):
            return [CrashedAt(0)] * len(sources)
        return [_one_of_several(item, case) for item in found]

    def kept(self, source: str, case: Case) -> list[Kept]:
        """Run a case with the function as `recorded` writes it, and return the values that it keeps.

        Where it crashes, these are the values up to there.
        """
        program = _program_that_keeps(case.program, self.module, self.function)
        answer = self._run(program, {**case.inputs, SOURCE: source}, (KEPT,))
        found = answer.values[KEPT] if isinstance(answer, Ran) else None
        sites, kept, room = kept_sites(source), list[Kept](), MAX_NUMBERS
        for one in found[:MAX_VALUES] if isinstance(found, list) else ():
            if _is_kept(one) and one[:2] in sites and np.size(one[2]) <= room:
                room -= np.size(one[2])
                kept.append(Kept(*one))
        return kept

    def _run(self, program: str, inputs: dict[str, object], fetch: tuple[str, ...]) -> Answer:
        with np.errstate(all="ignore"):
            return self.run(program, inputs, fetch)


def _one_of_several(item: object, case: Case) -> Ran | CrashedAt:
    """Read one answer of several; the code under test may have put anything in its place."""
    line, values = item if isinstance(item, tuple) and len(item) == 2 else (0, None)
    if line is None and isinstance(values, dict) and values.keys() == case.aspects.keys():
        return Ran(values)
    return CrashedAt(line if isinstance(line, int) else 0)


def _is_kept(item: object) -> bool:
    """Whether an item is what a recorded function keeps; the code under test may have put anything in its place."""
    if not (isinstance(item, tuple) and len(item) == 3):
        return False
    line, text, value = item
    is_array = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return isinstance(line, int) and isinstance(text, str) and (is_array or isinstance(value, float | np.floating))


@cache
def _program_that_keeps(program: str, module: str, function: str) -> str:
    """Let a program run with the recorded function, and hand on what that has kept."""
    return f"{_program(program, module, function)}\n{KEPT} = scope_['{KEPT}']"


@cache
def _program(program: str, module: str, function: str) -> str:
    """Let a program run with a copy of the module that has the changed function in it."""
    lines = [_file(module, function), _changed_module(module, function, SOURCE), f"{module} = changed_"]
    caught = f"except Exception as error_:\n{textwrap.indent(_FIND_LINE, '    ')}"
    return "\n".join(lines) + "\ntry:\n" + textwrap.indent(program, "    ") + f"\n{caught}"


@cache
def _program_of_several(program: str, module: str, function: str, fetch: tuple[str, ...]) -> str:
    """Let a program run with such copies, one after the other, each from the same random numbers and inputs."""
    attempt = f"""\
random_.seed({SEED}), np.random.seed({SEED})
{_changed_module(module, function, "source_")}
variables_ = {{"np": np, "{module}": changed_, **copy_.deepcopy({INPUTS})}}
exec(code_, variables_)
{ANSWERS}.append((None, {{name_: variables_.get(name_) for name_ in {fetch!r}}}))"""
    return f"""\
import copy as copy_, random as random_
{_file(module, function)}
code_ = compile({program!r}, file_ + " of the case", "exec")
{ANSWERS} = []
for source_ in {SOURCES}:
    try:
{textwrap.indent(attempt, "        ")}
    except (Exception, SystemExit) as error_:
{textwrap.indent(_FIND_LINE, "        ")}
        {ANSWERS}.append(({CRASHED}, None))
"""


def _file(module: str, function: str) -> str:
    """Have ``file_`` mean the name of the file that a function of a module is written in."""
    return f"file_ = getattr(getattr({module}.{function}, '__code__', None), 'co_filename', '?')"


def _changed_module(module: str, function: str, source: str) -> str:
    """Have ``changed_`` mean a copy of a module with another text of a function, which is in a variable."""
    owner, _, name = function.rpartition(".")
    lines = [f"scope_ = dict(vars({module}))", f"exec(compile({source}, file_, 'exec'), scope_)"]
    if owner:
        changed = f"{{'{name}': scope_['{owner}'].{name}, '__module__': {module}.{owner}.__module__}}"
        lines.append(f"scope_['{owner}'] = type('{owner}', ({module}.{owner},), {changed})")
    lines.append(f"changed_ = type('{module}', (), scope_)")
    return "\n".join(lines)
