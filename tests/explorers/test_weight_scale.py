"""The weight-scale explorer: what it computes, and what it shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from explorer_cases import HandJobs, finish, ids

from grader.reference import Reference
from utils.explorers.jobs import Status
from utils.explorers.training import small_data, train
from utils.explorers.watched import watched
from utils.explorers.weight_scale import compute
from utils.explorers.weight_scale.compute import SCALES, Training, WeightScale, _coarse_to_fine, layers_of, sweep
from utils.explorers.weight_scale.view import WeightScaleExplorer

QUICK = WeightScale(depth=3, width=10)


@pytest.fixture
def net_class(reference: Reference) -> Any:
    return reference.module("fc_net").FullyConnectedNet


def test_activations_grow_with_the_scale_and_normalisation_holds_them(net_class: Any) -> None:
    def last(**changes: Any) -> float:
        return float(np.std(layers_of(net_class, WeightScale(depth=6, **changes))[-1].out))

    assert last(scale=1e-3) < 1e-4 * last(scale=1e-1)
    assert last(scale=1e-2, norm="batchnorm") == pytest.approx(last(scale=1e-1, norm="batchnorm"), rel=0.2)


def test_layers_are_the_students_own(net_class: Any) -> None:
    class Doubled(net_class):
        def hidden_forward(self, layer: int, x: Any) -> Any:
            out, cache = super().hidden_forward(layer, x)
            return 2 * out, cache

    before, after = (layers_of(kind, WeightScale(depth=1)) for kind in (net_class, Doubled))
    np.testing.assert_allclose(after[0].out, 2 * before[0].out)


@pytest.mark.parametrize("norm", ["none", "batchnorm"])
def test_a_step_of_the_training_is_one_of_the_sweep(net_class: Any, norm: str) -> None:
    state = QUICK.but(norm=norm, step=23)  # beyond the first epoch
    net = watched(net_class)(**compute._settings(state, state.scale, norm))
    data = small_data(1000, 200)
    np.random.seed(state.seed)
    fresh = {name: value.copy() for name, value in Training(net_class, state).at(0).params.items()}
    net.params = dict(fresh)
    for run in train(net, data, epochs=compute.EPOCHS, batch=50, rate=1e-3, seed=state.seed):
        if len(run.loss) == state.step:
            break
    net.loss(data["X_train"][:100], data["y_train"][:100])
    for layer, found in enumerate(layers_of(net_class, state), 1):
        np.testing.assert_allclose(found.out, net.outs[layer], rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(found.dout, net.douts[layer], rtol=1e-4, atol=1e-7)


def test_a_step_back_shows_what_was_there(net_class: Any) -> None:
    first, ahead, back = (layers_of(net_class, QUICK.but(step=step)) for step in (4, 9, 4))
    begin = layers_of(net_class, QUICK)
    for there, here, later, fresh in zip(first, back, ahead, begin, strict=True):
        np.testing.assert_array_equal(there.out, here.out)
        assert (here.out != later.out).any()
        assert (here.out != fresh.out).any()


def test_training_can_be_played(net_class: Any) -> None:
    explorer = WeightScaleExplorer(net_class, QUICK, jobs=HandJobs())
    job, picture = explorer._work.job, explorer._picture.value
    explorer._controls["step"].forward.click()
    assert explorer.state.step == 1
    assert "after 1 minibatch<" in explorer._picture.value
    assert explorer._work.job is job  # the sweep is about all steps
    explorer._toolbar.ghost.value = False
    explorer._controls["step"].back.click()
    assert explorer._picture.value == picture


def test_tanh_has_the_right_gradient(net_class: Any) -> None:
    net = watched(net_class, "tanh")(
        hidden_dims=[7, 5], input_dim=11, normalization="batchnorm", dtype=np.float64, weight_scale=0.3
    )
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((6, 11)), rng.integers(10, size=6)
    _, grads = net.loss(x, y)
    W = net.params["W1"]
    step = np.zeros_like(W)
    step[2, 3] = 1e-6
    losses = []
    for net.params["W1"] in (W + step, W - step):
        losses.append(net.loss(x, y)[0])
    assert grads["W1"][2, 3] == pytest.approx((losses[0] - losses[1]) / 2e-6, rel=1e-4)


def test_the_same_state_gives_the_same_numbers(net_class: Any) -> None:
    np.random.seed(5)
    before = np.random.get_state()[1].copy()
    one, other = (layers_of(net_class, QUICK)[-1].dout for _ in range(2))
    np.testing.assert_array_equal(one, other)
    after = np.random.get_state()[1]
    assert (after == before).all()  # a notebook's own random numbers are left alone
    assert (layers_of(net_class, QUICK.but(seed=1))[-1].dout != one).any()


def test_scales_come_from_coarse_to_fine() -> None:
    order = _coarse_to_fine(20)
    assert sorted(order) == list(range(20))
    assert order[:3] == [0, 16, 8]


@pytest.mark.slow
def test_the_sweep_tells_what_trains_from_what_does_not(net_class: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "SCALES", SCALES[:13:6])
    monkeypatch.setattr(compute, "EPOCHS", 8)
    steps = list(sweep(net_class, WeightScale(depth=5, width=20)))
    shares, found = [share for share, _ in steps], steps[-1][1]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(found.runs) == 6
    assert found.verdict("none", SCALES[0]) == "vanishes"
    assert found.verdict("batchnorm", SCALES[12]) == "trains"
    found.runs["none", SCALES[0]].loss[-1] = float("nan")
    assert found.verdict("none", SCALES[0]) == "explodes"


def test_the_picture_says_what_is_in_it(net_class: Any) -> None:
    explorer = WeightScaleExplorer(net_class, QUICK, jobs=HandJobs())
    picture = explorer._picture.value
    assert {f"weight-scale-{what}-{layer}" for what in ("out", "dout") for layer in (1, 2, 3)} <= ids(picture)
    words = "".join(ElementTree.fromstring(picture).itertext())
    for text in ("Outputs of each layer", "powers of ten", "hidden layer", "standard deviation"):
        assert text in words
    assert "currentColor" in picture


def test_sliders_text_and_picture_go_together(net_class: Any) -> None:
    explorer = WeightScaleExplorer(net_class, QUICK, jobs=HandJobs())
    explorer._toolbar.ghost.value = False
    first = explorer._picture.value
    explorer._controls["scale"].value = 0.1
    assert explorer._picture.value != first
    assert "scale=0.1" in explorer._code.value
    kept = explorer._picture.value, explorer._code.value
    explorer._code.value = str(QUICK)
    assert explorer._picture.value == first
    assert explorer._controls["scale"].value == pytest.approx(QUICK.scale)
    explorer._code.value = kept[1]
    assert explorer._picture.value == kept[0]


def test_a_wrong_text_changes_nothing(net_class: Any) -> None:
    explorer = WeightScaleExplorer(net_class, QUICK, jobs=HandJobs())
    first = explorer._picture.value
    explorer._code.value = "weight-scale?depth=900"
    assert "between 1 and 12" in explorer._message.value
    assert (explorer._picture.value, explorer.state) == (first, QUICK)


def test_work_starts_by_itself_and_a_slider_makes_it_stale(net_class: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "SCALES", SCALES[8:10])
    monkeypatch.setattr(compute, "EPOCHS", 1)
    jobs = HandJobs()
    explorer = WeightScaleExplorer(net_class, QUICK, jobs=jobs)
    assert jobs.round()  # a page need not tick first: somebody has just made it
    stale = explorer._work.job
    explorer._controls["scale"].value = 0.2
    assert explorer._work.job is stale  # the sweep is about all scales
    explorer._controls["width"].value = 15
    assert stale is not None
    assert stale.status is Status.STOPPED
    assert finish(explorer, jobs) is Status.DONE
    assert explorer._work.left.value == "done"
    assert {"sweep-validation-none", "sweep-validation-batchnorm", "sweep-loss-none"} <= ids(explorer._results.value)


def test_stop_and_pause(net_class: Any) -> None:
    jobs = HandJobs()
    explorer = WeightScaleExplorer(net_class, QUICK, jobs=jobs)
    explorer._heartbeat.tick()
    explorer._work.pause.click()
    assert explorer._work.pause.description == "Go on"
    assert not jobs.round()
    explorer._work.pause.click()
    assert jobs.round()
    explorer._work.stop.click()
    assert (explorer._work.left.value, explorer._work.stop.disabled) == ("stopped", True)
    assert not jobs.round()


def test_what_is_missing_is_named_and_what_is_broken_is_shown(net_class: Any) -> None:
    class Student(net_class):
        mended = False

        def hidden_forward(self, layer: int, x: Any) -> Any:
            if self.mended:
                return super().hidden_forward(layer, x)
            raise NotImplementedError("hidden_forward: your code here")

    explorer = WeightScaleExplorer(Student, QUICK, jobs=HandJobs())
    assert "not written yet" in explorer._message.value
    assert not explorer._picture.value
    Student.mended = True
    explorer._again.click()
    assert not explorer._message.value
    assert explorer._picture.value

    def broken(self: Any, layer: int, x: Any) -> Any:
        return x @ self.params["<img>"], None

    Student.hidden_forward = broken
    explorer._controls["scale"].value = 0.3
    assert "KeyError" in explorer._message.value
    assert "<img>" not in explorer._message.value
    assert "&lt;img&gt;" in explorer._message.value


def test_saving_writes_dark_on_white(net_class: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    explorer = WeightScaleExplorer(net_class, QUICK, jobs=HandJobs())
    explorer._save.click()
    written = (tmp_path / "weight-scale-picture.svg").read_text("utf-8")
    assert "currentColor" not in written
    assert "background:#fff" in written
    assert "download=" in explorer._saved.value


def test_closing_ends_the_work(net_class: Any) -> None:
    explorer = WeightScaleExplorer(net_class, QUICK, jobs=HandJobs())
    job = explorer._work.job
    explorer.close()
    assert job is not None
    assert job.status is Status.STOPPED
