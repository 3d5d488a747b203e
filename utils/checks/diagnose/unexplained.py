"""Put into words what is wrong with an output that no known misconception gives."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..case import Case, Finding, Trait
from ..compare import Fault, FaultKind, RandomRule, as_array
from ..program import Run
from ..values import walk
from .between_calls import between_calls
from .by_mode import is_drawn
from .case_result import CaseResult
from .changes import all_wrong
from .clauses import Runs, collect_clauses, is_telling
from .derivative import is_derivative, with_program
from .describe import shown_numbers
from .exchanged import exchanged
from .other_outputs import changes_with, enumerated
from .wrong_forward import WrongForward
from .wrong_outputs import WrongAnswer, WrongOutputs

MAX_RERUN_CASES = 3  # failing cases in which the code under test may be run again for a hint
MIN_CASES = 2  # that one mistake leaves right and that are wrong: of a single one, much may be peculiar
MIN_DRAWS = 100  # numbers by which a change of code that draws is judged
OWN_PLACE = ": is each put in its own place?"
"""What `describe.places.misplaced` asks."""
FOLLOWS_FORWARD = "it is the right derivative of what your forward pass computes, which is wrong"
"""Not that it will be right once the forward pass is: something may be left out of both."""
MAX_LENGTH = 600
"""Characters of what is said of one output: a few lines."""


@dataclass(frozen=True)
class Description:
    """What is said of one wrong output.

    Attributes
    ----------
    path : str
    comparison : str
        What was expected and what came.
    clauses : tuple of str
        What is known beyond that.
    case : str
        The title of the case that is shown.
    lacks : bool
        Whether the output is an entry that its dict lacks.
    telling : bool
        Whether the clauses say more than what was expected, what came, and in which cases.
    """

    path: str
    comparison: str
    clauses: tuple[str, ...]
    case: str
    lacks: bool = False
    telling: bool = True

    @property
    def kind(self) -> str:
        """The clauses without the number of the output's own layer: the same mistake in several layers is said once.

        Another layer's number stays, because what is said of ``W1`` may be true of one gradient and not of another.
        """
        own = re.search(r"\d+$", self.path)
        said = "; ".join(self.clauses)
        return re.sub(rf"(?<=[A-Za-z]){own[0]}(?!\d)", "", said) if own else said


def unexplained_findings(
    paths: Sequence[str],
    wrong: WrongOutputs,
    results: Sequence[CaseResult],
    runs: Runs,
    *,
    last_resort: bool = False,
) -> list[Finding]:
    """Describe wrong outputs: one finding for all of which the same is said.

    Parameters
    ----------
    paths : sequence of str
        The outputs.
    wrong : WrongOutputs
    results : sequence of CaseResult
        All cases. In one that crashed, no output is right.
    runs : Runs
    last_resort : bool, default False
        Whether to compare the values of the code under test with those of right solutions, if nothing that is said of
        any output tells more than what was expected and what came.
    """
    wrong = wrong.beside_right_values()
    held = exchanged({path: wrong.by_path[path] for path in paths})
    findings = [_exchange(held, wrong)] if held else []
    open_paths = [path for path in paths if path not in held and _may_be_changed(path, wrong)]
    found = runs.search.repair(open_paths, results) if runs.search and open_paths else []
    repairs = {path: one for one in found for path in one.right}
    groups: dict[tuple[str, str], list[Description]] = {}
    for path in paths:
        if path in held:
            continue
        if path in repairs:
            still = all_wrong(repairs[path].results)
            others = [other for other in wrong.by_path if other not in repairs[path].right and other in still]
            elsewhere = _elsewhere(wrong.by_path[path]) if len(repairs[path].changes) == 1 else ""
            one = _repaired(path, f"{repairs[path].said}{elsewhere}", wrong, results, alone=bool(others))
        else:
            one = _description(path, wrong, results, runs)
        # Outputs of which nothing is known but that they are wrong have no more in common than that.
        held_there = _without_key(one) if one.lacks else ""
        key = f"{held_there}{one.kind}" or f"nothing is known of {path}"
        groups.setdefault((path.partition(".")[0] if not one.kind else "", key), []).append(one)
    described = list(groups.values())
    if last_resort and not findings and not any(group[0].telling for group in described):
        described = _with_last_right(described, wrong, runs)
    return findings + [_finding(group) for group in described]


def _with_last_right(groups: Sequence[list[Description]], wrong: WrongOutputs, runs: Runs) -> list[list[Description]]:
    """Add to the first group, but for one of draws, up to where the code computes what right solutions compute, too."""
    for group in groups if runs.search else ():
        # Of a wrong dtype or shape, the values before it say nothing.
        values = [one for one in wrong.by_path[group[0].path] if one.fault.kind is FaultKind.VALUE]
        answers = [one for one in values if not is_drawn(one)]
        cases = [
            one.result.case
            for one in sorted(answers, key=lambda one: (not one.result.case.is_core, one.result.case.size))
        ]
        said = runs.search.last_right(cases) if cases and runs.search else ""
        if said:
            first = replace(group[0], clauses=(said, *group[0].clauses))
            return [[first, *group[1:]] if one is group else one for one in groups]
    return list(groups)


def findings_after(forward: WrongForward, paths: Sequence[str], wrong: WrongOutputs, runs: Runs) -> list[Finding]:
    """Describe wrong gradients behind a wrong forward function that does not explain them: one finding for all."""
    groups: dict[str, list[str]] = {}
    for path in paths:
        follows = runs.code and _follows_forward(wrong.by_path[path], runs.code)
        groups.setdefault(FOLLOWS_FORWARD if follows else forward.first, []).append(path)
    findings = []
    for said, group in groups.items():
        shown = wrong.clearest(group[0])
        seen = comparison(shown.fault, with_name=len(group) > 1)
        title = shown.result.case.title
        findings.append(Finding(", ".join(group), "fail", f"{seen}; {said}.", None, title, seen=f"{seen}."))
    return findings


def _may_be_changed(path: str, wrong: WrongOutputs) -> bool:
    """Whether a change of code that makes an output right tells what is wrong with it.

    Whether something was left behind, 0 or 1, is as right after any change that takes another object.
    """
    are_flags = all(
        path.partition(".")[0] in answer.result.case.effects and _says_yes_or_no(answer)
        for answer in wrong.by_path[path]
    )
    return not are_flags and not _is_judged_by_chance(path, wrong)


def _says_yes_or_no(answer: WrongAnswer) -> bool:
    right = as_array(answer.fault.expected)
    return right is not None and bool(np.isin(right, (0, 1)).all())


def _is_judged_by_chance(path: str, wrong: WrongOutputs) -> bool:
    """Whether an output has to be random: of a change after which it passes, nobody knows whether it is that then.

    Dropped entries and drawn weights are numbers that many draws tell; fewer say as little.
    """
    answers = wrong.by_path[path]
    rules = [answer.result.case.aspects.get(answer.fault.output) for answer in answers]
    if any(isinstance(rule, RandomRule) for rule in rules):
        return True
    drawn = [as_array(answer.fault.expected) for answer in answers if is_drawn(answer)]
    return bool(drawn) and sum(array.size for array in drawn if array is not None) < MIN_DRAWS


def _exchange(held: Mapping[str, str], wrong: WrongOutputs) -> Finding:
    """Say that several outputs stand in each other's places."""
    shown = wrong.clearest(next(iter(held)))
    places = ", ".join(f"{path} holds what belongs to {other}" for path, other in held.items())
    stand = "stand in each other's places" if set(held) == set(held.values()) else "hold what belongs to others"
    hint = f"The outputs {stand}: {places}; look at the order, or the names, of what is returned."
    seen = f"{comparison(shown.fault, with_name=True)}."
    return Finding(", ".join(held), "fail", hint, None, shown.result.case.title, seen=seen)


def _finding(group: Sequence[Description]) -> Finding:
    first = group[0]
    compared = _lacking(group) if first.lacks else first.comparison
    said = as_sentences((compared, *first.clauses))
    return Finding(", ".join(one.path for one in group), "fail", said, None, first.case, seen=f"{compared}.")


def _without_key(lacking: Description) -> str:
    """What is said of an entry that a dict lacks, without its name; what the dict holds may differ between cases."""
    return lacking.comparison.replace(f'"{lacking.path.rpartition(".")[2]}"', "", 1)


def _lacking(group: Sequence[Description]) -> str:
    """Say which entries a dict lacks, in one sentence for all of them."""
    keys = ", ".join(f'"{one.path.rpartition(".")[2]}"' for one in group)
    return group[0].comparison.replace(f'"{group[0].path.rpartition(".")[2]}"', keys, 1)


def describe_rest(
    path: str, names: Sequence[str], rest: Collection[CaseResult], wrong: WrongOutputs, runs: Runs
) -> Finding:
    """Describe an output in the cases that a misconception leaves unexplained.

    Parameters
    ----------
    path : str
        The output.
    names : sequence of str
        The misconceptions that explain its other cases.
    rest : collection of CaseResult
        The cases that they leave unexplained.
    wrong : WrongOutputs
    runs : Runs
    """
    left = {id(result) for result in rest}
    answers = [answer for answer in wrong.by_path[path] if id(answer.result) in left]
    shown = min(answers, key=lambda answer: answer.result.case.size)
    # What is seen in the one that is shown is said of those that are wrong in the same way, the shown one first.
    alike = [answer for answer in answers if answer.fault.kind is shown.fault.kind and answer is not shown]
    others = len(answers) - 1 - len(alike)
    answers = [shown, *alike]
    before, seen = _wrong_before(path, rest, wrong, runs), comparison(shown.fault)
    if before:
        clauses = [f"{before} wrong there, too, and may be the reason: correct that first"]
    else:
        clauses = collect_clauses(shown, answers, [answer.result for answer in wrong.by_path[path]], runs, rest=True)[
            :-1
        ]
    another = not before and _is_another_mistake(names, path, rest)
    if not another:  # the same mistake may look like this there, and then what is asked about another one misleads
        clauses = [clause.replace(OWN_PLACE, "") for clause in clauses]
    said = as_sentences((seen, *clauses))
    if others:
        said += f" In {others} more {'case' if others == 1 else 'cases'} it is wrong in another way."
    hint = f"Look at {path} in {_cases(answers)}, too: {said}"
    if another:
        hint = f"In {_cases(answers)}{',' if len(answers) > 1 else ''} {path} is wrong in another way, too: {said}"
    return Finding(path, "fail", hint, None, shown.result.case.title, seen=f"{seen}.")


def _is_another_mistake(names: Sequence[str], path: str, rest: Collection[CaseResult]) -> bool:
    """Whether some misconceptions leave an output right in all of several plain cases in which it is wrong.

    Where they make it wrong as well, the same mistake may be written in a way that looks different there, and at the
    edges of an exercise one mistake often shows in several ways.
    """
    plain = [result for result in rest if result.case.is_core]
    return len(plain) >= MIN_CASES and not any(_shows(name, path, result) for name in names for result in plain)


def _shows(name: str, path: str, result: CaseResult) -> bool:
    broken = result.wrong_in(name)
    return broken is None or path in broken


def _wrong_before(path: str, results: Collection[CaseResult], wrong: WrongOutputs, runs: Runs) -> str:
    """Name the outputs that are wrong in all of some cases of several steps, in which one output makes others wrong.

    What the code does not read, as a count of the steps that nothing is divided by, is no reason. Nor is what the right
    output does not depend on: it has to be right without that, and two outputs that are read for each other would each
    be called the reason of the other.
    """
    if not all(Trait.SEVERAL_STEPS in result.case.traits for result in results):
        return ""
    first = next(iter(results)).wrong_paths()
    others = [one for one in first if one != path and all(one in result.wrong_paths() for result in results)]
    every = {id(one.result): one.result.case for answers in wrong.by_path.values() for one in answers}
    cases = list(every.values())
    for run in filter(None, (runs.code, runs.reference)):
        others = [one for one in others if _is_read(one, path, cases, run)]
    return f"{enumerated(others)} {'is' if len(others) == 1 else 'are'}" if others else ""


def _is_read(name: str, path: str, cases: Sequence[Case], run: Run) -> bool:
    """Whether an output changes with the input of some name in a case that has one; False where none has."""
    having = [case for case in cases if any(one.rpartition(".")[2] == name for one, _ in walk(case.inputs))]
    having = [case for case in having if path.partition(".")[0] in case.aspects]
    return any(changes_with(case, path, name, run) for case in having[:MAX_RERUN_CASES])


def _cases(answers: Sequence[WrongAnswer]) -> str:
    if len(answers) == 1:
        return f'the case "{answers[0].result.case.title}"'
    return f'{len(answers)} cases, such as "{answers[0].result.case.title}"'


def _description(path: str, wrong: WrongOutputs, results: Sequence[CaseResult], runs: Runs) -> Description:
    """Collect what can be said of one wrong output."""
    # The first case is the plainest, without kinks or float32: the derivative can be measured there.
    first = wrong.by_path[path][0]
    if (
        runs.code
        and not between_calls(wrong.by_path[path], results)
        and _follows_forward(wrong.by_path[path], runs.code)
    ):
        return Description(path, first.fault.clause, (FOLLOWS_FORWARD,), first.result.case.title)
    shown = wrong.clearest(path)
    clauses = collect_clauses(shown, wrong.by_path[path], results, runs)
    said, lacks = comparison(shown.fault), shown.fault.kind is FaultKind.KEY
    telling = any(map(is_telling, filter(None, clauses[:-1]))) or "only" in clauses[-1]
    return Description(path, said, tuple(filter(None, clauses)), shown.result.case.title, lacks, telling)


def _repaired(
    path: str, said: str, wrong: WrongOutputs, results: Sequence[CaseResult], *, alone: bool = False
) -> Description:
    """Say what makes an output right, and how it differs as long as that is not done.

    Where something else is wrong, too, and has to be changed as well, the change was tried `alone`.
    """
    shown = wrong.clearest(path)
    form = collect_clauses(shown, wrong.by_path[path], results, Runs())[0]
    as_it_is = ", the rest of the code being as it is" if alone else ""
    clauses = [f"with {said}, it would be right in every case{as_it_is}", "" if form.endswith("?") else form]
    lacks = shown.fault.kind is FaultKind.KEY
    return Description(path, comparison(shown.fault), tuple(filter(None, clauses)), shown.result.case.title, lacks)


def _elsewhere(answers: Sequence[WrongAnswer]) -> str:
    """Say that a change may be due elsewhere, of an output that is the right one times one and the same number.

    Such a number may be missing, or too many, in any of the factors that make up the output. A single case does not
    tell whether it is the same one.
    """
    multiples = [_multiple(answer) for answer in answers if not is_drawn(answer)]
    known = [multiple for multiple in multiples if multiple is not None]
    if len(known) < max(MIN_CASES, len(answers)) or not np.allclose(known, known[0], rtol=1e-4, atol=0):
        return ""
    return ", or with a minus elsewhere" if np.isclose(known[0], -1) else ", or with the same factor elsewhere"


def _multiple(answer: WrongAnswer) -> float | None:
    """Return how many times the right output came; None where it is no multiple of it."""
    right, got = as_array(answer.fault.expected), as_array(answer.fault.got)
    if right is None or got is None or right.shape != got.shape or not (right.any() and got.any()):
        return None
    multiple = float(np.vdot(right, got) / np.vdot(right, right))
    alike = np.allclose(multiple * right, got, rtol=1e-4, atol=1e-6 * float(np.abs(got).max()))
    return multiple if alike else None


def _follows_forward(answers: Sequence[WrongAnswer], run: Run) -> bool:
    """Whether a wrong gradient is the right one of what a wrong forward pass computes.

    The first case has to show it, and no other may refute it.
    """
    verdicts = []
    for index, (result, fault) in enumerate(answers):
        if index >= MAX_RERUN_CASES and fault.kind is not FaultKind.VALUE:
            continue  # a wrong dtype is said of no derivative
        output = result.case.objective[0]
        forward_is_right = output in result.case.aspects and all(one.path != output for one in result.faults())
        if fault.kind is not FaultKind.VALUE or forward_is_right:
            return False
        verdicts.append(is_derivative(result.case, fault.path, fault.got, with_program(run, result.case)))
        if verdicts[0] is not True or verdicts[-1] is False:
            return False
    return True


def comparison(fault: Fault, *, with_name: bool = False) -> str:
    """Say what is seen and what was expected: all of the numbers where they are few, else the first that differs."""
    shown = shown_numbers(fault.expected, fault.got) if fault.by_entry else ""
    if not shown:
        return fault.sentence if with_name else fault.clause
    return f"{fault.path}: {shown}" if with_name else shown


def as_sentences(clauses: Sequence[str]) -> str:
    """Join clauses to text; what follows a question is a sentence of its own."""
    said = ""
    for clause in filter(None, clauses):
        if said and len(said) + len(clause) > MAX_LENGTH:
            break
        if said.endswith("?"):
            said = f"{said} {clause[0].upper()}{clause[1:]}"
        else:
            said = f"{said}; {clause}" if said else clause
    return said if said.endswith("?") else f"{said}."
