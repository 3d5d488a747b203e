"""Try small changes of the code under test, and keep those that make outputs right in every case."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...case import Case
from ...compare import as_array
from ...program import Crash, Ran, Run
from ...values import value_at, walk
from ..case_result import CaseResult
from ..describe.wrong_output import distinct
from ..evidence import Evidence
from .candidates import of_crashes, of_values
from .running import ChangedCode, CrashedAt
from .source import Change, FunctionSource

MAX_RUNS = 120
"""Runs of changed code for one submission's answers to an exercise: a count, so that no hint depends on the machine."""

MAX_VERIFIED = 4
"""Changes that are run on all cases, of those that help in the first one."""

MAX_CRASHES = 3
"""Crashes, one behind the other, that are changed away."""

MAX_NEARER, NEARER = 2, 0.7
"""How many changes are tried with a second one, and the share of the distance to the right answer they may leave."""

MIN_NUMBERS = 4
"""Different numbers that a change has to make right: fewer may be right by chance."""


@dataclass(frozen=True)
class Source:
    """Where the code under test is written.

    Attributes
    ----------
    module : str
        The short name of its module, as the programs of cases have it.
    function : str
        The qualified name of the function.
    text : str
        The text of the file.
    """

    module: str
    function: str
    text: str


@dataclass(frozen=True)
class Found:
    """Changes that make outputs right.

    Attributes
    ----------
    changes : tuple of Change
        Where the code crashes, the first of them end the crashes; all of them are needed.
    right : tuple of str
        The outputs that were wrong, or never came, and are right with them, in every case.
    beside : dict of str to str
        For each output that is still wrong with them, the misconception that gives it then in every case.
    results : tuple of CaseResult
        All cases, with the answers of the changed code.
    """

    changes: tuple[Change, ...]
    right: tuple[str, ...]
    beside: Mapping[str, str] = field(default_factory=dict)
    results: tuple[CaseResult, ...] = ()

    @property
    def said(self) -> str:
        """The changes in words, to follow "with"."""
        return ", and ".join(change.said for change in self.changes)


class Search:
    """Tries changes of one function, with a limit on the runs that this may take.

    Parameters
    ----------
    run : callable
        Runs the code under test.
    source : Source
    """

    def __init__(self, run: Run, source: Source) -> None:
        self.source, self.runs_left = source, MAX_RUNS
        self._run = run
        self._nearer: list[tuple[tuple[bool, float], Change]] = []
        self._function = FunctionSource(source.text, source.function)

    def repair(self, paths: Collection[str], results: Sequence[CaseResult]) -> list[Found]:
        """Find changes that make wrong outputs right in every case, and spoil nothing.

        Parameters
        ----------
        paths : collection of str
            The wrong outputs.
        results : sequence of CaseResult
            All cases.

        Returns
        -------
        list of Found
            Each output is made right by one of them at most; that which makes most of them right comes first.
        """
        found = self._repair(self._function, paths, results)
        left = set(paths) - {path for one in found for path in one.right}
        return [*found, *self._repair_twice(left, results)] if left else found

    def _repair(self, function: FunctionSource, paths: Collection[str], results: Sequence[CaseResult]) -> list[Found]:
        wanted = set(paths)
        probe = _probe([one for one in results if wanted & set(_wrong(one))])
        if probe is None or isinstance(probe.answer, Crash):
            return []
        found: list[Found] = []
        for change in self._helping(function, probe, wanted, results):
            changed = self._on_all(change, results)
            if changed is None:
                continue
            still = _all_wrong(changed)
            right = [path for path in wanted - still if _numbers(path, results) >= MIN_NUMBERS]
            if right and _is_whole(right, changed, results):
                found.append(Found((change,), tuple(sorted(right)), results=tuple(changed)))
                wanted -= set(right)
            if not wanted:
                break
        return found

    def _repair_twice(self, paths: Collection[str], results: Sequence[CaseResult]) -> list[Found]:
        """Find two changes of which the first brings outputs nearer to the right ones, and the second mends them."""
        nearer, self._nearer = sorted(self._nearer, key=lambda pair: pair[0])[:MAX_NEARER], []
        self.runs_left = MAX_RUNS if nearer else 0
        for _, change in nearer:
            changed = self._on_all(change, results)
            if changed is None or _all_wrong(changed) - _all_wrong(results):
                continue
            found = self._repair(self._function.changed(change), set(paths), changed)
            if found:
                return [replace(one, changes=(change, *one.changes)) for one in found[:1]]
        return []

    def _helping(
        self, function: FunctionSource, probe: CaseResult, wanted: set[str], results: Sequence[CaseResult]
    ) -> Iterator[Change]:
        """Yield the changes that make more right in one case, and nothing wrong that was right; the best first."""
        before, distance = set(_wrong(probe)), _distance(probe, wanted)
        helping: list[tuple[int, Change]] = []
        for change in of_values(function, _words(results), _has_images(results)):
            if self.runs_left <= 0:
                break
            answer = self._answer(change, probe.case)
            if isinstance(answer, CrashedAt):
                continue
            result = replace(probe, answer=answer)
            after = set(_wrong(result))
            right = wanted & (before - after)
            if after - before:
                continue
            if wanted & before <= right:
                yield change
            elif right:
                helping.append((len(right), change))
            elif (now := _distance(result, wanted)) < NEARER * distance:
                self._nearer.append(((not change.is_plain, now), change))
        yield from [change for _, change in sorted(helping, key=lambda pair: -pair[0])][:MAX_VERIFIED]

    def mend(self, results: Sequence[CaseResult]) -> Found | None:
        """Find changes with which the code does not crash, and after which nothing is wrong that is not explained.

        Parameters
        ----------
        results : sequence of CaseResult
            All cases, some of which crash.

        Returns
        -------
        Found or None
        """
        probe = _probe([one for one in results if isinstance(one.answer, Crash)])
        if probe is None or not isinstance(probe.answer, Crash):
            return None
        return self._mend(self._function, (), probe, _line(probe.answer), results)

    def _mend(
        self,
        function: FunctionSource,
        before: tuple[Change, ...],
        probe: CaseResult,
        line: int,
        results: Sequence[CaseResult],
    ) -> Found | None:
        running: list[tuple[int, Change]] = []
        moved: list[tuple[Change, CaseResult, int]] = []
        for change in of_crashes(function, _words(results), line, _has_images(results)):
            if self.runs_left <= 0:
                break
            answer = self._answer(change, probe.case)
            if isinstance(answer, CrashedAt):
                if answer.line > line:
                    moved.append((change, probe, answer.line))
                continue
            wrong = _wrong(replace(probe, answer=answer))
            if wrong:
                running.append((len(wrong), change))
                continue
            found = self._explained(function, (*before, change), results)
            if found:
                return found
            moved += self._later_crash(change, results)  # right in this case, it may crash in another one
        for _, change in sorted(running, key=lambda pair: pair[0])[:MAX_VERIFIED]:
            found = self._explained(function, (*before, change), results)
            if found:
                return found
        for change, case, later in moved[:MAX_CRASHES] if len(before) + 1 < MAX_CRASHES else ():
            found = self._mend(function.changed(change), (*before, change), case, later, results)
            if found:
                return found
        return None

    def _later_crash(self, change: Change, results: Sequence[CaseResult]) -> list[tuple[Change, CaseResult, int]]:
        """Find the first case in which changed code crashes behind the line of the change."""
        for one in results:
            answer = self._answer(change, one.case)
            if isinstance(answer, CrashedAt):
                return [(change, one, answer.line)] if answer.line > change.line else []
        return []

    def _explained(
        self, function: FunctionSource, changes: tuple[Change, ...], results: Sequence[CaseResult]
    ) -> Found | None:
        """Run code that does not crash any more on all cases; None where it does, or is wrong for unknown reasons."""
        changed = self._on_all(changes[-1], results)
        if changed is None:
            return None
        still = _all_wrong(changed)
        right = tuple(sorted(_all_wrong(results) - still))
        if len(changes) > 1 and not all(change.is_plain for change in changes):
            return None  # with enough of them, any code runs
        if not still:
            return Found(changes, right, results=tuple(changed))
        if len(changes) > 1 or not changes[0].is_plain:
            return None  # what is wrong then may be a mistake that these have made
        beside = _given_in_all(sorted(still), changed)
        if still == set(beside):
            return Found(changes, right, beside, tuple(changed))
        self.runs_left = MAX_RUNS
        more = self._repair(function.changed(changes[-1]), still - set(beside), changed)
        if more and still - set(beside) <= set(more[0].right):
            return Found((*changes, *more[0].changes), (*right, *more[0].right), beside, more[0].results)
        return None

    def _answer(self, change: Change, case: Case) -> Ran | CrashedAt:
        """Run changed code on one case."""
        self.runs_left -= 1
        return ChangedCode(self._run, self.source.module, self.source.function, change.source).answer(case)

    def _on_all(self, change: Change, results: Sequence[CaseResult]) -> list[CaseResult] | None:
        """Run changed code on all cases; None where it crashes in one."""
        changed = []
        for one in results:
            answer = self._answer(change, one.case)
            if isinstance(answer, CrashedAt):
                return None
            changed.append(replace(one, answer=answer))
        return changed


def _is_whole(right: Collection[str], changed: Sequence[CaseResult], results: Sequence[CaseResult]) -> bool:
    """Whether a change moves no output that stays wrong; one that mends what is differentiated may move gradients.

    Where it moves others, an output may have become right by a second mistake that makes up for the first.
    """
    objective = results[0].case.objective[0]
    if objective in right:
        return True
    for before, after in zip(results, changed, strict=True):
        if isinstance(before.answer, Crash) or isinstance(after.answer, Crash):
            continue
        for path in set(_wrong(after)) - set(right):
            rule = after.case.aspects[path.partition(".")[0]]
            came, comes = (value_at(one.values, path) for one in (before.answer, after.answer))
            if not rule.agree(came, comes, after.case.inputs):
                return False
    return True


def _line(crash: Crash) -> int:
    """The line of the function under test on which a crash came about."""
    return int(crash.call.partition(" ")[0]) if crash.call and crash.function != crash.entered else crash.line


def _probe(results: Sequence[CaseResult]) -> CaseResult | None:
    """Choose the case on which changes are tried first: one of the core in which much is wrong, a small one."""
    return min(results, key=lambda one: (not one.case.is_core, -len(_wrong(one)), one.case.size), default=None)


def _wrong(result: CaseResult) -> tuple[str, ...]:
    """List the wrong outputs; all of them where the code crashed."""
    if isinstance(result.answer, Crash):
        return tuple(path for path, _ in walk({name: result.expected[name] for name in result.case.aspects}))
    return result.wrong_paths()


def _all_wrong(results: Sequence[CaseResult]) -> set[str]:
    return {path for one in results for path in _wrong(one)}


def _distance(result: CaseResult, paths: Collection[str]) -> float:
    """How far some outputs are from the right ones, in proportion; infinite where shapes differ."""
    assert not isinstance(result.answer, Crash)
    total = 0.0
    for path in paths:
        expected, got = as_array(value_at(result.expected, path)), as_array(value_at(result.answer.values, path))
        if expected is None or got is None or expected.shape != got.shape or expected.dtype.kind not in "fiu":
            return np.inf
        length = float(np.linalg.norm(expected.astype(np.float64)))
        total += float(np.linalg.norm(got.astype(np.float64) - expected)) / length if length else 0.0
    return total if np.isfinite(total) else np.inf


def _given_in_all(paths: Sequence[str], results: Sequence[CaseResult]) -> dict[str, str]:
    """Name for each output the misconception that gives it in all cases, where there is a single one."""
    found: dict[str, str] = {}
    evidence = Evidence(results)
    names = dict.fromkeys(name for result in results for name in result.misconceptions)
    for path in paths:
        places = evidence.of(path)
        giving = [name for name in names if places <= evidence.gives(name)]
        fewest = min((len(evidence.shows(name) - evidence.gives(name)) for name in giving), default=0)
        giving = [name for name in giving if len(evidence.shows(name) - evidence.gives(name)) == fewest]
        if len(giving) == 1 and evidence.numbers(places & evidence.wrong) >= MIN_NUMBERS:
            found[path] = giving[0]
    drawn = {place.path for place in evidence.places if place.is_drawn}
    certain = {name for path, name in found.items() if path not in drawn}
    # Draws agree roughly: another output has to agree as well.
    return {path: name for path, name in found.items() if path not in drawn or name in certain}


def _numbers(path: str, results: Sequence[CaseResult]) -> int:
    """Count the different numbers that are expected where an output is wrong."""
    count = 0
    for result in results:
        array = as_array(value_at(result.expected, path))
        if path in _wrong(result) and array is not None:
            count += max(1, distinct(array.astype(np.float64)))
    return count


def _has_images(results: Sequence[CaseResult]) -> bool:
    """Whether the outputs of an exercise have four axes."""
    outputs = (value for one in results for _, value in walk(one.expected))
    return any(isinstance(value, np.ndarray) and value.ndim == 4 for value in outputs)


def _words(results: Sequence[CaseResult]) -> list[str]:
    """List the keys and the choices of the cases' inputs, as ``"mode"`` and ``"train"``."""
    return list(dict.fromkeys(word for one in results for word in _words_of(one.case)))


def _words_of(case: Case) -> Iterator[str]:
    for path, value in walk(case.inputs):
        yield from path.split(".")[1:]
        if isinstance(value, str):
            yield value
