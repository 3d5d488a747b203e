"""An explanation of a crash says no more than its evidence: each other case that crashes there can refute it."""

from __future__ import annotations

import linecache
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from utils.checks.diagnose.crash_kind import is_of_unpacked_array
from utils.checks.diagnose.crashes import explain_crash
from utils.checks.program import Crash, run_program

Values = Mapping[str, object]


def crash_in(name: str, body: str, inputs: Values) -> Crash:
    """The crash of a function with this body, which is called with the inputs by their names."""
    file, parameters = f"nndl/evidence_{name}.py", ", ".join(inputs)
    source = f"import numpy as np\n\n\ndef f({parameters}):\n{textwrap.indent(body, '    ')}\n"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = ModuleType("nndl.layers")
    exec(compile(source, file, "exec"), vars(module))
    answer = run_program(f"out = layers.f({parameters})", {"layers": module}, inputs, ("out",))
    assert isinstance(answer, Crash), answer
    return answer


def explained(name: str, body: str, *cases: tuple[Values, Values]) -> str:
    """Explain the crash in the first of some cases, each of them its inputs and its right outputs."""
    crashes = [(crash_in(name, body, inputs), inputs, expected) for inputs, expected in cases]
    return explain_crash(*crashes[0], others=crashes[1:])


def ones(**shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
    return {name: np.ones(shape) for name, shape in shapes.items()}


def test_what_fits_in_one_case_by_chance_is_not_said() -> None:
    body = "dw = x @ dout\nreturn dw"
    plain = (ones(x=(4, 7), dout=(3, 5)), ones(dw=(4, 3)))
    by_chance = (ones(x=(4, 5), dout=(4, 3)), ones(dw=(5, 3)))
    assert "x.T @ dout" in explained("one_case", body, by_chance)
    assert "x.T @ dout" not in explained("two_cases", body, by_chance, plain)


def test_the_outputs_of_a_last_call_say_nothing_of_an_earlier_one() -> None:
    body = "out = np.dot(gamma, x)\nreturn out"
    first, last = ones(x=(4, 7), gamma=(7,)), ones(x=(2, 7), gamma=(7,))
    crash = crash_in("call", body, first)
    assert "`gamma * x`" in explain_crash(crash, first, ones(out=(4, 7)))
    assert "`out` should" not in explain_crash(crash, last, ones(out=(2, 7)))
    assert "`gamma * x`" in explain_crash(crash, first, ones(out=(4, 7)), others=[(crash, last, ones(out=(2, 7)))])


def test_of_two_products_in_their_order_that_fit_none_is_chosen() -> None:
    body = "h = a @ b\nreturn h.sum()"
    assert "would fit" not in explained("both", body, (ones(a=(4, 6), b=(4, 6)), {}))
    assert "`a @ b.T` would fit" in explained("one", body, (ones(a=(4, 6), b=(3, 6)), {}))


def test_what_is_set_again_need_not_have_the_shape_of_the_output_yet() -> None:
    case = (ones(x=(4, 2, 3), w=(6, 5), dout=(4, 5)), ones(dx=(4, 2, 3)))
    said = explained("flat", "dx = dout @ w\ndx = dx.reshape(x.shape)\nreturn dx", case)
    assert "`dout @ w.T` has shape (4, 6), as many numbers as `dx` should have" in said
    assert "(4, 2, 3)" not in said
    body = "dx = dout @ x\nif dx is None:\n    dx = 2 * x\nreturn dx"
    assert "`dx` should" not in explained("other", body, (ones(x=(4, 5), dout=(4, 5)), ones(dx=(4, 5))))
    body = "if x.ndim > 5:\n    dx = x\nelse:\n    dx = dout @ x\nreturn dx"
    assert "`dx` should" in explained("branch", body, (ones(x=(4, 5), dout=(4, 5)), ones(dx=(4, 5))))


def test_an_output_s_name_may_hold_something_on_the_way_to_it() -> None:
    case = (ones(dout=(4, 5), mask=(4, 6)), ones(dx=(4, 7)))
    assert "`dx` should have shape" not in explained("way", "dx = dout * 2\ndx *= mask\nreturn dx", case)
    created = "dx = np.zeros((4, 6, 1))\ndx += dout\nreturn dx"
    assert "`dx` should have shape (4, 7), but line 5" in explained("created", created, case)


@pytest.mark.parametrize("groups", [2, 3])
def test_groups_are_spoken_of_only_where_there_are_as_many(groups: int) -> None:
    case = ({**ones(x=(4, 6, 3, 5)), "G": groups}, {})
    said = explained(f"groups{groups}", "mu = np.ones((4, 2, 1))\nout = x - mu\nreturn out", case)
    assert ("an entry for each of 4 x 2 groups" in said) == (groups == 2)


def test_a_division_by_zero_is_right_only_for_a_zero_that_is_given() -> None:
    body = "scale = 1 / (1 - 0.9 ** t)\nt += 1\nreturn scale * x"
    said = explained("later", body, ({**ones(x=(4,)), "t": 0}, {}))
    assert "`1 - 0.9 ** t` is 0 there, because `t` is 0" in said
    assert 'Line 6, "t += 1", changes `t` only afterwards' in said
    assert "right for 0" not in said
    assert "that should be right for 0, too" in explained("given", "return 1 / p", ({"p": 0}, {}))
    assert "It should not be 0 when this line runs." in explained("computed", "n = p - 1\nreturn 1 / n", ({"p": 1}, {}))


def test_a_tuple_of_sizes_is_no_number() -> None:
    said = explained("sizes", "N = x.shape\nout = x.sum(axis=0) / N\nreturn out", (ones(x=(8, 7)), {}))
    assert said.startswith("`N` is a tuple of sizes, (8, 7), and no number: one of them is meant, such as `N[0]`.")


def test_a_loss_need_not_be_the_sum_of_what_should_be_one_number() -> None:
    case = (ones(losses=(4,), w=(7, 5)), {"loss": 1.0})
    said = explained("loss", "loss = losses + w * w\nreturn loss", case)
    assert "a sum, or a mean, should make one of `losses` and `w * w`" in said


def test_a_key_is_too_small_or_too_large_where_keys_are_counted() -> None:
    low = explained("low", "return params['W0']", ({"params": {"W1": 1.0, "W2": 1.0}}, {}))
    assert "They are counted from 1, so 0 is too small" in low
    high = explained("high", "return params['W3']", ({"params": {"W1": 1.0, "W2": 1.0}}, {}))
    assert "The last number is 2, so 3 is too large" in high
    kept = "grads = {'W1': params['W1']}\ngrads['W2'] += params['W2']\nreturn grads"
    replaced = explained("replaced", kept, ({"params": {"W1": 1.0, "W2": 1.0}}, {}))
    assert "`params` has this key; `grads` should hold it, too" in replaced
    assert "too large" not in replaced  # the number is right, because there is such a parameter
    between = explained("between", "return params['W2']", ({"params": {"W1": 1.0, "W3": 1.0}}, {}))
    assert "too" not in between


def test_what_is_kept_is_named_only_for_a_key_that_begins_like_it() -> None:
    case = ({"config": {"learning_rate": 0.1}}, {**ones(next_w=(3,), velocity=(3,))})
    assert "Was `learning_rate` meant?" in explained("rate", "return config['lr']", case)
    assert "Was `learning_rate` meant?" in explained("learned", "return config['learning_rat']", case)
    assert "meant" not in explained("decay", "return config['decay_rate']", case)
    assert "`velocity`" in explained("kept", "return config['v']", case)
    assert "`velocity`" not in explained("else", "return config['gamma']", case)
    assert "`velocity`" in explained("set", "config['cache'] += config['learning_rate']", case)


def test_what_the_forward_pass_alone_is_given_is_not_known_to_the_backward_pass() -> None:
    file = "nndl/evidence_cache.py"
    source = "def f(dout, cache):\n    return dout.reshape(G, -1)\n"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    module = ModuleType("nndl.layers")
    exec(compile(source, file, "exec"), vars(module))
    inputs = {"dout": np.ones(6), "G": 2}
    answer = run_program("dx = layers.f(dout, None)", {"layers": module}, inputs, ("dx",))
    assert isinstance(answer, Crash)
    assert "should be packed into the cache there" in explain_crash(answer, inputs, {})
    assert "packed" not in explain_crash(answer, {"dout": np.ones(6)}, {})


def test_rows_that_are_taken_for_values_are_recognised() -> None:
    assert is_of_unpacked_array(crash_in("rows", "x, mask = cache\nreturn x", ones(cache=(5, 3))))
    packed = {"cache": (np.ones(3), np.ones(3), np.ones(3))}
    assert not is_of_unpacked_array(crash_in("tuple", "x, mask = cache\nreturn x", packed))


WINDOWS = [
    ("left:right", "right = left + size", False),
    ("left:left + size", "right = 0", False),
    ("left:right", "right = j + size", True),
]


@pytest.mark.parametrize(("limits", "line", "said"), WINDOWS)
def test_a_window_that_ends_behind_its_start_is_not_what_is_wrong(limits: str, line: str, said: bool) -> None:
    body = f"j, size = 1, 3\nleft = j * 2\n{line}\nwindow = x[{limits}]\nreturn window * w"
    found = explained(f"window{WINDOWS.index((limits, line, said))}", body, (ones(x=(9,), w=(4,)), {}))
    assert ("it should end at its own start" in found) == said


def test_values_of_the_determinant_should_be_unpacked() -> None:
    said = explained("det", "both = np.linalg.slogdet(K)\nreturn -0.5 * both", ({"K": np.eye(3)}, {}))
    assert "`both` holds all that `np.linalg.slogdet` returns, the sign" in said


def test_an_output_of_another_shape_is_named_where_a_line_reads_it() -> None:
    body = "dgamma = x.T @ x\ndx = x * dgamma\nreturn dx"
    case = (ones(x=(8, 7)), ones(dx=(8, 7), dgamma=(7,)))
    assert "`dgamma` should have shape (7,), but line 5" in explained("read", body, case)
    body = "dgamma = x.T @ x\ndx = x * dgamma\ndgamma = x.sum(axis=0)\nreturn dx"
    assert "`dgamma` should have shape" not in explained("set_later", body, case)


def test_a_loop_over_the_size_of_another_axis_is_named() -> None:
    body = "out = x.copy()\nfor i in range(x.shape[1]):\n    out[i] *= 2\nreturn out"
    said = explained("axis", body, (ones(x=(3, 5)), {}))
    assert said.endswith("counts further: `x.shape[1]` is the size of axis 1, and `x.shape[0]` is 3.")


def test_argmax_and_an_axis_that_is_a_float() -> None:
    said = explained("place", "r, s = np.argmax(x)\nreturn r", (ones(x=(3, 5)), {}))
    assert "`np.unravel_index(np.argmax(x), x.shape)`" in said
    said = explained("float", "return np.max(x, 0.0)", (ones(x=(3, 5)), {}))
    assert "`np.maximum(0.0, x)` compares entry by entry" in said


def test_a_name_is_text_only_where_it_is_a_key() -> None:
    body = "total = 0.0\nfor w in params:\n    total += w * None\nreturn total"
    assert "key" not in explained("list", body, ({"params": [1.0, 2.0], "other": {"a": 1.0}}, {}))
    body = "total = 0.0\nfor w in params:\n    total = total - w\nreturn total"
    assert "`w` is a key, a text" in explained("keys", body, ({"params": {"W1": 1.0}}, {}))


class Holder:
    """What a method is called on."""

    def __init__(self) -> None:
        self.dropout, self.dropout_params, self.norm_params = 0.0, {}, {}


def test_the_setting_that_leaves_a_dict_empty_is_named() -> None:
    said = explained("off", "self = here\nreturn self.dropout_params[1]", ({"here": Holder()}, {}))
    assert "`self.dropout` is 0.0 there: the line should only run where it is not." in said
    assert "dropout" not in explained("other_off", "self = here\nreturn self.norm_params[1]", ({"here": Holder()}, {}))


def test_of_the_arguments_that_fit_a_numbered_one_is_named_where_no_other_does() -> None:
    body = "def layer(x, w):\n    return x @ w\nreturn layer(x, W2)"
    said = explained("numbered", body, (ones(x=(6, 4), W1=(4, 5), W2=(5, 8)), {}))
    assert "`W1`, of shape (4, 5), would fit in place of `W2`; was it meant?" in said


def test_a_dict_that_is_filled_should_be_created_first() -> None:
    said = explained("filled", "grads['W1'] = x\nreturn grads", (ones(x=(3,)), {}))
    assert said == "`grads` is filled here and has no value yet: `grads = {}` should stand before this line."
    assert "created" not in explained("row", "rows[0] = x\nreturn rows", (ones(x=(3,)), {}))


def test_a_draw_without_replacement_is_explained() -> None:
    body = "return np.random.choice(len(x), 9, replace=False)"
    assert "`replace=True`" in explained("draw", body, (ones(x=(3,)), {}))


def test_a_letter_that_fits_in_one_case_by_chance_is_not_named() -> None:
    body = "hot = np.eye(7)[:, :w.shape[1]]\nreturn hot * w"
    documented = '"""f.\n\n    w : ndarray of shape (H, C)\n    """\n'
    one, other = ((ones(w=shape), ones()) for shape in ((8, 7), (9, 5)))
    both = explained("letters", documented + body, one, other)
    assert "H = 8" in both
    assert "C" not in both.partition(":")[0].partition("`w`")[0]


def test_no_letter_is_named_of_a_single_case_beside_which_others_run() -> None:
    body = '"""f.\n\n    w : ndarray of shape (H, C)\n    x : ndarray of shape (N, D)\n    """\nreturn w @ x'
    inputs = ones(w=(8, 7), x=(5, 4))
    crash = crash_in("alone", body, inputs)
    assert "C = 7 is not N = 5" in explain_crash(crash, inputs, {})
    assert "7 is not 5" in explain_crash(crash, inputs, {}, alone=True)


def test_what_is_larger_by_an_axis_is_not_put_down_to_a_slice() -> None:
    body = "image[:, 0:3, 0:2] += w\nreturn image"
    inputs = ones(image=(3, 8, 6), w=(2, 3, 3, 2))
    assert "cut off" not in explained("larger", body, (inputs, {}))
    beyond = ones(image=(3, 4, 6), w=(3, 3, 2))
    assert "4 entries" in explained("beyond", "i = 2\nimage[:, i:i + 3, 0:2] += w\nreturn image", (beyond, {}))


def test_what_a_backward_pass_of_another_layer_refuses_is_no_advice_to_pass_what_there_is_not() -> None:
    refusal = "near_backward: the cache is a tuple of ndarray; pass the one that near_forward returned."
    crash = Crash(
        False, "ValueError", refusal, file="pkg/m.py", line=9, function="far_backward", entered="far_backward",
        source="dx = near_backward(dout.T, (cache[0],))", parameters=("dout", "cache"),
    )  # fmt: skip
    said = explain_crash(crash, {}, {})
    assert "pass the one" not in said
    assert "unless that calls `near_forward` and keeps its cache" in said
    kept = replace(crash, source="dx = near_backward(dout, kept)")
    said = explain_crash(kept, {}, {})
    assert "pass the one" not in said
    assert "either that should be given to it, or the backward function be called that belongs to this cache" in said
    assert "belongs" not in explain_crash(kept, {}, {}, advise=False)
    nothing = refusal.replace("a tuple of ndarray", "None")
    assert "should be given that one, or not be called here" in explain_crash(replace(kept, message=nothing), {}, {})
    own = "near_backward: the cache is the one of far_forward; pass the one that near_forward returned."
    assert "pass the one" not in explain_crash(replace(kept, message=own), {}, {})
    handed_on = replace(crash, source="dx = near_backward(dout.T, cache)")
    assert "pass the one" not in explain_crash(handed_on, {}, {})
    several = refusal.replace("tuple of ndarray", "tuple of tuple, ndarray")  # one of these may be meant
    assert "either that should be given" in explain_crash(replace(handed_on, message=several), {}, {})
    calls = replace(crash, results=("8 out, kept = near_forward(x, w)",))
    assert "either that should be given" in explain_crash(calls, {}, {})


def test_groups_that_are_brought_to_their_shape_behind_the_line_are_too_late() -> None:
    body = "out = gamma * groups\nout = out.reshape({shape})\nreturn out"
    case = (ones(gamma=(1, 6, 1, 1), groups=(5, 2, 3, 4, 2)), ones(out=(5, 6, 4, 2)))
    said = explained("groups", body.format(shape="5, 6, 4, 2"), case)
    assert "`groups` holds as many numbers as `out`, whose shape should be" in said
    assert "should be brought to that shape before this line" in said
    kept = explained("groups_kept", "out = gamma * groups\nout = out[0]\nreturn out", case)
    assert "before this line" not in kept


def test_a_list_that_a_case_gives_empty_is_no_list_to_take_items_of() -> None:
    inputs = {"input_dim": 4, "hidden_dims": [], "num_classes": 3}
    crash = crash_in("empty", "first = hidden_dims[0]\nreturn first", inputs)
    said = explain_crash(crash, inputs, {})
    assert "`[input_dim, *hidden_dims, num_classes]`, is never empty" in said
    own = crash_in("empty_own", "sizes = []\nfirst = sizes[0]\nreturn first", inputs)
    assert "The case gives" not in explain_crash(own, inputs, {})


@pytest.mark.parametrize(
    ("given", "wanted", "phrase"),
    [
        ("(12, 5)", "(24, 5)", "gives it 12 rows at a time, and the cache is that of all 24 rows"),
        ("(24, 1)", "(24, 5)", "gives it a single column at a time, and the cache is that of all 5 columns"),
        ("(12, 5)", "(25, 5)", ""),
        ("(12, 5)", "(24, 6)", ""),
    ],
)
def test_a_cache_of_all_rows_goes_with_the_gradient_of_all_rows(given: str, wanted: str, phrase: str) -> None:
    refusal = f"near_backward: dout has shape {given}; pass shape {wanted}, that of the output of near_forward."
    crash = Crash(
        False, "ValueError", refusal, file="pkg/m.py", line=9, function="f", entered="f",
        source="dx = near_backward(part, cache)", origins=("part: 8 part = dout[n]", "n: 7 for n in range(2):"),
    )  # fmt: skip
    said = explain_crash(crash, {}, {})
    assert ("called once, outside of the loop" in said) == bool(phrase)
    assert phrase in said
    assert "loop" not in explain_crash(replace(crash, origins=crash.origins[:1]), {}, {})


def test_no_other_axis_is_asked_for_where_an_index_is_too_large() -> None:
    body = "i = 4\nx[1, i + 1] = 0\nreturn x"
    said = explained("axis", body, (ones(x=(8, 4)), {}))
    assert said.startswith("`x` is (8, 4)")
    assert "another axis" not in said


def test_a_part_of_an_array_is_meant_as_a_whole_where_some_of_its_axes_are_as_long() -> None:
    body = "f = 0\nout = image[0, :, 0:3, 0:3] * w[f]\nreturn out"
    whole = explained("whole", body, (ones(image=(2, 4, 8, 6), w=(5, 4, 3, 2)), {}))
    assert "if one entry" not in whole
    entry = explained("entry", body, (ones(image=(2, 4, 8, 6), w=(5, 2, 7)), {}))
    assert "if one entry of it is meant, it should have an index for each axis" in entry


@pytest.mark.parametrize(
    ("line", "is_said"),
    [
        ("loss = np.sum(v**2 + w**2)", True),
        ("loss = 0.5 * (v + w)", True),
        ("loss = 0.5 * np.sum((v - w) ** 2)", False),
        ("loss = np.mean(v - w)", False),
        ("loss = np.sum(np.abs(v + w)) / 2", False),
    ],
)
def test_a_sum_is_asked_for_before_two_terms_are_added_and_not_before_a_difference_is_squared(
    line: str, is_said: bool
) -> None:
    said = explained("terms", f"{line}\nreturn loss", (ones(v=(3, 4), w=(5, 7)), {"loss": 1.0}))
    assert ("should make one of" in said) is is_said


@pytest.mark.parametrize(
    ("key", "keys", "meant"),
    [
        ("gamma3", "gamma1, gamma2", ""),
        ("running_var", "mode, running_mean", ""),
        ("lerning_rate", "learning_rate, epsilon", "learning_rate"),
    ],
)
def test_a_key_that_is_no_slip_of_another_one_is_not_asked_about(key: str, keys: str, meant: str) -> None:
    crash = Crash(
        False, "KeyError", repr(key), file="pkg/m.py", line=9, function="f", entered="f",
        source=f"value = held['{key}']", expression=f"held['{key}']", operands=(f"held with {keys}",),
    )  # fmt: skip
    said = explain_crash(crash, {}, {})
    assert said.startswith(f"`held` has no key `{key}`")
    assert (f"Was `{meant}` meant?" in said) if meant else ("meant" not in said)


def test_a_key_without_its_number_belongs_to_a_layer_only_where_several_names_are_numbered() -> None:
    crash = Crash(
        False, "KeyError", "'beta'", file="pkg/m.py", line=9, function="f", entered="f",
        source="beta = config['beta']", expression="config['beta']", operands=("config with rate, beta1, beta2",),
    )  # fmt: skip
    assert "it should be `beta1` or `beta2`." in explain_crash(crash, {}, {})
    layers = replace(crash, operands=("config with beta1, gamma1, beta2, gamma2",))
    assert "that of the layer" in explain_crash(layers, {}, {})


def test_a_key_made_of_an_array_is_not_looked_for_in_a_dict_of_the_line() -> None:
    crash = Crash(
        False, "KeyError", "'gamma[[-0.5 1.2]]'", file="pkg/m.py", line=9, function="f", entered="f",
        source="dout, more = g(dout, i, caches[i])", operands=("caches with 1, 2",),
    )  # fmt: skip
    said = explain_crash(crash, {}, {})
    assert "caches" not in said
    assert "A whole array stands in a key" in said


def test_what_a_line_of_the_check_unpacks_is_not_put_down_to_the_students_line() -> None:
    crash = Crash(
        False, "ValueError", "not enough values to unpack (expected 3, got 2)", file="pkg/m.py", line=9, function="f",
        entered="f", source="dx, more = self.g(cache, dout)", functions=("self.g(dout, cache): ",),
    )  # fmt: skip
    assert "returns" not in explain_crash(crash, {}, {})
    unpacked = replace(crash, message="not enough values to unpack (expected 2, got 1)")
    assert "returns `` alone" not in explain_crash(unpacked, {}, {})


def test_the_name_of_numpys_argument_is_no_advice_to_keep_an_axis() -> None:
    body = "db = dout.sum(axis=0, keepdim=True)\nreturn db"
    inputs = ones(dout=(4, 3))
    assert "which it has without either" in explained("kept", body, (inputs, ones(db=(3,))))
    said = explained("kept_rightly", body, (inputs, ones(db=(1, 3))))
    assert said.startswith("`sum` has no argument `keepdim`; NumPy calls it `keepdims`.")


def test_an_array_that_would_be_refused_as_well_is_not_asked_about() -> None:
    crash = Crash(
        False, "ValueError", "moody: settings has no mode; pass a dict without out or labels.", file="pkg/m.py", line=9,
        function="f", entered="f", source="out = moody(x, settings)", functions=("moody(x, settings): out",),
        scope=("x (4, 3)", "labels (4, 3)"),
    )  # fmt: skip
    assert "meant" not in explain_crash(crash, {}, {})
    other = replace(crash, scope=("x (4, 3)", "labels (4,)"))
    assert "was `labels`, of shape (4,), meant?" in explain_crash(other, {}, {})


def test_the_limits_of_a_slice_are_named_only_where_there_is_one() -> None:
    body = "x[:, 0] = w\nreturn x"
    assert "limits" not in explained("no_limits", body, (ones(x=(4, 3), w=(5,)), {}))
    assert "limits" in explained("limits", "x[0:2, 0] = w\nreturn x", (ones(x=(4, 3), w=(5,)), {}))


@pytest.mark.parametrize(
    ("source", "asked", "shifted"),
    [
        ("w = held[f'W{i + 1}']", False, "It is made with `i + 1` here."),
        ("w = held['W' + str(i - 1)]", False, "It is made with `i - 1` here."),
        ("w = held[f'W{i}']", True, ""),
    ],
)
def test_a_loop_is_not_asked_about_where_its_count_is_shifted(source: str, asked: bool, shifted: str) -> None:
    crash = Crash(
        False, "KeyError", "'W3'", file="pkg/m.py", line=9, function="f", entered="f", source=source,
        expression=source.removeprefix("w = "), operands=("held with W1, W2", "i = 2"),
    )  # fmt: skip
    said = explain_crash(crash, {}, {})
    assert "The last number is 2, so 3 is too large" in said
    assert ("run too far?" in said) is asked
    assert shifted in said


def test_of_two_arguments_of_which_either_may_be_wrong_both_are_named() -> None:
    crash = Crash(
        False, "ValueError", "shapes (6,5) and (4,5) not aligned: 5 (dim 1) != 4 (dim 0)", file="nndl/m.py", line=3,
        function="forward", entered="loss", source="out = x.dot(w)", expression="x.dot(w)",
        operands=("x (6, 5)", "w (4, 5)"), parameters=("x", "w"), call="9 out = forward(h, W1)",
        passed=("x: h", "w: W1"), callers_scope=("X (6, 4)", "h (6, 5)", "W1 (4, 5)", "W2 (5, 8)"),
    )  # fmt: skip
    said = explain_crash(crash, {}, {})
    assert "`X` in place of `h` or `W2` in place of `W1`" in said
    assert "was it meant" not in said


def test_a_name_for_what_is_kept_is_not_claimed_to_be_there() -> None:
    crash = Crash(
        False, "KeyError", "'a'", file="pkg/m.py", line=9, function="f", entered="f",
        source="a = config['a']", expression="config['a']", operands=("config with rate, t",),
    )  # fmt: skip
    said = explain_crash(crash, {}, {"a": np.ones(3)})
    assert "or by the name that is set to it above, if there is one." in said
