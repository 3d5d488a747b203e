"""Make the cases that all update rules share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from grader.recipes import Case, Equal, Rule, Trait, sizes

# `settings` is what the solver would hand over; a rule may keep it, or change what it remembers in place.
STEPS = """\
config = dict(settings)
for dw in gradients:
    w, config = {rule}(w, dw, config)
next_w = w
{remembered}
"""
ONE_STEP = "next_w, config = {rule}(w, dw, dict(settings))\n{remembered}\n"
DEFAULTS = "next_w, config = {rule}(w, dw)\n{remembered}\n"

FORGETTING = frozenset({"momentum", "decay_rate", "beta1", "weight_decay"})
"""Settings that may be 0."""

Settings = Callable[[np.random.Generator], dict[str, object]]


def rule_cases(
    rng: np.random.Generator, rule: str, remembered: tuple[str, ...], draw_settings: Settings, moments: tuple[str, ...]
) -> Iterator[Case]:
    """Draw one step and several, with a fresh config and with one that has a memory of earlier steps.

    Parameters
    ----------
    rng : Generator
    rule : str
        The exercise: ``"optim.adam"``.
    remembered : tuple of str
        The entries of the config that a step writes.
    draw_settings : callable
        Draws the settings, in a range in which each of them has an effect on the result.
    moments : tuple of str
        Those of `remembered` that are arrays of the shape of the parameter.
    """
    n, m, *image = sizes(rng, 5, high=6)
    lines = "\n".join(f'{name} = config.get("{name}")' for name in remembered)
    several = STEPS.format(rule=rule, remembered=lines)
    aspects: dict[str, Rule] = {name: Equal() for name in ("next_w", *remembered)}

    def inputs(shape: tuple[int, ...], steps: int, dtype: str = "float64") -> dict[str, object]:
        w, gradients = 2 + rng.standard_normal(shape), rng.uniform(0.2, 2, (steps, *shape))
        gradients *= rng.choice([-1, 1], gradients.shape)
        return {"w": w.astype(dtype), "gradients": gradients.astype(dtype), "settings": draw_settings(rng)}

    def single(shape: tuple[int, ...], scale: float = 1.0) -> dict[str, object]:
        drawn = inputs(shape, 1)
        w, dw = scale * np.asarray(drawn["w"]), scale * np.asarray(drawn["gradients"])[0]
        return {"w": w, "dw": dw, "settings": drawn["settings"]}

    def moving(shape: tuple[int, ...], t: int = 4, scale: float = 1.0) -> dict[str, object]:
        memory = {name: scale * rng.uniform(0.2, 1, shape) for name in moments}
        return memory | ({"t": t} if "t" in remembered else {})

    first = single((n, m))
    alone = {"w": first["w"], "dw": first["dw"]}
    yield Case("the first step, with default settings", DEFAULTS.format(rule=rule, remembered=lines), alone, aspects)
    one = ONE_STEP.format(rule=rule, remembered=lines)
    yield Case("one step, with settings", one, single((n, m)), aspects, writable=("settings",))
    later = single((n, m), 50.0)  # so large that a limit would show
    later["settings"] = draw_settings(rng) | moving((n, m))
    yield Case("one step of a parameter in motion", one, later, aspects, writable=("settings",))
    used = single((n, m)) | {"settings": moving((n, m), 40)}
    yield Case("a later step, with default settings", one, used, aspects, writable=("settings",))
    small = single((n, m), 1e-6)  # so small that a lower limit would show
    drawn = {name: 0.0 if name in FORGETTING else value for name, value in draw_settings(rng).items()}
    title = "one step of small numbers" + ", with settings that are 0" * (0.0 in drawn.values())
    small["settings"] = drawn | moving((n, m), scale=1e-8)
    yield Case(title, one, small, aspects, writable=("settings",), traits={Trait.NUMERICAL_RANGE})
    many = {Trait.SEVERAL_STEPS}
    yield Case("two steps in a row", several, inputs((n,), 2), aspects, writable=("settings",), traits=many)
    filters = inputs((n, *image), 5)
    np.asarray(filters["gradients"])[:, 0] = 0  # a filter that nothing depends on
    yield Case("five steps of a filter bank", several, filters, aspects, writable=("settings",), traits=many)
    # Its dtype is not judged: np.sqrt or np.power of a plain float is enough to make numpy answer in float64.
    short, traits = inputs((m, n), 3, "float32"), {Trait.DTYPE, Trait.SEVERAL_STEPS}
    yield Case("float32", several, short, aspects, writable=("settings",), traits=traits)
