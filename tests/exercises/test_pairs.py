"""Two misconceptions in one function: always rejected, hardly ever called by a wrong name, often told apart."""

from __future__ import annotations

from collections import Counter
from difflib import SequenceMatcher
from itertools import combinations, pairwise

import numpy as np
import pytest
from here import RECIPES

from grader.judging.trial import Trial
from grader.recipes import Misconception, Recipe
from grader.reference import Reference
from utils.checks.diagnose import judge

SAMPLE = 20  # pairs of each exercise


def outcomes(recipe: Recipe, reference: Reference) -> Counter[str]:
    """What is said of pairs whose edits can be made one after the other and change what either does alone."""
    rng = np.random.default_rng(0)
    trial = Trial.drawn(recipe, reference, np.random.default_rng(1))
    pairs = list(combinations(recipe.misconceptions, 2))
    found: Counter[str] = Counter()
    for index in rng.permutation(len(pairs)):
        if sum(found.values()) == SAMPLE:
            break
        outcome = judged(recipe, reference, trial, *pairs[index])
        if outcome:
            found[outcome] += 1
    return found


def judged(recipe: Recipe, reference: Reference, trial: Trial, one: Misconception, other: Misconception) -> str:
    source = reference.source(recipe.module)
    text = merged(source, *(reference.changed(recipe.module, each.hunks) for each in (one, other)))
    if not text:  # both edit the same line
        return ""
    try:
        module = reference.execute(text, recipe.module, "pair")
    except SyntaxError:
        return ""
    results = trial.results([trial.answer(case, module) for case in trial.cases])
    judgement = judge(results, recipe.hints, together=trial.together)
    if judgement.share == 1:
        return "accepted"
    named = {finding.misconception for finding in judgement.findings} - {None}
    right = named & {one.id, other.id}
    if len(named) == 1 and not right and len({f.misconception for f in judgement.findings if f.verdict != "pass"}) == 1:
        return "same as a third"  # what the two come to is what another misconception gives in every case
    if named - right:
        return "misnamed"
    return ("unnamed", "one named", "both named")[len(right)]


def merged(source: str, *versions: str) -> str:
    """A text with the changes of several versions of it; ``""`` where two of them change the same line."""
    lines = source.split("\n")
    changes: list[tuple[int, int, list[str]]] = []
    for version in versions:
        new = version.split("\n")
        codes = SequenceMatcher(None, lines, new, autojunk=False).get_opcodes()
        changes += [(start, stop, new[a:b]) for kind, start, stop, a, b in codes if kind != "equal"]
    changes.sort(key=lambda change: change[:2])
    if any(other[0] < one[1] or one[:2] == other[:2] for one, other in pairwise(changes)):
        return ""
    for start, stop, new in reversed(changes):
        lines[start:stop] = new
    return "\n".join(lines)


@pytest.mark.slow
def test_two_misconceptions_at_once_are_rejected_and_told_apart(
    reference: Reference, capsys: pytest.CaptureFixture[str]
) -> None:
    table = {name: outcomes(recipe, reference) for name, recipe in RECIPES.items()}
    total = sum(table.values(), Counter[str]())
    with capsys.disabled():
        for name, found in {**table, "all": total}.items():
            print(f"{name:48}", *(f"{what} {count}" for what, count in found.most_common()), sep="  ")
    pairs = total.total()
    assert pairs > 300
    assert total["accepted"] == 0
    assert total["both named"] >= 0.7 * pairs
    assert total["misnamed"] <= 0.02 * pairs
