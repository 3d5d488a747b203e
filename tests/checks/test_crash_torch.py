"""Crashes in PyTorch are explained by what its message and the lines say; PyTorch itself is not needed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from utils.checks.diagnose.crashes import explain_crash
from utils.checks.program import PROGRAM_FILE, Crash

TOO_SMALL = (
    "Calculated padded input size per channel: (2 x 3). Kernel size: (5 x 5). "
    "Kernel size can't be greater than actual input size"
)
SCOPE = ("w1 (2, 3, 3, 3)", "w2 (8, 2, 5, 5)", "even (8, 2, 4, 4)", "flat (8, 2, 3, 5)")


def crash_of(error: str, message: str, source: str, origins: tuple[str, ...] = ()) -> Crash:
    return Crash(
        False, error, message, file="pkg/m.py", line=9, function="f", entered="f",
        source=source, expression=source.partition(" = ")[2], scope=SCOPE, origins=origins,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        ("w2", "it should be padding=1 for `w1`, 3 x 3 and padding=2 for `w2`, 5 x 5."),
        ("even", "it should be padding=1 for `w1`, 3 x 3."),
        ("flat", "it should be padding=1 for `w1`, 3 x 3."),
    ],
)
def test_the_padding_that_keeps_the_size_of_images_is_named_for_each_filter(filters: str, said: str) -> None:
    crash = crash_of("RuntimeError", TOO_SMALL, f"h = F.conv2d(h, {filters})", ("h: 8 h = F.relu(F.conv2d(x, w1))",))
    assert explain_crash(crash, {}, {}).endswith(said)


def test_no_padding_is_named_where_no_filter_is_known() -> None:
    crash = crash_of("RuntimeError", TOO_SMALL, "h = self.layer(x)")
    assert explain_crash(crash, {}, {}).endswith("A convolution makes images smaller unless they are padded enough.")


def test_a_gradient_before_the_first_backward_pass_is_none() -> None:
    message = "'NoneType' object has no attribute 'zero_'"
    said = explain_crash(crash_of("AttributeError", message, "param.grad.zero_()"), {}, {})
    assert "`param.grad` is None there" in said
    assert "`if param.grad is not None`" in said
    assert "grad" not in explain_crash(crash_of("AttributeError", message, "param.state.zero_()"), {}, {})


def tensor_crash(
    error: str, message: str, source: str, expression: str = "", function: str = "f", **more: tuple[str, ...]
) -> str:
    crash = Crash(
        False, error, message, file="pkg/m.py", line=9, function=function, entered=function,
        source=source, expression=expression or source, **more,
    )  # fmt: skip
    return explain_crash(crash, {}, {})


NONE_ABS = "'NoneType' object has no attribute 'abs'"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("no", "because `X` does not require a gradient: `X.requires_grad_()` should be called"),
        ("computed", "because `X` is computed from other tensors"),
        ("leaf", "`.backward()` of the loss puts a gradient there"),
    ],
)
def test_why_a_gradient_is_none_depends_on_the_tensor(kind: str, said: str) -> None:
    assert said in tensor_crash("AttributeError", NONE_ABS, "s = X.grad.abs()", "X.grad.abs", gradients=(f"X: {kind}",))
    times = "unsupported operand type(s) for *: 'float' and 'NoneType'"
    assert said in tensor_crash("TypeError", times, "X -= rate * X.grad", "rate * X.grad", gradients=(f"X: {kind}",))


def test_a_tensor_that_was_handed_in_is_copied() -> None:
    more = {"gradients": ("X: no",), "parameters": ("X", "y")}
    said = tensor_crash("AttributeError", NONE_ABS, "s = X.grad.abs()", "X.grad.abs", **more)
    assert "`X = X.detach().clone().requires_grad_()` before the forward pass" in said


def test_a_function_of_tensors_is_not_for_a_plain_number() -> None:
    message = "sqrt(): argument 'input' (position 1) must be Tensor, not float"
    line = ("std = torch.sqrt(2.0 / fan_in)", "torch.sqrt(2.0 / fan_in)")
    said = tensor_crash("TypeError", message, *line, modules=("torch", "math", "np"))
    assert "of a number, `math.sqrt` or `np.sqrt` should be taken" in said
    # A function is offered only where the file imports its module.
    said = tensor_crash("TypeError", message, *line, modules=("torch", "math"))
    assert said.endswith("; of a number, `math.sqrt` should be taken.")
    assert tensor_crash("TypeError", message, *line, modules=("torch",)).endswith("is a plain number of Python.")


UNCLEAR = "The truth value of an array with more than one element is ambiguous"
WITHOUT_NUMPY = {
    "maximum": ("ValueError", UNCLEAR, "h = max(0, w1)", "max(0, w1)"),
    "largest": ("ValueError", UNCLEAR, "h = max(w1)", "max(w1)"),
    "where": ("ValueError", UNCLEAR, "h = 1 if w1 > 0 else 0", "1 if w1 > 0 else 0"),
    "method of PyTorch": (
        "AttributeError", "'numpy.ndarray' object has no attribute 'clamp'", "h = w1.clamp(0)", "w1.clamp"
    ),
    "function": ("AttributeError", "'numpy.ndarray' object has no attribute 'exp'", "h = w1.exp()", "w1.exp"),
    "list": ("AttributeError", "'list' object has no attribute 'shape'", "n = [1, 2].shape", "[1, 2].shape"),
    "of math": ("TypeError", "only length-1 arrays can be converted", "h = math.exp(w1)", "math.exp(w1)"),
    "vectors": ("ValueError", "matmul: Input operand 1 has a mismatch (size 3 != 2)", "h = u @ v", "u @ v"),
    "position": ("TypeError", "cannot unpack non-iterable numpy.int64 object", "i, j = w1.argmax()", "w1.argmax()"),
}  # fmt: skip


@pytest.mark.parametrize("example", WITHOUT_NUMPY.values(), ids=WITHOUT_NUMPY)
def test_no_function_of_numpy_is_offered_where_it_is_not_imported(example: tuple[str, str, str, str]) -> None:
    more = {"scope": (*SCOPE, "u (2,)", "v (3,)"), "operands": ("w1 (2, 3, 3, 3)", "u (2,)", "v (3,)")}
    assert "`np." in tensor_crash(*example, modules=("np",), **more)
    said = tensor_crash(*example, modules=("torch", "math"), **more)
    assert said
    assert "np." not in said


def test_the_initialisation_that_is_offered_is_of_the_module_that_the_line_uses() -> None:
    message = "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
    said = tensor_crash("ValueError", message, "torch.nn.init.kaiming_normal_(b)")
    assert said.endswith("with `torch.nn.init.zeros_`.")


def test_nothing_is_said_of_gradients_where_another_value_may_be_none() -> None:
    message = "unsupported operand type(s) for *: 'NoneType' and 'NoneType'"
    assert "backward" not in tensor_crash("TypeError", message, "step = u.grad * v.grad", "u.grad * v.grad")
    assert "gradient" not in tensor_crash("AttributeError", NONE_ABS, "s = mask.abs()", "mask.abs")


REFUSED = [
    (
        ("RuntimeError", "a leaf Variable that requires grad is being used in an in-place operation.", "w -= step"),
        "`w` requires a gradient, and is changed in place while PyTorch records",
    ),
    (
        ("RuntimeError", "grad can be implicitly created only for scalar outputs", "right.backward()"),
        "starts from a single number, but `right` has shape (6,)",
    ),
    (
        ("RuntimeError", "grad can be implicitly created only for scalar outputs", "g = torch.autograd.grad(right, x)"),
        "starts from a single number, but `right` has shape (6,)",
    ),
    (
        ("RuntimeError", "Can't call numpy() on Tensor that requires grad. Use", "s = net(x).numpy()"),
        "`net(x)` is recorded by PyTorch",
    ),
    (("TypeError", "list is not a Module subclass", "net = nn.Sequential(layers)"), "`nn.Sequential(*layers)`"),
    (
        (
            "RuntimeError",
            "Index tensor must have the same number of dimensions as input tensor",
            "s = scores.gather(1, right)",
        ),
        "`right[:, None]`, of shape (6, 1)",
    ),
    (
        ("IndexError", "index 5 is out of bounds for dimension 0 with size 1", "row[k].backward()", "row[k]"),
        "Along axis 1, of size 7, it would be one: was `row[0, k]` meant?",
    ),
    (
        ("AttributeError", "'torch.return_types.max' object has no attribute 'abs'", "s = g.max(dim=1).abs()"),
        "gives two tensors, the values and their places",
    ),
    (
        (
            "AttributeError",
            "'Conv2d' object has no attribute 'dim'",
            "nn.init.kaiming_normal_(layer)",
        ),
        "`layer.weight` or `layer.bias`",
    ),
    (
        ("AttributeError", "'float' object has no attribute 'backward'", "loss.backward()", "loss.backward"),
        "makes `loss` a plain number",
    ),
    (
        ("RuntimeError", "mat1 and mat2 must have the same dtype, but got Float and Double", "out = x @ w"),
        "of different types, Float, Double",
    ),
    (
        ("TypeError", "view(): argument 'size' must be tuple of ints", "rows = x.view(-1, x.shape)"),
        "such as `x.shape[0]`",
    ),
    (
        ("RuntimeError", "shape '[3, 5]' is invalid for input of size 6", "rows = right.view(3, 5)"),
        "`right` is (6,) and holds 6 numbers; a new shape should hold as many, and (3, 5) does not.",
    ),
    (
        ("ValueError", "Expected input batch_size (3) to match target batch_size (5).", "loss = F.cross_entropy(s, y)"),
        "There are 3 rows of scores and 5 labels",
    ),
    (
        (
            "RuntimeError",
            "Given groups=1, weight of size [8, 2, 3, 3], expected input[4, 3, 9, 7] to have 2 channels, but got 3",
            "h = F.conv2d(x, w2)",
        ),
        "The filters `w2`, 8, 2, 3, 3, take images with 2 channels; `x` has 3: was `h1` meant in place of `x`?",
    ),
]
IN_SCOPE = (
    "right (6,)",
    "scores (6, 8)",
    "row (1, 7)",
    "k = 5",
    "w2 (8, 2, 3, 3)",
    "x (4, 3, 9, 7)",
    "h1 (4, 2, 9, 7)",
)


@pytest.mark.parametrize(("raised", "said"), REFUSED)
def test_what_pytorch_refuses_is_said_in_terms_of_the_line(raised: tuple[str, ...], said: str) -> None:
    origins = ("loss: 8 loss = F.cross_entropy(s, y).item()",)
    error, message, source, *expression = raised
    assert said in tensor_crash(error, message, source, *expression, scope=IN_SCOPE, origins=origins)


def test_a_part_is_compared_with_a_part() -> None:
    message = "The size of tensor a (6) must match the size of tensor b (26) at non-singleton dimension 0"
    scope, origins = ("pred (6,)", "y (26,)", "X (26, 3)"), ("pred: 8 pred = net(X[i:i + n]).argmax(dim=1)",)
    more = {"scope": scope, "operands": scope[:2], "origins": origins}
    said = tensor_crash("RuntimeError", message, "right += (pred == y).sum()", "pred == y", **more)
    assert "was `y[i:i + n]` meant in place of `y`?" in said
    more["origins"] = ("pred: 8 pred = net(Z[i:i + n]).argmax(dim=1)",)
    assert "meant" not in tensor_crash("RuntimeError", message, "right += (pred == y).sum()", "pred == y", **more)


def test_images_are_asked_about_where_nothing_leads_back() -> None:
    message = "element 0 of tensors does not require grad and does not have a grad_fn"
    more = {"scope": ("X (6, 3, 4, 5)",), "parameters": ("X", "y"), "gradients": ("X: no", "y: no")}
    said = tensor_crash("RuntimeError", message, "right.backward()", **more)
    copied = "`X = X.detach().clone().requires_grad_()` before the forward pass."
    assert said.endswith(f"`X` does not require one. A copy should be worked with that does: {copied}")
    said = tensor_crash("RuntimeError", message, "right.backward()", **{**more, "gradients": ("X: leaf", "y: no")})
    assert "`X`" not in said
    said = tensor_crash("RuntimeError", message, "right.backward()", **{**more, "parameters": ("X", "y", "params")})
    assert "`X`" not in said  # there, the parameters are what should require a gradient


@pytest.mark.parametrize(
    ("function", "said"), [("Net.forward", "makes a new layer in each call"), ("Net.__init__", "")]
)
def test_a_layer_that_is_made_in_each_call_is_named(function: str, said: str) -> None:
    message = "mat1 and mat2 must have the same dtype, but got Double and Float"
    origins = ("fc: 8 fc = nn.Linear(9, 4)",)
    explained = tensor_crash("RuntimeError", message, "scores = fc(h)", function=function, origins=origins)
    assert said in explained
    assert ("of different types, Double, Float" in explained) == (not said)


def test_each_image_may_come_with_another_number_of_entries_than_a_layer_takes() -> None:
    message = "mat1 and mat2 shapes cannot be multiplied (8x224 and 120x5)"
    crash = crash_of("RuntimeError", message, "scores = net(images)")
    said = explain_crash(crash, {"X": np.ones((8, 3, 4, 5))}, {})
    assert "Each image comes to this layer with 224 numbers, and the layer takes 120" in said
    assert "it is given the output of another layer" in said
    assert "Each image" not in explain_crash(crash, {"X": np.ones((7, 3, 4, 5))}, {})


def test_a_factor_is_said_to_have_the_shape_of_the_message_only_where_that_is_its_own() -> None:
    message = "mat1 and mat2 shapes cannot be multiplied (40x7 and 56x3)"
    crash = crash_of("RuntimeError", message, "h = x @ w")
    said = [
        explain_crash(replace(crash, operands=(*known, "w (56, 3)")), {}, {})
        for known in ((), ("x (8, 5, 7)",), ("x (40, 7)",))
    ]
    assert said[0].startswith("`x` is taken as (40, 7) and `w` is (56, 3)")
    assert said[1].startswith("`x` is (8, 5, 7), taken as (40, 7) and `w` is (56, 3)")
    assert said[2].startswith("`x` is (40, 7) and `w` is (56, 3)")
    assert "would fit" not in said[0]


@pytest.mark.parametrize(
    ("axis", "words"),
    [
        (2, ", but its axis 2 has 3 entries, not 5: what its layer is created with says how large its filters are."),
        # A vector, as of a normalisation, stands along the last axis, too.
        (3, ", but the one in its place has 3 entries along its last axis, not 5: look at which layers there are"),
    ],
)
def test_a_parameter_of_another_size_is_said_to_be_of_another_layer(axis: int, words: str) -> None:
    message = f"The size of tensor a (3) must match the size of tensor b (5) at non-singleton dimension {axis}"
    crash = replace(
        crash_of("RuntimeError", message, "parameter.copy_(torch.tensor(given))"),
        file=PROGRAM_FILE,
        operands=("given (6, 3, 5, 5)",),
    )
    said = explain_crash(crash, {}, {})
    assert said.startswith(f"A parameter of the net should have shape (6, 3, 5, 5){words}")


def test_a_layer_that_is_made_where_a_tensor_is_meant_is_shown_where_it_is_made() -> None:
    message = "linear(): argument 'input' (position 1) must be Tensor, not Flatten"
    origins = ("h: 8 h = nn.Flatten(x)",)
    said = tensor_crash("TypeError", message, "scores = self.fc(h)", "self.fc(h)", origins=origins)
    assert "`nn.Flatten()(x)`" in said
    message = "conv2d() received an invalid combination of arguments - got (ReLU, Parameter), but expected one of:"
    said = tensor_crash("TypeError", message, "h = nn.ReLU(self.conv(h))", origins=("h: 8 h = nn.ReLU(self.first(x))",))
    assert said.startswith('Line 8, "h = nn.ReLU(self.first(x))"')
    assert "makes a layer" not in tensor_crash("TypeError", message, "h = self.conv(h)", origins=("h: 8 h = x[0]",))


def test_a_bias_is_not_drawn_like_a_weight() -> None:
    message = "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
    said = tensor_crash("ValueError", message, "nn.init.kaiming_normal_(p)")
    assert "`p` has fewer than two axes there, as a bias has" in said


def test_a_pair_of_values_and_places_is_not_compared() -> None:
    message = "'bool' object has no attribute 'sum'"
    for source, origins in (
        ("n += (found == y).sum()", ("found: 8 found = scores.max(1)",)),
        ("n += (torch.max(scores, dim=1) == y).sum()", ()),
    ):
        expression = source.removeprefix("n += ")
        assert "`argmax` gives them at once" in tensor_crash(
            "AttributeError", message, source, expression, origins=origins
        )
    said = tensor_crash("AttributeError", message, "n += (found == y).sum()", origins=("found: 8 found = x.max()",))
    assert "two tensors" not in said


OTHER_AXIS = "The size of tensor a (6) must match the size of tensor b (2) at non-singleton dimension 0"


def test_what_is_taken_over_the_other_axis_is_said() -> None:
    source, scope = "n += (torch.argmax(s, dim=0) == y).sum()", ("s (2, 6)", "y (2,)")
    said = tensor_crash("RuntimeError", OTHER_AXIS, source, "torch.argmax(s, dim=0) == y", scope=scope)
    assert "one number for each of the 6 columns of `s`, (2, 6); over axis 1" in said
    origins, scope = ("found: 8 found = net(x).argmax(dim=0)",), ("found (6,)", "y (2,)")
    said = tensor_crash(
        "RuntimeError", OTHER_AXIS, "n += (found == y).sum()", "found == y", scope=scope, origins=origins
    )
    assert "gives 6 numbers, one for each column of `net(x)`, where 2 are due" in said
    other = ("found: 8 found = net(x)",)
    said = tensor_crash("RuntimeError", OTHER_AXIS, "n += (found == y).sum()", "found == y", scope=scope, origins=other)
    assert "column" not in said


def test_a_bias_beside_a_convolution_goes_along_the_channels() -> None:
    message = "The size of tensor a (9) must match the size of tensor b (2) at non-singleton dimension 3"
    scope = ("w (2, 3, 5, 5)", "b (2,)")
    said = tensor_crash("RuntimeError", message, "h = F.conv2d(x, w) + b", "F.conv2d(x, w) + b", scope=scope)
    assert "(1, 2, 1, 1)" in said


def test_a_view_of_a_turned_tensor_is_no_reshape() -> None:
    message = "view size is not compatible with input tensor's size and stride (at least one dimension …)."
    said = tensor_crash("RuntimeError", message, "rows = x.view(n, -1)", "x.view(n, -1)")
    assert "`.reshape` should stand in its place" in said
    assert "`x`" in said


def test_a_weight_in_the_place_of_a_bias_is_told_by_its_axes() -> None:
    message = "The size of tensor a (3) must match the size of tensor b (6) at non-singleton dimension 3"
    crash = Crash(
        False, "RuntimeError", message, file=PROGRAM_FILE, line=8, operands=("given (6,)",),
        source="parameter.copy_(torch.tensor(given))", expression="parameter.copy_(torch.tensor(given))",
    )  # fmt: skip
    assert "a vector of 6 entries, a bias" in explain_crash(crash, {}, {})
    assert "a bias" not in explain_crash(replace(crash, message=message.replace("dimension 3", "dimension 0")), {}, {})


def test_a_minibatch_in_one_vector_is_recognised_in_pytorch_too() -> None:
    crash = Crash(
        False, "RuntimeError", "mat1 and mat2 shapes cannot be multiplied (1x15 and 5x2)", file="pkg/m.py", line=9,
        function="f", entered="f", source="h = flat @ w", expression="flat @ w", scope=("flat (15,)", "w (5, 2)"),
    )  # fmt: skip
    said = explain_crash(crash, {"x": np.ones((3, 5))}, {})
    assert "`flat` holds the whole minibatch in one vector; each example should be a row of its own" in said


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("h = F.conv2d(x, w1, b1, 2)", True),
        ("h = F.conv2d(x, w1, b1, 2, padding=2)", False),
        ("h = F.conv2d(x, w1, b1, stride)", False),
        ("h = F.conv2d(x, w1, b1, stride, 2)", False),
        ("h = F.conv2d(x, w1, b1, 1)", False),
    ],
)
def test_a_padding_in_the_place_of_the_stride_is_asked_for(line: str, asked: bool) -> None:
    said = explain_crash(crash_of("RuntimeError", TOO_SMALL, "h = F.conv2d(h, w2)", (f"h: 8 {line}",)), {}, {})
    assert ("On line 8, `2` is the fourth argument of `F.conv2d`, which is the stride" in said) == asked
    message = "mat1 and mat2 shapes cannot be multiplied (3x96 and 336x5)"
    crash = Crash(
        False, "RuntimeError", message, file="pkg/m.py", line=9, function="f", entered="f", source="s = flatten(h) @ w",
        expression="flatten(h) @ w", scope=("h (3, 8, 3, 4)", "w (336, 5)"), origins=(f"h: 8 {line}",),
    )  # fmt: skip
    assert ("which is the stride; if a padding is meant" in explain_crash(crash, {}, {})) == asked


def test_a_stride_beside_a_padding_makes_images_smaller() -> None:
    crash = crash_of("RuntimeError", TOO_SMALL, "h = F.conv2d(h, w2)", ("h: 8 h = F.relu(F.conv2d(x, w1, b1, 2, 2))",))
    assert "which is the stride: larger than 1, it makes the images smaller." in explain_crash(crash, {}, {})
