"""Try small changes of the code under test, and keep those that make outputs right in every case."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice

from ...case import Case
from ...program import Crash, Ran, Run
from ..case_result import CaseResult
from ..last_right import RightValues, last_right
from ..unused_results import unused_results
from .candidates import of_crashes, of_values
from .outcomes import (
    MIN_NUMBERS,
    all_wrong,
    count_numbers,
    crash_line,
    distance,
    given_in_all,
    has_images,
    known_words,
    moves_nothing_else,
    plainest,
    same_outputs,
    wrong_outputs,
)
from .recorded import recorded
from .running import ChangedCode, CrashedAt
from .source import Change, FunctionSource

MAX_RUNS, MAX_TRIED = 300, 120
"""Runs of changed code for one submission's answers to an exercise, and for one list of changes that are tried there.

They are counted, not timed, so that a hint does not depend on the machine.
"""

MAX_VERIFIED = 4
"""Changes that are run on all cases, of those that help in the first one."""

AT_ONCE = 10
"""Changes that are run in one program."""

MAX_EMPTIED = 4
"""Expressions around a change that are replaced by None, to see whether anything depends on what they give."""

MAX_CRASHES = 3
"""Crashes, one behind the other, that are changed away."""

MAX_RECORDED = 2
"""Cases in which the values that the function computes are compared with those of right solutions."""

MAX_NEARER, NEARER = 3, 0.7
"""How many changes are tried with a second one, and the share of the distance to the right answer they may leave."""


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
    task : str, default ""
        What the function is about, in the words of the exercise.
    meanings : mapping of str to (str or callable), default {}
        What is so with a simpler input, in the words of the exercise; see `simpler_inputs.right_with_simpler_inputs`.
    """

    module: str
    function: str
    text: str
    task: str = ""
    meanings: Mapping[str, str | Callable[[str], str]] = field(default_factory=dict)

    @cached_property
    def function_text(self) -> str:
        """The text of the function; that of the file where it is not found there."""
        node = FunctionSource(self.text, self.function).node
        return self.text if node is None else ast.unparse(node)

    @cached_property
    def has_loops(self) -> bool:
        """Whether a loop stands anywhere in the function, or may stand in other functions of it."""
        node = FunctionSource(self.text, self.function).node
        return node is None or any(isinstance(part, ast.For | ast.While | ast.comprehension) for part in ast.walk(node))

    @cached_property
    def unused(self) -> str:
        """A clause on the first result that the function computes and never uses; ``""`` where there is none."""
        node = FunctionSource(self.text, self.function).node
        found = unused_results(node) if node else []
        return f"`{found[0][0]}`, which line {found[0][1]} computes, is not used" if found else ""


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
    right_values : callable, optional
        Returns the values that right solutions compute in a case, to find the last one that the code under test
        computes as well.
    """

    def __init__(self, run: Run, source: Source, right_values: RightValues | None = None) -> None:
        self.source = source
        self._right_values = right_values
        self._code = ChangedCode(run, source.module, source.function)
        self._runs = 0
        self._nearer: list[tuple[tuple[bool, float], Change]] = []

    @cached_property
    def _function(self) -> FunctionSource:
        """The function as it was handed in; its file is read only if something is wrong with it."""
        return FunctionSource(self.source.text, self.source.function)

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

    def last_right(self, cases: Sequence[Case]) -> str:
        """Say up to where the function computes what right solutions compute, too; ``""`` where that tells nothing.

        Parameters
        ----------
        cases : sequence of Case
            In which it is wrong; the first ones are run.
        """
        function = self._function
        if self._right_values is None or function.node is None:
            return ""
        text = recorded(function)
        few = cases[:MAX_RECORDED]
        right = [(case, self._right_values(case)) for case in few]
        kept = [(case, self._code.kept(text, case), values) for case, values in right if values]
        return last_right(function.node, kept)

    def _repair(self, function: FunctionSource, paths: Collection[str], results: Sequence[CaseResult]) -> list[Found]:
        wanted = set(paths)
        probe = plainest([one for one in results if wanted & set(wrong_outputs(one))])
        if probe is None or isinstance(probe.answer, Crash):
            return []
        found: list[Found] = []
        for change in self._helping(function, probe, wanted, results):
            changed = self._on_all(change, results)
            if changed is None:
                continue
            still = all_wrong(changed)
            right = [path for path in wanted - still if count_numbers(path, results) >= MIN_NUMBERS]
            if right and moves_nothing_else(right, changed, results):
                found.append(Found((change,), tuple(sorted(right)), results=tuple(changed)))
                wanted -= set(right)
            if not wanted:
                break
        return found

    def _repair_twice(self, paths: Collection[str], results: Sequence[CaseResult]) -> list[Found]:
        """Find two changes of which the first brings outputs nearer to the right ones, and the second mends them."""
        nearer, self._nearer = sorted(self._nearer, key=lambda pair: pair[0])[:MAX_NEARER], []
        for _, change in nearer:
            changed = self._on_all(change, results)
            if changed is None or all_wrong(changed) - all_wrong(results):
                continue
            found = self._repair(self._function.changed(change), set(paths), changed)
            if found:
                return [replace(one, changes=(change, *one.changes)) for one in found[:1]]
        return []

    def _helping(
        self, function: FunctionSource, probe: CaseResult, wanted: set[str], results: Sequence[CaseResult]
    ) -> Iterator[Change]:
        """Yield the changes that make more right in one case, and nothing wrong that was right; the best first."""
        before, far = set(wrong_outputs(probe)), distance(probe, wanted)
        helping: list[tuple[int, Change]] = []
        changes = of_values(function, known_words(results), has_images(results))
        for change, answer in self._tried(changes, probe.case):
            if isinstance(answer, CrashedAt):
                continue
            result = replace(probe, answer=answer)
            after = set(wrong_outputs(result))
            right = wanted & (before - after)
            if after - before:
                continue
            if wanted & before <= right:
                yield change
            elif right:
                helping.append((len(right), change))
            elif (now := distance(result, wanted)) < NEARER * far:
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
        probe = plainest([one for one in results if isinstance(one.answer, Crash)])
        if probe is None or not isinstance(probe.answer, Crash):
            return None
        return self._mend(self._function, (), probe, crash_line(probe.answer), results)

    def _mend(
        self,
        function: FunctionSource,
        before: tuple[Change, ...],
        probe: CaseResult,
        line: int,
        results: Sequence[CaseResult],
    ) -> Found | None:
        running: list[tuple[int, Change]] = []
        moved: list[tuple[Change, int]] = []
        changes = of_crashes(function, known_words(results), line, has_images(results))
        for change, answer in self._tried(changes, probe.case):
            if isinstance(answer, CrashedAt):
                if answer.line > line:
                    moved.append((change, answer.line))
                continue
            wrong = wrong_outputs(replace(probe, answer=answer))
            if wrong:
                running.append((len(wrong), change))
                continue
            found = self._explained(function, (*before, change), results)
            if found:
                return found
            later = self._later_crash(change, results)  # right in this case, it may crash in another one
            if later and change.is_plain and len(before) + 1 < MAX_CRASHES:
                return self._mend(function.changed(change), (*before, change), *later, results)
        running.sort(key=lambda pair: pair[0])
        several = [self._explained(function, (*before, change), results) for _, change in running[:MAX_VERIFIED]]
        told = [found for found in several if found]
        if told:
            # Where changes differ in what would be wrong behind them, some of them have made that mistake.
            fewest = min(len(set(found.beside.values())) for found in told)
            told = [found for found in told if len(set(found.beside.values())) == fewest]
            return told[0] if all(found.beside == told[0].beside for found in told) else None
        for change, behind in moved[:MAX_CRASHES] if len(before) + 1 < MAX_CRASHES else ():
            found = self._mend(function.changed(change), (*before, change), probe, behind, results)
            if found:
                return found
        return None

    def _later_crash(self, change: Change, results: Sequence[CaseResult]) -> tuple[CaseResult, int] | None:
        """Find the first case in which changed code crashes, and the line, which is behind that of the change."""
        for one in results:
            answer = self._answer(change, one.case)
            if isinstance(answer, CrashedAt):
                return (one, answer.line) if answer.line > change.line else None
        return None

    def _explained(
        self, function: FunctionSource, changes: tuple[Change, ...], results: Sequence[CaseResult]
    ) -> Found | None:
        """Run code that does not crash any more on all cases; None where it does, or is wrong for unknown reasons."""
        changed = self._on_all(changes[-1], results)
        if changed is None:
            return None
        still = all_wrong(changed)
        right = tuple(sorted(all_wrong(results) - still))
        if len(changes) > 1 and not all(change.is_plain for change in changes):
            return None  # with enough of them, any code runs
        if still and (len(changes) > 1 or not changes[0].is_plain):
            return None  # what is wrong then may be a mistake that these have made
        if any(self._shows_nothing(change, changed, results) for change in changes):
            return None
        if not still:
            return Found(changes, right, results=tuple(changed))
        beside = given_in_all(sorted(still), changed)
        if still == set(beside):
            return Found(changes, right, beside, tuple(changed))
        more = self._repair(function.changed(changes[-1]), still - set(beside), changed)
        if more and still - set(beside) <= set(more[0].right):
            left = all_wrong(more[0].results)  # what was recognised may be made right by that as well
            beside = {path: name for path, name in beside.items() if path in left}
            right = tuple(sorted(all_wrong(results) - left))
            return Found((*changes, *more[0].changes), right, beside, more[0].results)
        return None

    def _shows_nothing(self, change: Change, changed: Sequence[CaseResult], results: Sequence[CaseResult]) -> bool:
        """Whether no output depends on what a changed expression gives, as on a cache that nobody compares.

        Then anything in its place would seem right: None does as well as the change. A name that does not exist is
        another matter: what it should be is told by a name that is like it.

        Parameters
        ----------
        change : Change
        changed : sequence of CaseResult
            All cases, with the answers of the changed code.
        results : sequence of CaseResult
            All cases, with those of the code as it is.
        """
        if change.is_plain and any(
            isinstance(one.answer, Crash) and one.answer.error == "NameError" for one in results
        ):
            return False
        for source in change.emptied[:MAX_EMPTIED]:
            emptied = self._on_all(replace(change, source=source), changed)
            if emptied is not None and all(map(same_outputs, changed, emptied)):
                return True
        return False

    def _tried(self, changes: Iterator[Change], case: Case) -> Iterator[tuple[Change, Ran | CrashedAt]]:
        """Run changes on one case, some at once, until there were too many runs."""
        last = min(self._runs + MAX_TRIED, MAX_RUNS)
        while self._runs < last and (some := list(islice(changes, min(AT_ONCE, last - self._runs)))):
            answers = self._code.answers([change.source for change in some], case)
            for change, answer in zip(some, answers, strict=True):
                if self._runs >= last:  # whoever takes these runs changed code, too
                    return
                self._runs += 1
                yield change, answer

    def _answer(self, change: Change, case: Case) -> Ran | CrashedAt:
        """Run changed code on one case."""
        self._runs += 1
        return self._code.answer(change.source, case)

    def _on_all(self, change: Change, results: Sequence[CaseResult]) -> list[CaseResult] | None:
        """Run changed code on all cases; None where it crashes in one."""
        changed = []
        for one in results:
            answer = self._answer(change, one.case)
            if isinstance(answer, CrashedAt):
                return None
            changed.append(replace(one, answer=answer))
        return changed
