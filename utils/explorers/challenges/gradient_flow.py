"""Challenges with a minibatch that goes through a net, and the gradient that comes back."""

from __future__ import annotations

from ..gradient_flow.compute import stage_of
from .challenge import Challenge, CurvePrediction, Prediction, Progress, Scale, Seen

_NET = "fc_net.FullyConnectedNet.__init__"
_LOSS = "fc_net.FullyConnectedNet.loss"
_BACKWARD = "layers.affine_backward"


def same_at_both_ends(seen: Seen) -> Progress:
    """Seven layers, not normalised: the gradient of the first output as large as that of the last, within 2."""
    sizes = [array.size for array in seen.now.douts[1:-1]]
    ratio = sizes[0] / max(sizes[-1], 1e-300)
    fits = seen.state.norm == "none" and seen.state.depth == 7 and seen.state.activation == "relu"
    said = f"The gradient of out1 is {ratio:.2g} times as large as that of out{len(sizes)}; wanted: 0.5 to 2 times"
    return Progress(fits and 0.5 < ratio < 2, said + _unless(fits, "with 7 layers, ReLU and without normalisation"))


def hides_a_mistake(seen: Seen) -> Progress:
    """The output of the first layer has the shape of the weights of the second."""
    if seen.state.depth < 2:
        return Progress(False, "Take two hidden layers at least.")
    out, W = seen.now.outs[1].shape, seen.now.params["W2"].shape
    return Progress(out == W, f"out1 has the shape {out}, and W2 the shape {W}; wanted: the same.")


def half_way_back(seen: Seen) -> Progress:
    """The gradient of W3 is there, and that of W2 is not."""
    if seen.state.depth < 3:
        return Progress(False, "Take three hidden layers at least.")
    stage = stage_of(seen.state)
    known = [f"dW{layer}" for layer in range(stage.backward + 1, seen.state.depth + 2)]
    said = f"So far there is {' and '.join(known) or 'no gradient of a weight'}"
    return Progress(stage.backward == 2, f"{said}; wanted: dW3, but not dW2 yet.")


def many_images(seen: Seen) -> Progress:
    """A gradient of the scores below 0.0025, and the gradient of the last weights still above 3."""
    dscores, dW = seen.now.douts[-1].size, seen.now.grads[f"W{seen.state.depth + 1}"].size
    fits = seen.state.but(batch=10, step=0) == seen.state.parse(_FEW).but(step=0)
    said = f"dscores has size {dscores:.2g} and dW{seen.state.depth + 1} size {dW:.2g}"
    return Progress(
        fits and dscores < 0.0025 and dW > 3,
        f"{said}; wanted: below 0.0025 and above 3{_unless(fits, 'by nothing but the minibatch')}",
    )


def steady_at_a_small_scale(seen: Seen) -> Progress:
    """A scale of 0.01 or less at seven layers, and hidden outputs of about the same size."""
    sizes = [array.size for array in seen.now.outs[1:-1]]
    ratio = max(sizes) / max(min(sizes), 1e-300)
    fits = seen.state.scale <= 0.01 and seen.state.depth == 7
    said = f"The largest of the hidden outputs is {ratio:.2g} times the smallest; wanted: less than 2 times"
    return Progress(fits and ratio < 2, said + _unless(fits, "with 7 layers, at a scale of 0.01"))


def calm_there_loud_back(seen: Seen) -> Progress:
    """Hidden outputs between 0.5 and 1, and a gradient that grows by more than 20 on its way back."""
    sizes = [array.size for array in seen.now.outs[1:-1]]
    growth = seen.now.douts[1].size / max(seen.now.douts[-2].size, 1e-300)
    calm = min(sizes) > 0.5 and max(sizes) <= 1
    said = f"Hidden outputs have sizes from {min(sizes):.2g} to {max(sizes):.2g}; wanted: 0.5 to 1"
    return Progress(
        calm and growth > 20,
        f"{said}. From the last hidden layer to the first, the gradient grows {growth:.2g} times; wanted: over 20.",
    )


def gradient_sizes(seen: Seen) -> tuple[list[int], list[float]]:
    """The size of the gradient of each hidden output."""
    sizes = [array.size for array in seen.now.douts[1:-1]]
    return list(range(1, len(sizes) + 1)), sizes


def _unless(fits: bool, condition: str) -> str:
    """The end of a sentence, with the condition where it is not kept."""
    return "." if fits else f", {condition}."


_FEW = "gradient-flow?batch=10&step=12"
CHALLENGES = (
    Challenge(
        "The same size at both ends",
        "Seven hidden layers with ReLU, not normalised: make the gradient of out1 about as large as that of out7.",
        "gradient-flow?depth=7&scale=0.0501187&step=18",
        same_at_both_ends,
        "gradient-flow?depth=7&scale=0.199526&step=18",
        "On its way back, the gradient is multiplied by about scale × √(units / 2) in each layer, as the outputs are "
        "on their way there: 1 at a scale of 0.2 with 50 units. With more units, it is a smaller scale.",
        _NET,
        CurvePrediction(
            "Seven layers of 50 units with ReLU, at a weight scale of 0.05. The gradient of the scores has size 3e-3. "
            "How large is the gradient of each layer's output? The axis is logarithmic.",
            "gradient-flow?depth=7&scale=0.0501187&step=18",
            gradient_sizes,
            Scale("output of layer", 1, 7, (1, 2, 3, 4, 5, 6, 7)),
            Scale("size of its gradient", 1e-10, 1, (1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1), log=True),
            (1, 2, 3, 4, 5, 6, 7),
            "Each layer multiplies the gradient by about 0.05 × √25 = 0.25 on its way back. On a logarithmic axis, "
            "that is a straight line: after seven layers, less than a ten-thousandth is left.",
        ),
    ),
    Challenge(
        "Shapes that hide a mistake",
        "Choose sizes at which out1 and W2 have the same shape.",
        "gradient-flow?step=12",
        hides_a_mistake,
        "gradient-flow?batch=50&width=50&step=12",
        "With as many images as units, all arrays between the hidden layers are square: who forgets to transpose, or "
        "swaps the factors of a product, gets an array of the right shape with wrong numbers. So check your layers at "
        "sizes that are all different.",
        _BACKWARD,
    ),
    Challenge(
        "Half way back",
        "Stop the pass where the gradient of W3 is known, and that of W2 is not.",
        "gradient-flow?depth=4&step=6",
        half_way_back,
        "gradient-flow?depth=4&step=10",
        "Each layer needs the gradient of its own output, and makes of it those of its parameters and of its input. "
        "That is why backpropagation goes layer by layer from the end, and why each layer keeps what it has seen.",
        _LOSS,
    ),
    Challenge(
        "Many images, small numbers",
        "By the size of the minibatch alone, bring the size of dscores below 0.0025, and that of dW5 to 3 or more.",
        _FEW,
        many_images,
        "gradient-flow?batch=200&step=12",
        "The loss is a mean: each image has a share of 1 / N in it, and so has its row of dscores. The gradient of a "
        "weight adds up all N rows, so its size does not depend on N; which is why one learning rate does for all.",
        _LOSS,
    ),
    Challenge(
        "Steady at a small scale",
        "Seven layers, at a scale of 0.01 or below: let all hidden outputs have the same size, within a factor of 2.",
        "gradient-flow?depth=7&scale=0.01&step=18",
        steady_at_a_small_scale,
        "gradient-flow?depth=7&scale=0.01&norm=batchnorm&step=18",
        "A normalised layer puts out the same whatever the scale of its weights is, and on the way back it divides by "
        "the small σ by which it divided on the way there.",
        "layers.batchnorm_backward",
        Prediction(
            "Seven layers at a scale of 0.01, all with batch norm. Which picture will it be?",
            "gradient-flow?depth=7&scale=0.01&norm=batchnorm&step=18",
            ("gradient-flow?depth=7&scale=0.01&step=18", "gradient-flow?depth=7&scale=1&step=18"),
            "All hidden outputs have the same size, and the gradients nearly so; only what the last layer puts out "
            "is as small as its weights are: it is not normalised.",
        ),
    ),
    Challenge(
        "Calm there, loud on the way back",
        "Keep all hidden outputs between 0.5 and 1, and let the gradient grow more than 20 times from the last hidden "
        "layer to the first.",
        "gradient-flow?depth=7&scale=0.199526&activation=tanh&step=18",
        calm_there_loud_back,
        "gradient-flow?depth=7&scale=1&activation=tanh&step=18",
        "tanh keeps every output below 1, however large the weights are. The gradient has no such bound: units that "
        "are not saturated pass it on, multiplied by large weights. Look at both ways before you trust a start.",
        _NET,
    ),
)
