"""Recognise misconceptions: which of the known ones explain what is wrong with an exercise's outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..values import walk
from .case_result import CaseResult
from .misconception_pairs import find_pair


def group_by_misconception(
    paths: Sequence[str], results: Sequence[CaseResult], hints: Mapping[str, str]
) -> dict[str | None, list[str]]:
    """Group the wrong outputs by the misconception that explains them.

    One misconception that gives the whole answer explains all of them. Otherwise each output is explained by itself,
    and of the misconceptions that give it, the one that agrees with most outputs is taken, the right ones included: a
    misconception that would also have broken outputs that are right is unlikely.

    Parameters
    ----------
    paths : sequence of str
        The wrong outputs, as ``"dx"`` or ``"grads.W1"``.
    results : sequence of CaseResult
    hints : mapping of str to str
        The sentence of each misconception, by id, most telling first.

    Returns
    -------
    dict of (str or None) to list of str
        The outputs by the id of a misconception; under None those that no known misconception explains.
    """
    of_everything = find_misconception("", results, hints) if paths else None
    if of_everything:
        return {of_everything: list(paths)}
    candidates = {path: _most_likely(path, results, hints) for path in paths}
    certain: dict[str, tuple[str, ...]] = {}
    for path, names in candidates.items():
        if names:
            certain[path] = tuple(names) if len(names) == 1 else ()
        else:
            certain[path] = find_pair(path, results, tuple(hints))
    named = {name for names in certain.values() for name in names}
    grouped: dict[str | None, list[str]] = {}
    for path, known in certain.items():
        # Where several are as likely, one that explains another output, too, is meant; without one nothing is said.
        shared = [name for name in candidates[path] if name in named][:1]
        for name in known or shared or (None,):
            grouped.setdefault(name, []).append(path)
    return grouped


def find_misconception(path: str, results: Sequence[CaseResult], hints: Mapping[str, str]) -> str | None:
    """Return the first misconception that gives the output `path` in every case (for ``""`` all outputs)."""
    return next((name for name in hints if _gives(name, path, results)), None)


def _most_likely(path: str, results: Sequence[CaseResult], hints: Mapping[str, str]) -> list[str]:
    """List the misconceptions that give an output in every case and, of those, agree with most other outputs."""
    names = [name for name in hints if _gives(name, path, results)]
    if len(names) < 2:
        return names
    outputs = {output for result in results for output, _ in walk(result.expected)}
    agreeing = {name: sum(_gives(name, output, results) for output in outputs) for name in names}
    return [name for name in names if agreeing[name] == max(agreeing.values())]


def _gives(name: str, path: str, results: Sequence[CaseResult]) -> bool:
    return all(result.is_given_by(name, path) for result in results)
