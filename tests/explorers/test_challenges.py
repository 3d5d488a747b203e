"""Challenges: none is solved where it begins, each can be solved, and what is measured is what is seen."""

from __future__ import annotations

import re
from typing import Any

import pytest
from explorer_cases import HandJobs
from sampling import one_of_each, sampled

from solutions.nndl import conv_layers, fc_net, layers, optim
from utils.checks.course import find
from utils.checks.places import read_places
from utils.explorers import (
    BatchNormExplorer,
    BoundaryExplorer,
    ConvolutionExplorer,
    DropoutExplorer,
    GradientExplorer,
    GradientFlowExplorer,
    OptimiserExplorer,
    WeightScaleExplorer,
)
from utils.explorers.challenge_panel import shuffled
from utils.explorers.challenges import CHALLENGES, Challenge, Prediction, Seen
from utils.explorers.challenges.dropout import learnt_by_heart, pays
from utils.explorers.dropout.compute import Dropout, Gaps
from utils.explorers.explorer import Explorer
from utils.explorers.training import Run

NET = fc_net.FullyConnectedNet
MADE: dict[str, Any] = {
    "decision-boundary": lambda state=None: BoundaryExplorer(NET, state, jobs=HandJobs()),
    "gradient-flow": lambda state=None: GradientFlowExplorer(NET, layers, state, jobs=HandJobs()),
    "weight-scale": lambda state=None: WeightScaleExplorer(NET, state, jobs=HandJobs()),
    "batch-norm": lambda state=None: BatchNormExplorer(NET, state, jobs=HandJobs()),
    "dropout": lambda state=None: DropoutExplorer(NET, state, jobs=HandJobs()),
    "optimisers": lambda state=None: OptimiserExplorer(optim, NET, state, jobs=HandJobs()),
    "convolution": lambda state=None: ConvolutionExplorer(conv_layers, state, jobs=HandJobs()),
    "gradient-check": lambda state=None: GradientExplorer(layers, state, jobs=HandJobs()),
}
ALL = [(name, challenge) for name, challenges in CHALLENGES.items() for challenge in challenges]
BETS = [(name, one) for name, one in ALL if isinstance(one.predict, Prediction)]
AT_ONCE = [(name, one) for name, one in ALL if one.measure not in (learnt_by_heart, pays)]


def titled(pairs: list[tuple[str, Challenge]], number: int) -> Any:
    """One challenge of each explorer in the ordinary suite: a test takes the first, another one the second, ..."""
    cases = one_of_each(pairs, lambda pair: pair[0], [one.title for _, one in pairs], number=number)
    return pytest.mark.parametrize(("name", "challenge"), cases)


def test_every_explorer_has_four_to_six_and_a_bet() -> None:
    assert set(CHALLENGES) == set(MADE)
    for challenges in CHALLENGES.values():
        assert 4 <= len(challenges) <= 6
        assert any(isinstance(challenge.predict, Prediction) for challenge in challenges)
        assert len({challenge.title for challenge in challenges}) == len(challenges)


@titled(ALL, 2)
def test_it_is_not_solved_where_it_begins(name: str, challenge: Challenge) -> None:
    explorer = MADE[name](challenge.start)
    found = challenge.measure(Seen(explorer.state, explorer.numbers(explorer.state)))
    assert not found.solved, found.said
    assert found.said.endswith(".")


@titled(AT_ONCE, 0)
def test_it_is_solved_by_its_solution(name: str, challenge: Challenge) -> None:
    explorer = MADE[name](challenge.solution)
    found = challenge.measure(Seen(explorer.state, explorer.numbers(explorer.state)))
    assert found.solved, found.said


@titled(AT_ONCE, 1)
def test_its_solution_can_be_reached_with_the_controls(name: str, challenge: Challenge) -> None:
    explorer: Explorer[Any] = MADE[name]()
    explorer.show(challenge.solution)
    for control, widget in explorer._controls.items():
        wanted = getattr(explorer.state, control)
        assert widget.value == (wanted if isinstance(wanted, str) else pytest.approx(wanted, rel=1e-4)), control
        step, low = getattr(widget, "step", None), getattr(widget, "min", 0)
        if isinstance(step, float) and not hasattr(widget, "base"):
            steps = (widget.value - low) / step
            assert steps == pytest.approx(round(steps), abs=1e-6), control


@pytest.mark.parametrize(("name", "challenge"), ALL, ids=[one.title for _, one in ALL])
def test_where_to_go_on_is_a_section_of_a_notebook(name: str, challenge: Challenge) -> None:
    assert challenge.exercise in read_places(find().root)


@pytest.mark.parametrize(("name", "challenge"), sampled(BETS, [one.title for _, one in BETS], every=3))
def test_the_pictures_of_a_bet_differ_and_do_not_tell(name: str, challenge: Challenge) -> None:
    assert isinstance(challenge.predict, Prediction)
    explorer: Explorer[Any] = MADE[name]()
    order = shuffled(challenge.predict)
    pictures = [explorer._picture_of(code) for code in order]
    assert len(set(pictures)) == len(order) >= 3
    for picture in pictures:
        assert "its numbers are hidden" in picture
        assert not re.search(r"pad \d|x = |% kept|σ \d", picture)


@pytest.mark.parametrize("name", ["decision-boundary", "gradient-flow"])
def test_a_picture_to_bet_on_keeps_its_axes_and_nothing_to_take_hold_of(name: str) -> None:
    explorer: Explorer[Any] = MADE[name]()
    shown = str(explorer._picture.value)
    hidden = explorer._picture_of(str(explorer.state))
    for act in ("data-handle", "tabindex", "data-says", 'role="slider"'):
        assert act in shown
        assert act not in hidden
    words = re.findall(r"<text([^>]*)>([^<]*)</text>", hidden)
    assert any('class="tick"' in look for look, _ in words)
    assert not [text for look, text in words if re.search(r"[0-9]", text) and 'class="tick"' not in look]
    assert hidden.count("<path") > 5


def test_a_bet_is_revealed_beside_the_right_picture_and_then_the_goal_is_played() -> None:
    explorer: Explorer[Any] = MADE["gradient-check"]()
    panel = explorer._challenges
    panel.choice.value = "The best step"
    predict = CHALLENGES["gradient-check"][0].predict
    assert isinstance(predict, Prediction)
    assert "First bet" in panel.goal.value
    assert panel.pictures.value.count("<svg") == 3
    assert not panel.waits
    panel.guess.value = predict.others[0]
    assert "it is" in panel.answer.value
    kind = type(explorer.state)
    assert explorer.code == f"{kind.parse(predict.right)}~{kind.parse(predict.others[0])}"
    assert "Goal" in panel.goal.value

    panel.again.click()
    assert "○" in panel.progress.value
    assert "below 1e-10" in panel.progress.value
    explorer._controls["h"].value = 1e-5
    assert "Solved" in panel.progress.value
    assert "cube root" in panel.progress.value
    assert "Go on:" in panel.progress.value
    assert "✓ The best step" in [label for label, _ in panel.choice.options]
    explorer._controls["h"].value = 0.1
    assert "Solved" in panel.progress.value  # it stays solved
    panel.choice.value = "Across the kink"
    assert "○" in panel.progress.value
    panel.choice.value = ""
    assert panel.progress.value == ""


def test_a_challenge_with_a_missing_rule_says_so_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    explorer: OptimiserExplorer = MADE["optimisers"]()
    explorer._challenges.choice.value = "Calm in the noise"
    assert "○" in explorer._challenges.progress.value

    def missing(*arguments: Any) -> Any:
        raise NotImplementedError("adam: your code here")

    monkeypatch.setattr(explorer.optim, "adam", missing)
    explorer._controls["length"].value = 0.05
    assert "Adam is inf above" in explorer._challenges.progress.value


def gaps(**runs: tuple[float, float]) -> Gaps:
    """Trained nets: last training and best validation accuracy by p, as ``p25=(0.9, 0.4)``."""
    return Gaps({int(name[1:]) / 100: Run([], [0.1, train], [val, 0.1]) for name, (train, val) in runs.items()})


def test_learning_by_heart_is_measured_on_the_net_without_dropout() -> None:
    state = Dropout()
    assert not learnt_by_heart(Seen(state, None)).solved
    assert learnt_by_heart(Seen(state, None, gaps(p0=(1.0, 0.4)))).solved
    assert not learnt_by_heart(Seen(state, None, gaps(p0=(1.0, 0.5), p50=(1.0, 0.3)))).solved
    assert not learnt_by_heart(Seen(state, None, gaps(p0=(0.97, 0.3)))).solved


def test_the_p_that_pays_costs_little_and_gains_most() -> None:
    found = gaps(p0=(1.0, 0.40), p25=(0.99, 0.44), p50=(0.985, 0.46), p75=(0.9, 0.48))
    for p, solved in ((0.0, False), (0.25, False), (0.5, True), (0.45, True), (0.75, False)):
        assert pays(Seen(Dropout(p=p), None, found, over=True)).solved == solved, p
    assert not pays(Seen(Dropout(p=0.5), None, found, over=False)).solved
