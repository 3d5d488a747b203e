"""Which misconceptions the answers show: as few as explain what is wrong, and none where it cannot be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .case import leaves
from .hearing import Hearing
from .pairs import pair


def explained_by(
    paths: Sequence[str], hearings: Sequence[Hearing], hints: Mapping[str, str]
) -> dict[str | None, list[str]]:
    """The wrong outputs by the misconception that gives them, None for those that nothing known gives.

    One misconception that gives the whole answer, else for each output the one that agrees with most of all outputs,
    the right ones included: what would have spoiled more than is spoiled is less likely.
    """
    whole = suspect_of("", hearings, hints) if paths else None
    if whole:
        return {whole: list(paths)}
    fits = {path: [name for name in hints if _gives(name, path, hearings)] for path in paths}
    outputs = {path for hearing in hearings for path in leaves(hearing.want)}
    likely = {
        name: sum(_gives(name, path, hearings) for path in outputs)
        for name in dict.fromkeys(name for names in fits.values() for name in names)
    }
    said: dict[str, tuple[str, ...]] = {}
    for path, names in fits.items():
        best = max((likely[name] for name in names), default=0)
        fits[path] = [name for name in names if likely[name] == best]
        said[path] = tuple(fits[path]) if len(fits[path]) == 1 else () if names else pair(path, hearings, tuple(hints))
    named = {name for names in said.values() for name in names}
    explained: dict[str | None, list[str]] = {}
    for path, told in said.items():
        # Where several are as likely, one that shows elsewhere, too, is meant; if there is none, it cannot be told.
        for name in told or [name for name in fits[path] if name in named][:1] or (None,):
            explained.setdefault(name, []).append(path)
    return explained


def suspect_of(path: str, hearings: Sequence[Hearing], hints: Mapping[str, str]) -> str | None:
    """The first misconception that gives the answer for `path` (the whole answer for ``""``) in every case."""
    return next((name for name in hints if _gives(name, path, hearings)), None)


def _gives(name: str, path: str, hearings: Sequence[Hearing]) -> bool:
    return all(hearing.looks_like(name, path) for hearing in hearings)
