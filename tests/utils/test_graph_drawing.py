"""Computation graphs: every label is drawn, beside the arrow it belongs to."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from utils.graph_drawing import Edge, draw_graph


@pytest.fixture(autouse=True)
def close_figures():
    with plt.rc_context({"backend": "Agg"}):
        yield
        plt.close("all")


def texts(ax):
    return {text.get_text(): text for text in ax.texts if text.get_text()}


def test_nodes_values_and_gradients_are_all_drawn():
    nodes = {"a": (0, 1), "b": (0, 0), "f": (3, 0.5)}
    ax = draw_graph(nodes, [Edge("a", "f", "2", "-1"), Edge("b", "f", "5", "7")], title="a sum")
    assert texts(ax).keys() == {"a", "b", "f", "2", "-1", "5", "7"}
    assert ax.get_title() == "a sum"


@pytest.mark.parametrize("end", [(3, 0), (3, 2), (-3, 2), (3, -2), (0, 3), (0, -3)])
def test_text_is_never_upside_down_and_the_two_directions_keep_apart(end):
    drawn = texts(draw_graph({"a": (0, 0), "b": end}, [Edge("a", "b", "value", "gradient")]))
    for text in (drawn["value"], drawn["gradient"]):
        assert -90 < (text.get_rotation() + 180) % 360 - 180 < 90
    assert drawn["value"].get_position() != drawn["gradient"].get_position()
    if end[0]:
        assert drawn["value"].get_position()[1] > drawn["gradient"].get_position()[1]


def test_the_label_of_a_bent_arrow_lies_on_its_curve():
    ax = draw_graph({"a": (0, 0), "b": (3, 2)}, [Edge("a", "b", "value", bend=0.5)])
    ax.figure.canvas.draw()
    arrow = next(text.arrow_patch for text in ax.texts if getattr(text, "arrow_patch", None) is not None)
    drawn = arrow.get_transform().transform_path(arrow.get_path()).cleaned(curves=False)
    curve = ax.transData.inverted().transform(drawn.vertices)
    distance = np.linalg.norm(curve - texts(ax)["value"].xy, axis=1).min()
    assert distance < 0.05


def test_a_graph_can_be_drawn_into_given_axes():
    _, ax = plt.subplots()
    assert draw_graph({"a": (0, 0), "b": (1, 0)}, [Edge("a", "b")], ax=ax) is ax


def test_an_edge_to_nowhere_is_explained():
    with pytest.raises(ValueError, match="needs a node 'c'"):
        draw_graph({"a": (0, 0), "b": (1, 0)}, [Edge("a", "c")])
