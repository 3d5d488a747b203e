"""Find the explanation of a crash: the first that its message and its operands bear out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from ...program import Crash
from .arguments import EXPLANATIONS as OF_ARGUMENTS
from .assigned import EXPLANATIONS as OF_ASSIGNMENTS
from .beside import describe_beside
from .broadcasting import EXPLANATIONS as OF_BROADCASTING
from .calls import describe_call
from .convolutions import EXPLANATIONS as OF_CONVOLUTIONS
from .indexing import EXPLANATIONS as OF_INDEXING
from .library_calls import EXPLANATIONS as OF_LIBRARY_CALLS
from .loops import EXPLANATIONS as OF_LOOPS
from .names import EXPLANATIONS as OF_NAMES
from .products import EXPLANATIONS as OF_PRODUCTS
from .python_messages import EXPLANATIONS as OF_MESSAGES
from .python_messages import hidden_function
from .refusals import EXPLANATIONS as OF_REFUSALS
from .results import describe_given
from .site import Site
from .slips import EXPLANATIONS as OF_SLIPS
from .tensors import EXPLANATIONS as OF_TENSORS
from .unpacking import EXPLANATIONS as OF_UNPACKING
from .windows import EXPLANATIONS as OF_WINDOWS

Explanation = tuple[str, Callable[[Site, re.Match[str]], str]]
"""A pattern of ``"ErrorClass: message"``, and what can be said where it fits; ``""`` without the evidence for it."""

EXPLANATIONS: Iterable[Explanation] = (
    (r"TypeError: '[\w.]+' object is not callable", hidden_function),
    *OF_SLIPS,
    *OF_LIBRARY_CALLS,
    *OF_TENSORS,
    *OF_PRODUCTS,
    *OF_BROADCASTING,
    *OF_ASSIGNMENTS,
    *OF_INDEXING,
    *OF_WINDOWS,
    *OF_CONVOLUTIONS,
    *OF_LOOPS,
    *OF_UNPACKING,
    *OF_NAMES,
    *OF_REFUSALS,
    *OF_ARGUMENTS,
    *OF_MESSAGES,
)


MOST_OTHERS = 6
"""Other cases that are asked whether something would fit, too."""


def explain_crash(
    crash: Crash,
    inputs: Mapping[str, object],
    expected: Mapping[str, object],
    *,
    advise: bool = True,
    others: Iterable[tuple[Crash, Mapping[str, object], Mapping[str, object]]] = (),
    alone: bool = False,
) -> str:
    """Explain a crash.

    Parameters
    ----------
    crash : Crash
        As it came; nothing in it is trusted to be true to form.
    inputs : mapping of str to object
        What the case starts with.
    expected : mapping of str to object
        The right outputs; only their shapes are said.
    advise : bool, default True
        Whether to say what would fit, which is read from the shapes alone. Where a change is known that was run, it
        is not said, because it may be another one.
    others : iterable of (Crash, mapping, mapping), optional
        Crashes in other cases, with what those start with and their right outputs; they can refute what would fit.
    alone : bool, default False
        Whether the code ran in all other cases, of which there are some.

    Returns
    -------
    str
        One or two whole sentences; ``""`` where nothing is known beyond the message.
    """
    if crash.unfinished:
        return crash.unfinished
    same_line = [one for one in others if one[0].line == crash.line and one[0].file == crash.file]
    known = [Site(*one) for one in same_line[:MOST_OTHERS]]
    site = Site(crash, inputs, expected, advises=advise, others=known, alone=alone)
    # Where another module has raised, the worker puts the function's name before the message.
    said = f"{crash.error}: {re.sub(r'^[a-z_]+[.][A-Za-z_.]+: ', '', crash.message)}"
    for pattern, explain in EXPLANATIONS:
        match = re.match(pattern, said, re.DOTALL)
        text = explain(site, match) if match else ""
        if text:
            return _joined(text, describe_call(site, text), _given(site), describe_beside(site))
    more = _joined(describe_call(site), _given(site), describe_beside(site))
    return f"{said.rstrip('.')}. {more}" if more else ""


def _given(site: Site) -> str:
    return describe_given(site) if site.advises else ""


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
