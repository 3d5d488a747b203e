"""Pictures: grids keep every pixel in its place, weights become images, histories become lines."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from utils.vis_utils import STYLE, course_style, plot_history, show_images, show_net_weights, visualize_grid


@pytest.fixture(autouse=True)
def close_figures():
    with plt.rc_context({"backend": "Agg"}):
        yield
        plt.close("all")


@pytest.mark.parametrize(("number", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (5, 2, 3), (10, 3, 4)])
def test_the_grid_holds_every_image_where_it_belongs(number, rows, columns):
    X = np.random.default_rng(0).normal(size=(number, 4, 3, 2))
    grid = visualize_grid(X, ubound=1.0, padding=2)
    assert grid.shape == (rows * 4 + (rows - 1) * 2, columns * 3 + (columns - 1) * 2, 2)
    for n in range(number):
        top, left = (n // columns) * 6, (n % columns) * 5
        image = grid[top : top + 4, left : left + 3]
        span = X[n].max() - X[n].min()
        np.testing.assert_allclose(image, (X[n] - X[n].min()) / span)


def test_the_grid_has_its_range_and_black_seams():
    grid = visualize_grid(np.random.default_rng(1).normal(size=(4, 3, 2, 3)))
    assert grid.min() == 0
    assert grid.max() == 255
    assert np.all(grid[3] == 0)
    assert np.all(grid[:, 2] == 0)


def test_an_image_of_one_value_is_black_and_not_a_division_by_zero():
    np.testing.assert_array_equal(visualize_grid(np.full((1, 3, 2, 1), 7.0)), 0)


def test_no_padding():
    assert visualize_grid(np.ones((4, 3, 2, 1)), padding=0).shape == (6, 4, 1)


@pytest.mark.parametrize("shape", [(4, 3, 2), (0, 3, 2, 1)])
def test_what_is_no_stack_of_images_is_refused(shape):
    with pytest.raises(ValueError, match="N, H, W, C"):
        visualize_grid(np.ones(shape))


def test_weights_show_the_same_whichever_way_they_are_stored():
    W = np.random.default_rng(2).normal(size=(7, 3072))
    one, other = (show_net_weights(w).images[0].get_array() for w in (W, W.T))
    np.testing.assert_array_equal(one, other)
    red_of_first_pixel = (W[0, 0] - W[0].min()) / (W[0].max() - W[0].min()) * 255
    assert one[0, 0, 0] == round(red_of_first_pixel)


def test_weights_of_another_layer_are_refused():
    with pytest.raises(ValueError, match=r"\(10, 50\)"):
        show_net_weights(np.ones((10, 50)))


def test_images_keep_their_own_brightness():
    X = np.stack([np.full((3, 32, 32), value) for value in (20.0, 200.0)])
    mean = np.full((3, 32, 32), 15.0)
    shown = show_images(X - mean, mean_image=mean).images[0].get_array()
    assert shown[5, 5, 0] == 20
    assert shown[5, 40, 0] == 200


def history(epochs=3, steps=40):
    falling = list(np.linspace(2.3, 1.0, steps))
    return {"loss_history": falling, "train_acc_history": [0.1] * epochs, "val_acc_history": [0.2] * epochs}


def test_a_history_is_drawn_whole_and_labelled():
    losses, accuracies = plot_history(history())
    smooth, raw = losses.lines
    np.testing.assert_array_equal(raw.get_ydata(), history()["loss_history"])
    assert len(smooth.get_ydata()) == 40
    assert (losses.get_xlabel(), losses.get_ylabel()) == ("iteration", "loss")
    assert (accuracies.get_xlabel(), accuracies.get_ylabel()) == ("epoch", "accuracy")
    assert [text.get_text() for text in accuracies.get_legend().get_texts()] == ["training", "validation"]


def test_two_runs_share_axes():
    axes = plot_history(history(), label="sgd")
    again = plot_history(history(), axes=axes, label="adam", smooth=5)
    assert again is axes
    assert [text.get_text() for text in axes[0].get_legend().get_texts()] == ["sgd", "adam"]
    assert len(axes[1].lines) == 4


def test_a_solver_serves_as_well_as_a_dict():
    class Trained:
        pass

    trained = Trained()
    vars(trained).update(history())
    assert len(plot_history(trained)[1].lines) == 2


def test_a_history_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="val_acc_history"):
        plot_history(history() | {"val_acc_history": []})


def luminance(colour):
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_text_reads_on_the_card_whatever_the_theme_around_it():
    with plt.rc_context():
        course_style()
        card = plt.figure().get_facecolor()
        assert card[3] == 1.0  # opaque: a dark theme does not shine through
        for key in ("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.titlecolor"):
            contrast = (luminance(card) + 0.05) / (luminance(plt.rcParams[key]) + 0.05)
            assert contrast >= 7, key  # WCAG 2.1, 1.4.6


def test_no_two_lines_look_alike_without_colour():
    looks = [(entry["linestyle"], entry["marker"]) for entry in STYLE["axes.prop_cycle"]]
    assert len(set(looks)) == len(looks) == 7
