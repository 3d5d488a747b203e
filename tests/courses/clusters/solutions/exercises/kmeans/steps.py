"""Both steps of k-means, and what they make smaller."""

import numpy as np

from grader.recipes import Case, Equal, Recipe, Trait, sizes


def _drawn(rng, without_points=False):
    """Points around some centres; no two axes are equally long, and a centre may be far from everything."""
    d, k = sizes(rng, 2, 2, 5)
    n = int(rng.integers(12, 20))
    centres = rng.normal(size=(k, d))
    points = centres[rng.integers(k, size=n)] + 0.5 * rng.normal(size=(n, d))
    if without_points:
        centres[int(rng.integers(k))] = 100.0
    return points, centres


def assign_cases(rng):
    for title, far in (("some groups", False), ("a centre far from all points", True)):
        points, centres = _drawn(rng, far)
        inputs = {"points": points, "centres": centres}
        yield Case(title, "nearest = kmeans.assign(points, centres)", inputs, {"nearest": Equal()})
    points = rng.integers(-3, 4, size=(9, 2)).astype(float)
    inputs = {"points": points, "centres": points[[2, 2, 5]]}
    program = "nearest = kmeans.assign(points, centres)"
    yield Case("a centre that is there twice", program, inputs, {"nearest": Equal()}, traits={Trait.TIE})
    # By absolute differences the other centre would be the nearer one.
    inputs = {"points": 0.1 * rng.normal(size=(7, 3)), "centres": np.array([[4.0, 0.0, 0.0], [2.2, 2.2, 2.2]])}
    yield Case("centres along and across the axes", program, inputs, {"nearest": Equal()})


def update_cases(rng):
    for title, far in (("some groups", False), ("a centre without points", True)):
        points, centres = _drawn(rng, far)
        nearest = ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        inputs = {"points": points, "nearest": nearest, "centres": centres}
        traits = {Trait.NUMERICAL_RANGE} if far else set()
        yield Case(title, "moved = kmeans.update(points, nearest, centres)", inputs, {"moved": Equal()}, traits=traits)


def inertia_cases(rng):
    for title, far in (("some groups", False), ("a centre far from all points", True)):
        points, centres = _drawn(rng, far)
        inputs = {"points": points, "centres": centres}
        yield Case(title, "total = kmeans.inertia(points, centres)", inputs, {"total": Equal()})


RECIPES = (
    Recipe("kmeans.assign", assign_cases),
    Recipe("kmeans.update", update_cases),
    Recipe("kmeans.inertia", inertia_cases),
)
