"""The gradient-flow explorer."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from explorer_cases import HandJobs, ids

from grader.reference import Reference
from utils.explorers.gradient_flow.compute import GradientFlow, Numbers, flow_of, numbers, stage_of
from utils.explorers.gradient_flow.view import GradientFlowExplorer, _thickness
from utils.explorers.picture import Move


@pytest.fixture
def nets(reference: Reference) -> tuple[Any, Any]:
    return reference.module("fc_net").FullyConnectedNet, reference.module("layers")


def test_a_pass_goes_forward_to_the_loss_and_back_to_the_input() -> None:
    state = GradientFlow(depth=2)  # four arrays: the input, two outputs, the scores
    seen = [stage_of(state.but(step=step)) for step in range(12)]
    assert [stage.forward for stage in seen] == [1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4]
    assert [stage.loss for stage in seen] == [False] * 4 + [True] * 8
    assert [stage.backward for stage in seen] == [4, 4, 4, 4, 4, 3, 2, 1, 0, 0, 0, 0]
    assert state.last == 8


@pytest.mark.parametrize("norm", ["none", "batchnorm", "layernorm"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_every_gradient_has_the_shape_of_its_array(nets: tuple[Any, Any], norm: str, activation: str) -> None:
    flow = flow_of(*nets, GradientFlow(depth=3, width=15, batch=7, norm=norm, activation=activation))
    shapes = [(7, 3, 32, 32), *[(7, 15)] * 3, (7, 10)]
    assert [array.shape for array in flow.outs] == [array.shape for array in flow.douts] == shapes
    assert {name: array.shape for name, array in flow.params.items()} == {
        name: array.shape for name, array in flow.grads.items()
    }
    assert flow.params["W4"].shape == (15, 10)
    assert np.isfinite(flow.loss)


def test_small_weights_let_gradients_vanish_and_normalisation_holds_them(nets: tuple[Any, Any]) -> None:
    def ratio(**changes: Any) -> float:
        douts = flow_of(*nets, GradientFlow(depth=6, **changes)).douts
        return douts[1].size / douts[6].size

    assert ratio(scale=0.01) < 1e-5
    assert ratio(scale=1.0) > 1e2
    assert 0.1 < ratio(scale=0.01, norm="batchnorm") < 30


def test_what_is_shown_of_an_array() -> None:
    assert numbers(np.array([[3.0, 0.0, 0.0], [4.0, 0.0, 0.0]])) == Numbers((2, 3), np.sqrt(25 / 6), 4 / 6)
    assert numbers([np.nan, 1.0]).size == float("inf")
    sizes = [0.0, 1e-12, 1e-6, 1e-3, 1.0, 1e3, float("inf")]
    assert sorted(sizes, key=_thickness) == sizes


def test_each_step_shows_one_array_more(nets: tuple[Any, Any]) -> None:
    explorer = GradientFlowExplorer(*nets, GradientFlow(depth=2, width=10, step=0), jobs=HandJobs())
    said = []
    for step in range(explorer.state.last + 1):
        explorer._controls["step"].value = step
        root = ElementTree.fromstring(explorer._picture.value)
        said.append(str(root.get("aria-label")))
        words = [node.text for node in root.iter() if str(node.tag).endswith("text")]
        assert ("dW3 (10, 10)" in words) == (step >= 6)
        assert ("dW1 (3072, 10)" in words) == (step == 8)
        assert ("dX" in words) == (step == 8)
    assert len(set(said)) == len(said)
    assert "the loss, one number" in said[4]
    assert {"array-0", "layer-3", "sizes-gradients"} <= ids(explorer._picture.value)


def test_the_steps_end_with_the_net(nets: tuple[Any, Any]) -> None:
    explorer = GradientFlowExplorer(*nets, GradientFlow(depth=5, width=10, step=14), jobs=HandJobs())
    explorer._controls["depth"].value = 2
    assert (explorer._controls["step"].steps.max, explorer.state.step) == (8, 8)
    explorer.show("gradient-flow?depth=3&step=10")
    assert (explorer._controls["step"].steps.max, explorer._controls["step"].value) == (10, 10)


def test_a_gradient_of_another_shape_is_marked(nets: tuple[Any, Any]) -> None:
    net_class, layers = nets

    class Turned(net_class):
        def loss(self, X: Any, y: Any = None) -> Any:
            if y is None:
                return super().loss(X)
            loss, grads = super().loss(X, y)
            return loss, {**{name: grad for name, grad in grads.items() if name != "b2"}, "W2": grads["W2"].T[:3]}

    state = GradientFlow(depth=2, width=10, step=8)
    words = "".join(ElementTree.fromstring(GradientFlowExplorer(Turned, layers, state)._picture.value).itertext())
    assert "dW2 (3, 10) ≠" in words
    assert "db2 missing ≠" in words
    right = "".join(ElementTree.fromstring(GradientFlowExplorer(*nets, state)._picture.value).itertext())
    assert "≠" not in right


def test_the_scale_is_dragged(nets: tuple[Any, Any]) -> None:
    explorer = GradientFlowExplorer(*nets, jobs=HandJobs())
    before = explorer._picture.value
    explorer._act(Move("scale", None, 0.01, False))
    assert explorer._controls["scale"].value == explorer.state.scale == 0.01
    assert explorer._picture.value != before


def test_the_sizes_of_the_last_setting_stand_beside_those_of_the_present_one(nets: tuple[Any, Any]) -> None:
    state = GradientFlow(depth=3)
    explorer = GradientFlowExplorer(*nets, state.but(step=state.last), jobs=HandJobs())
    before = _sizes(explorer, "")
    assert not any(_sizes(explorer, "ghost-").values())
    explorer._controls["scale"].value = 0.5
    assert _sizes(explorer, "ghost-") == before
    assert all(_sizes(explorer, "")[name] != before[name] for name in before)
    explorer._controls["step"].back.click()  # how far the pass has come is no other setting
    there = _sizes(explorer, "ghost-")
    assert there["outputs"] == before["outputs"]
    assert there["gradients"].count("L") == before["gradients"].count("L") - 1  # no further than the present pass
    explorer._controls["depth"].value = 2
    explorer._toolbar.ghost.value = False
    assert not any(_sizes(explorer, "ghost-").values())


def _sizes(explorer: GradientFlowExplorer, prefix: str) -> dict[str, str]:
    nodes = list(ElementTree.fromstring(explorer._picture.value).iter())
    return {
        name: next(node.get("d", "") for node in nodes if node.get("id") == f"{prefix}sizes-{name}")
        for name in ("outputs", "gradients")
    }
