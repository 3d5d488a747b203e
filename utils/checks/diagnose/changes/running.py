"""Run the code under test with a changed function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...program import Answer, Run

SOURCE = "changed_source_"
"""The input that holds the text of the changed function: a program is never built from what a student wrote."""


@dataclass(frozen=True)
class ChangedCode:
    """The code under test with a changed function; used as a `Run`.

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

    def __call__(self, program: str, inputs: Mapping[str, object], fetch: Sequence[str]) -> Answer:
        """Run a program."""
        prefix = _prefix(self.module, self.function)
        return self.run(prefix + program, {**inputs, SOURCE: self.source}, fetch)


def _prefix(module: str, function: str) -> str:
    """Write the lines that make a copy of the module with the changed function in it."""
    owner, _, name = function.rpartition(".")
    own = f"{module}.{function}"
    lines = [
        f"scope_ = dict(vars({module}))",
        f"exec(compile({SOURCE}, getattr(getattr({own}, '__code__', None), 'co_filename', '?'), 'exec'), scope_)",
    ]
    if owner:
        changed = f"{{'{name}': scope_['{owner}'].{name}, '__module__': {module}.{owner}.__module__}}"
        lines.append(f"scope_['{owner}'] = type('{owner}', ({module}.{owner},), {changed})")
    lines.append(f"{module} = type('{module}', (), scope_)")
    return "".join(f"{line}\n" for line in lines)
