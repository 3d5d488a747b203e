"""Two states side by side, the last setting as a ghost, the numbers of a picture, a cell to paste."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from explorer_cases import HandJobs, finish, ids
from sampling import sampled

from solutions.nndl import conv_layers, fc_net, layers, optim
from utils.explorers import (
    BatchNormExplorer,
    ConvolutionExplorer,
    DropoutExplorer,
    GradientExplorer,
    OptimiserExplorer,
    WeightScaleExplorer,
)
from utils.explorers.app import EXPLORERS
from utils.explorers.chart import Chart, Look, charted, ghosts
from utils.explorers.compare import differences
from utils.explorers.drawing import BLUE, Drawing
from utils.explorers.dropout.compute import Dropout, layer_of
from utils.explorers.explorer import Explorer
from utils.explorers.ghost import behind
from utils.explorers.numbers import csv_text
from utils.explorers.presets import PRESETS
from utils.explorers.state import StateError

NET = fc_net.FullyConnectedNet
ALL = {
    WeightScaleExplorer: (NET,), BatchNormExplorer: (NET,), DropoutExplorer: (NET,), OptimiserExplorer: (optim, NET),
    ConvolutionExplorer: (conv_layers,), GradientExplorer: (layers,),
}  # fmt: skip
QUICK = "dropout?units=10&images=50"


@pytest.fixture
def dropout() -> DropoutExplorer:
    return DropoutExplorer(NET, QUICK, jobs=HandJobs())


@pytest.mark.parametrize("kind", sampled(ALL, every=3, first=2))
def test_every_example_can_be_chosen_and_is_named_when_it_is_shown(kind: type[Explorer[Any]]) -> None:
    explorer = kind(*ALL[kind], jobs=HandJobs())
    names = list(PRESETS[kind.first.name])
    assert len(names) >= 4
    for name in names:
        explorer._toolbar.example.value = name
        assert explorer.state == type(kind.first).parse(PRESETS[kind.first.name][name])
        assert "<svg" in explorer._picture.value, explorer._message.value
        assert explorer._toolbar.example.value == name
    explorer._controls[next(iter(explorer._controls))].value = getattr(kind.first, next(iter(explorer._controls)))
    explorer._toolbar.example.value = names[0]


def test_the_name_of_a_tab_is_that_of_its_states() -> None:
    assert {label.lower().replace(" ", "-") for label in EXPLORERS} >= set(PRESETS)


def test_the_state_beside_has_the_picture_that_it_has_alone(dropout: DropoutExplorer) -> None:
    alone = DropoutExplorer(NET, f"{QUICK}&p=0.25", jobs=HandJobs())._picture.value
    dropout.show(f"{QUICK}~{QUICK}&p=0.25")
    beside = dropout._comparison.picture.value
    assert alone in beside
    assert "p 0.25 (here 0.5)" in beside
    dropout._controls["p"].value = 0.75
    assert alone in dropout._comparison.picture.value
    assert "p 0.25 (here 0.75)" in dropout._comparison.picture.value
    assert dropout._picture.value not in dropout._comparison.picture.value


@pytest.mark.slow
def test_both_states_train() -> None:
    jobs = HandJobs()
    explorer = DropoutExplorer(NET, f"{QUICK}~{QUICK}&seed=3", jobs=jobs)
    finish(explorer, jobs)
    while jobs.round():
        pass
    explorer._heartbeat.tick()
    alone = HandJobs()
    other = DropoutExplorer(NET, f"{QUICK}&seed=3", jobs=alone)
    finish(other, alone)
    assert other._results.value in explorer._comparison.results.value
    assert explorer._results.value != other._results.value


def test_the_string_brings_both_back_and_is_refused_in_one_sentence(dropout: DropoutExplorer) -> None:
    dropout._toolbar.ghost.value = False
    dropout._toolbar.pin.click()
    dropout._controls["p"].value = 0.25
    code = dropout.code
    assert code.count("~") == 1
    again = DropoutExplorer(NET, code, jobs=HandJobs())
    assert (again._picture.value, again._comparison.picture.value, again.code) == (
        dropout._picture.value, dropout._comparison.picture.value, code,
    )  # fmt: skip
    with pytest.raises(StateError):
        dropout.show(f"{code}~dropout?p=1")
    dropout.ask("dropout?p=0.3~batch-norm?seed=1")
    assert "dropout?" in dropout._message.value
    assert dropout.code == code
    dropout._toolbar.beside.value = "no dropout"
    dropout._toolbar.beside.value = "–"
    assert "~" not in dropout.code
    assert dropout._comparison.picture.value == ""


def test_differences_are_said_for_what_differs_alone() -> None:
    assert differences(Dropout(p=0.25, seed=3), Dropout(p=0.5, seed=3)) == "p 0.25 (here 0.5)"
    assert differences(Dropout(), Dropout()) == "the same state"


@pytest.mark.parametrize("kind", sampled([kind for kind in ALL if kind is not ConvolutionExplorer], every=3))
def test_the_last_setting_stands_behind_the_present_one(kind: type[Explorer[Any]]) -> None:
    explorer = kind(*ALL[kind], jobs=HandJobs())
    assert not _ghosts(explorer)
    first = explorer._svg["picture"].series
    control = next(control for control in explorer._controls.values() if hasattr(control, "step"))
    low = control.value
    for step in (1, 2, 3):  # one movement
        control.value = low * 1.2 if isinstance(low, float) else low + step
    assert _ghosts(explorer)
    kept = [curve for curves in explorer._last_setting.ghosts["picture"] for curve in curves]
    was = {name: np.column_stack([xs, ys]).astype(float) for _, name, xs, ys in first}
    assert {curve.name for curve in kept} == set(was)
    assert all(np.array_equal(curve.points, was[curve.name], equal_nan=True) for curve in kept)
    explorer._toolbar.ghost.value = False
    assert not _ghosts(explorer)


def test_images_leave_no_ghost() -> None:
    explorer = ConvolutionExplorer(conv_layers, jobs=HandJobs())
    assert explorer._toolbar.ghost.layout.display == "none"
    explorer._controls["stride"].value = 4  # an output of 12 x 11 pixels, where the last one had 48 x 44
    assert not _ghosts(explorer)
    alone = ConvolutionExplorer(conv_layers, explorer.code, jobs=HandJobs())
    assert explorer._picture.value == alone._picture.value


def test_another_control_begins_another_setting(dropout: DropoutExplorer) -> None:
    dropout._controls["p"].value = 0.25
    between = dropout._svg["picture"].ghost
    dropout._controls["seed"].value = 7
    for curves, kept in zip(between, dropout._last_setting.ghosts["picture"], strict=True):
        assert [curve.name for curve in kept] == [curve.name for curve in curves]
        assert all(np.array_equal(old.points, curve.points) for old, curve in zip(kept, curves, strict=True))


def _ghosts(explorer: Explorer[Any]) -> set[str]:
    return {name for name in ids(explorer._picture.value) if name and name.startswith("ghost-")}


def test_a_ghost_is_the_curve_that_was_there() -> None:
    def drawn(height: float) -> Drawing:
        (before,) = ghosts(1)
        chart = Chart((0, 0, 100, 100), x_ends=(0, 2), y_ends=(0, 5), before=before)
        chart.curve("curve", [0, 1, 2], [0, height, 0], Look(BLUE))
        return charted(120, "a", "b", [chart])

    first = drawn(1.0)
    with behind(first.ghost):
        second = drawn(5.0)
    paths = {node.get("id"): node for node in ElementTree.fromstring(second).iter() if node.get("id")}
    assert paths["ghost-curve"].get("d") == "M0.0 100.0L50.0 80.0L100.0 100.0"
    assert [part.get("d") for part in paths["curve"]] == ["M0.0 100.0L50.0 0.0L100.0 100.0"]
    assert "ghost-" not in first


@pytest.mark.parametrize("kind", sampled([kind for kind in ALL if kind is not ConvolutionExplorer], every=3, first=1))
def test_every_series_of_the_table_is_in_the_picture(kind: type[Explorer[Any]]) -> None:
    explorer = kind(*ALL[kind], jobs=HandJobs())
    rows = csv.DictReader(io.StringIO(csv_text(explorer._svg, "state").split("\n", 1)[1]))
    named = {row["series"] for row in rows}
    assert len(named) >= 2
    assert named <= ids(explorer._picture.value)


def test_the_numbers_of_a_picture_are_those_that_it_draws(dropout: DropoutExplorer, tmp_path: Path,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    dropout._controls["p"].value = 0.25  # a ghost is no number of this picture
    written = dropout.save()
    table = next(path for path in written if path.suffix == ".csv").read_text()
    first, rest = table.split("\n", 1)
    assert first == f"# {dropout.state}"
    rows = list(csv.DictReader(io.StringIO(rest)))
    layer = layer_of(NET, dropout.state)
    found = [float(row["y"]) for row in rows if row["series"] == "mean-2"]
    assert found == pytest.approx(layer.means[:, 1])
    assert sum(row["series"] == "kept" for row in rows) == np.count_nonzero(layer.out)
    assert not any(row["series"].startswith("ghost") for row in rows)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in written}


def test_an_image_is_a_table_of_its_rows() -> None:
    explorer = ConvolutionExplorer(conv_layers, jobs=HandJobs())
    rows = list(csv.DictReader(io.StringIO(csv_text(explorer._svg, "state").split("\n", 1)[1])))
    out = [row for row in rows if row["panel"].startswith("Output")]
    height, width = 48, 44
    assert len([row for row in out if row["series"].startswith("row ")]) == height * width


@pytest.mark.parametrize("kind", sampled(ALL, every=3))
def test_a_pasted_cell_shows_the_same(kind: type[Explorer[Any]]) -> None:
    explorer = kind(*ALL[kind], jobs=HandJobs())
    explorer._toolbar.example.value = list(PRESETS[kind.first.name])[1]
    text = explorer._page.cell.replace("from nndl", "from solutions.nndl")
    *imports, last = text.splitlines()
    names: dict[str, Any] = {}
    exec("\n".join(imports), names)
    again = eval(last.removesuffix(")") + ", jobs=jobs)", names, {"jobs": HandJobs()})
    assert again._picture.value == explorer._picture.value
