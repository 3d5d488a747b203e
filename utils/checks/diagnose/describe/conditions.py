"""Say what the failing cases have in common and the passing ones lack.

A *condition* holds in some cases and not in others. Most are read from the inputs of a case, so nobody has to state
them; the others are traits, which the recipe states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from ...case import Case, Trait
from ...compare import Array
from ...values import value_at, walk
from .wrong_output import examples, numeric_inputs

Inputs = Mapping[str, Array]
MIN_CASES = 4
"""Cases that it takes to say in which of them an output is wrong."""

MIN_OF_EACH = 2
"""Cases that ran, wrong ones and beside crashes right ones, that it takes: one alone has much that the others lack."""

NEVER_HELPS = {"when the numbers are large", "for float32"}
"""What makes no wrong answer right: where only such cases pass, they pass by chance, or because they tolerate more."""

SIZES_OF_X = {"when N = 1", "when x has a single column", "when x has a single channel"}
"""Conditions on the size of the examples, beside which another array may have a single row or column as well."""

NOT_GIVEN = "when no "
"""How a condition begins that an optional setting is not there."""

Condition = tuple[str, Callable[[Case, Inputs], bool]]


def when_it_is_wrong(
    failing: Sequence[Case],
    passing: Sequence[Case],
    crashed: Sequence[Case] = (),
    is_refuted: Callable[[str], bool] = lambda condition: False,
    *,
    counted: bool = True,
) -> str:
    """Say in which kind of case an output is wrong.

    Parameters
    ----------
    failing, passing : sequence of Case
        The cases in which one output is wrong, and those in which it is right.
    crashed : sequence of Case, optional
        Those that crashed, in which it is not right either, but which show nothing of the output.
    is_refuted : callable, optional
        Tells of a condition, such as ``"when reg is 0"``, whether a run has shown that it does not decide.
    counted : bool, default True
        Whether to say in how many cases it is right where no condition is found. Random draws pass some by chance.

    Returns
    -------
    str
        A clause such as ``"in the cases tried it is wrong only in test mode"``; ``""`` where the output is wrong in
        all cases.
    """
    if not failing or not passing:
        return ""
    only_wrong, only_right = [], []
    # That a single case is right may show what hides the mistake; that one is wrong has too many possible reasons.
    if len(failing) >= MIN_OF_EACH and len(passing) >= (MIN_OF_EACH if crashed else 1):
        only_wrong = _separating([*failing, *crashed], passing)
        # A rule about random draws lets much pass.
        right_there = _separating(passing, [*failing, *crashed]) if counted else []
        only_right = [name for name in right_there if name not in NEVER_HELPS]
    only_wrong, only_right = ([one for one in some if not is_refuted(one)] for some in (only_wrong, only_right))
    # What tells these cases apart need not be all that matters: in a case that is not among them it may be otherwise.
    if only_wrong:
        return f"in the cases tried it is wrong only {' or '.join(only_wrong)}"
    if only_right:
        return f"in the cases tried it is right only {' or '.join(only_right)}"
    if not counted:
        return ""
    total = len(failing) + len(crashed) + len(passing)
    if len(failing) == 1 and not crashed:
        return f'it is right in all of the {total} cases but this one ("{failing[0].title}")'
    telling = [case for case in passing if not _tolerates_more(case)]
    if not telling:
        return ""
    return f'it is right in {len(passing)} of {total} cases, as in "{telling[0].title}"'


def _tolerates_more(case: Case) -> bool:
    """Whether a wrong answer may pass in a case because its numbers are large, or have few digits."""
    inputs = numeric_inputs(case.inputs)
    return any(holds(case, inputs) for name, holds in CONDITIONS if name in NEVER_HELPS)


def _separating(cases: Sequence[Case], others: Sequence[Case]) -> list[str]:
    """List the conditions that hold in all of some cases and in none of the others, two at most.

    A single case has many properties that the others lack. So what sets it apart is only said where nothing else does,
    and where there are enough other cases that might have refuted it.
    """
    if len(cases) + len(others) < MIN_CASES:
        return []
    settings = _settings([*cases, *others])
    held, lacking = ([_conditions_of(case, settings) for case in group] for group in (cases, others))
    names = [name for name in held[0] if all(name in one for one in held)]
    names = [name for name in names if not any(name in one for one in lacking)]
    if any(name in SIZES_OF_X for name in names):
        names = [*names[:1], *_other_sizes_of_one(cases, others), *names[1:]]
    if len(others) < MIN_OF_EACH:  # the one case that has it may differ in its mode, too
        names = [name for name in names if not name.startswith(NOT_GIVEN)]
    return names[:2] if len(cases) > 1 or len(names) == 1 else []


def _other_sizes_of_one(cases: Sequence[Case], others: Sequence[Case]) -> list[str]:
    """List what has a single row or column in all of some cases and in none of the others, the examples left out.

    It may be the reason as well as a size of the examples. What always follows from their sizes is none.
    """
    first, *more = ({path: array.shape for path, array in numeric_inputs(one.inputs).items()} for one in cases)
    lacking = [{path: array.shape for path, array in numeric_inputs(one.inputs).items()} for one in others]
    found = []
    for path, shape in first.items():
        every = [one.get(path, ()) for one in (first, *more, *lacking)]
        if path in ("x", "X") or not 0 < len(shape) < 3 or any(len(one) != len(shape) for one in every):
            continue
        for axis in range(len(shape)):
            is_one = [one[axis] == 1 for one in every]
            follows = _is_size_of_examples([one[axis] for one in every], [*cases, *others])
            if all(is_one[: len(cases)]) and not any(is_one[len(cases) :]) and not follows:
                part = "entry" if len(shape) == 1 else ("row", "column")[axis]
                found.append(f"when {path.rpartition('.')[2]} has a single {part}")
    return found[:1]


def _is_size_of_examples(lengths: Sequence[int], cases: Sequence[Case]) -> bool:
    """Whether some lengths are those of one axis of the examples in each case, or of all but the first together."""
    sizes = []
    for case in cases:
        data = examples(numeric_inputs(case.inputs))
        if data is None or not data.ndim:
            return False
        sizes.append({**dict(enumerate(data.shape)), -1: int(np.prod(data.shape[1:]))})
    return any(all(one.get(axis) == n for one, n in zip(sizes, lengths, strict=True)) for axis in range(-1, 4))


def _conditions_of(case: Case, settings: Mapping[str, None]) -> list[str]:
    inputs = numeric_inputs(case.inputs)
    named = [words for words, holds in CONDITIONS if holds(case, inputs)]
    named += [f"when {name} is {value}" for name, value in _choices(case.inputs)]
    return named + [f"{NOT_GIVEN}{path.rpartition('.')[2]} is given" for path in settings if _lacks(case.inputs, path)]


def _settings(cases: Sequence[Case]) -> dict[str, None]:
    """List what stands in the dicts among the inputs of any case; some of it is optional, such as running means.

    The parameters of a net are none of it: which ones there are follows from its other settings.
    """
    paths = (path for case in cases for path, _ in walk(case.inputs))
    return dict.fromkeys(path for path in paths if "." in path and not path.startswith("params."))


def _lacks(inputs: Mapping[str, object], path: str) -> bool:
    """Whether the dict that may hold a value is there and does not hold it."""
    above, _, name = path.rpartition(".")
    held = value_at(inputs, above)
    return isinstance(held, Mapping) and name not in held


def _choices(inputs: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield the settings that are chosen rather than drawn: words, switches, None."""
    for path, value in walk(inputs):
        if (value is None or isinstance(value, str | bool)) and not path.endswith("dtype"):
            yield path.rpartition(".")[2], repr(value)


def _has_trait(trait: Trait) -> Callable[[Case, Inputs], bool]:
    return lambda case, inputs: trait in case.traits


def _with_examples(holds: Callable[[Array], bool]) -> Callable[[Case, Inputs], bool]:
    """Make a condition on the minibatch; it does not hold where there is none."""

    def condition(case: Case, inputs: Inputs) -> bool:
        data = examples(inputs)
        return data is not None and bool(holds(data))

    return condition


def _number(inputs: Inputs, name: str) -> float:
    """Return the input of this name that is a single number; NaN where there is none."""
    found = (float(value) for path, value in inputs.items() if path.rpartition(".")[2] == name and not value.ndim)
    return next(found, float("nan"))


def _window(inputs: Inputs) -> float:
    """Return the smaller side of what slides over the image."""
    if "w" in inputs and inputs["w"].ndim == 4:
        return float(min(inputs["w"].shape[2:]))
    return min(_number(inputs, "pool_height"), _number(inputs, "pool_width"))


def _last_batch_is_smaller(case: Case, inputs: Inputs) -> bool:
    """Whether the examples are more than a batch, and the last batch is not full."""
    data, batch_size = examples(inputs), _number(inputs, "batch_size")
    return data is not None and len(data) > batch_size > 0 and bool(len(data) % batch_size)


def _is_large(inputs: Inputs) -> bool:
    floats = (array for array in inputs.values() if array.dtype.kind == "f" and array.size and array.ndim)
    return any(np.abs(array).max() > 100 for array in floats)


def _differ(sizes: Sequence[int]) -> bool:
    return len(set(sizes)) > 1


# The words follow "wrong only" or "right only"; most telling first, because at most two are said.
CONDITIONS: tuple[Condition, ...] = (
    ("in test mode", _has_trait(Trait.TEST_MODE)),
    ("for float32", _has_trait(Trait.DTYPE)),
    ("when N = 1", _with_examples(lambda x: x.ndim > 1 and len(x) == 1)),
    ("when x is laid out in another memory order", _has_trait(Trait.MEMORY_ORDER)),
    ("when pad is 0", lambda case, inputs: _number(inputs, "pad") == 0),
    ("when the stride is more than 1", lambda case, inputs: _number(inputs, "stride") > 1),
    ("when windows overlap", lambda case, inputs: _number(inputs, "stride") < _window(inputs)),
    ("when H and W differ", _with_examples(lambda x: x.ndim == 4 and _differ(x.shape[2:]))),
    ("when windows leave a rest at the end", _has_trait(Trait.WINDOWS_LEAVE_A_REST)),
    ("when x has a single column", _with_examples(lambda x: x.ndim == 2 and x.shape[1] == 1)),
    ("when x has a single channel", _with_examples(lambda x: x.ndim == 4 and x.shape[1] == 1)),
    ("when x has as many rows as columns", _with_examples(lambda x: x.ndim == 2 and not _differ(x.shape))),
    ("when x has more than two axes", _with_examples(lambda x: x.ndim > 2)),
    ("when x has one axis", _with_examples(lambda x: x.ndim == 1 and x.size > 0)),
    ("when reg is 0", lambda case, inputs: _number(inputs, "reg") == 0),
    ("when p is 0", lambda case, inputs: _number(inputs, "p") == 0),
    ("when x holds zeros", _with_examples(lambda x: x.size > 0 and not x.all())),
    ("when the numbers are large", lambda case, inputs: _is_large(inputs)),
    ("when the last batch is smaller than the others", _last_batch_is_smaller),
    ("in a subclass, which replaces a method", _has_trait(Trait.SUBCLASS)),
    ("over several steps", _has_trait(Trait.SEVERAL_STEPS)),
    ("with default settings", lambda case, inputs: case.inputs.get("settings") == {}),
)  # fmt: skip
