"""What crosses the wire arrives as it was; what does not fit is refused before it costs anything."""

from __future__ import annotations

import contextlib
import functools
import math

import hypothesis.extra.numpy as hnp
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.sandbox.inside import values as v
from grader.sandbox.inside.wire import (
    Answer,
    Envelope,
    Opaque,
    Program,
    Ready,
    Run,
    WireError,
    dump,
    load,
    packed,
    packed_list,
)

WHITELIST = [np.dtype(name) for name in v.DTYPES]

arrays = st.sampled_from(WHITELIST).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text()
plain = st.recursive(
    scalars | arrays,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def over_the_wire(value: object) -> object:
    tree, blobs = dump(Answer(), value)
    message, arrived = load(tree, b"".join(blobs))
    assert message == Answer()
    return arrived


def assert_same(got: object, sent: object) -> None:
    assert type(got) is type(sent)
    if isinstance(sent, np.ndarray | np.generic):
        assert got.dtype == sent.dtype
        assert got.shape == sent.shape
        np.testing.assert_array_equal(got, sent)
    elif isinstance(sent, dict):
        assert list(got) == list(sent)
        for key in sent:
            assert_same(got[key], sent[key])
    elif isinstance(sent, list | tuple):
        assert len(got) == len(sent)
        for pair in zip(got, sent, strict=True):
            assert_same(*pair)
    else:
        assert got == sent or (math.isnan(got) and math.isnan(sent))


@given(st.dictionaries(st.text(), plain))
def test_what_was_packed_before_is_sent_as_the_same_bytes(inputs: dict[str, object]) -> None:
    message, kept = Run((Program(7, "pass", ("out",), 0),)), packed(inputs)
    assert dump(message, kept) == dump(message, inputs)
    assert dump(message, kept) == dump(message, inputs)  # and so it is the next time


@given(st.lists(plain))
def test_a_list_of_what_was_packed_before_arrives_as_one(values: list[object]) -> None:
    tree, blobs = dump(Run(()), packed_list(map(packed, values)))
    assert_same(load(tree, b"".join(blobs))[1], values)


@given(plain)
def test_plain_values_arrive_as_they_were(value):
    assert_same(over_the_wire(value), value)


@pytest.mark.parametrize("dtype", WHITELIST, ids=str)
def test_a_numpy_scalar_stays_one(dtype):
    assert_same(over_the_wire(dtype.type(1)), dtype.type(1))


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x,
        lambda x: x.T,
        lambda x: x[:, ::2],
        lambda x: x[::-1],
        lambda x: x.astype(">f8"),
        lambda x: np.broadcast_to(x[0], (3, 7)),
    ],
    ids=["contiguous", "transposed", "strided", "reversed", "big-endian", "broadcast"],
)
def test_the_layout_of_an_array_is_kept_as_far_as_it_matters(make):
    sent = make(np.arange(35.0).reshape(5, 7))
    got = over_the_wire(sent)
    np.testing.assert_array_equal(got, sent)
    assert got.flags.c_contiguous == sent.flags.c_contiguous
    assert got.flags.f_contiguous == sent.flags.f_contiguous
    assert got.flags.writeable
    assert got.flags.aligned
    assert got.dtype == np.float64


def test_arrays_that_arrive_share_no_memory():
    first, second = over_the_wire([np.zeros(3), np.zeros(5)])
    first += 1
    assert not second.any()


def endless() -> list[object]:
    loop: list[object] = []
    loop.append(loop)
    return loop


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({1, 2}, "set"),
        (lambda: None, "function"),
        (1j, "complex"),
        (b"bytes", "bytes"),
        (2**63, "int of more than 64 bits"),
        (-(2**63) - 1, "int of more than 64 bits"),
        ({1: 2}, "dict whose keys are not all strings"),
        (np.zeros(2, complex), "complex128 array"),
        (np.array([None, {}]), "object array"),
        (np.zeros(2, [("a", "f8")]), "void64 array"),
        (np.complex64(1), "complex64"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), "MaskedArray"),
        (np.zeros((1,) * (v.DIMENSIONS + 1)), "float64 array"),
        (Opaque("already"), "already"),
    ],
    ids=lambda given: given if isinstance(given, str) else type(given).__name__,
)
def test_anything_else_becomes_its_types_name(value, named):
    assert over_the_wire(value) == Opaque(named)
    assert over_the_wire({"deep": [value]}) == {"deep": [Opaque(named)]}


def test_a_list_that_contains_itself_has_an_end():
    got = over_the_wire(endless())
    for _ in range(v.DEPTH):
        (got,) = got
    assert got == Opaque("list, nested too deep")


def test_subclasses_arrive_as_what_they_extend():
    class Sub(dict[str, int]): ...

    class Count(int): ...

    assert_same(over_the_wire(Sub(a=1)), {"a": 1})
    assert_same(over_the_wire(Count(3)), 3)
    assert_same(over_the_wire(np.str_("word")), "word")


def forged(node: v.Node, blob: bytes = b"") -> object:
    return load(msgspec.msgpack.encode(Envelope(Ready(), node)), blob)


@pytest.mark.parametrize(
    ("node", "blob"),
    [
        (v.Array("object", (1,)), bytes(8)),
        (v.Array("complex128", (1,)), bytes(16)),
        (v.Array("float64,", (1,)), bytes(8)),
        (v.Array("float64", (1,), "X"), bytes(8)),
        (v.Array("float64", (2,)), bytes(8)),
        (v.Array("float64", (-1, -1)), bytes(8)),
        (v.Array("float64", (2**31,)), b""),
        (v.Array("float64", (2**30, 2**30, 2**30)), b""),
        (v.Array("float64", (0, 2**62)), b""),
        (v.Array("float64", (1,) * (v.DIMENSIONS + 1)), bytes(8)),
        (v.Scalar("object"), bytes(8)),
        (v.Scalar("float64"), bytes(4)),
        (v.Array("float64", (1,)), bytes(9)),
        (None, b"left over"),
    ],
    ids=repr,
)
def test_an_array_that_is_described_wrongly_is_refused(node, blob):
    with pytest.raises(WireError):
        forged(node, blob)


def test_a_tree_that_is_nested_too_deep_is_refused():
    deep = functools.reduce(lambda node, _: v.Sequence([node]), range(v.DEPTH + 1), None)
    with pytest.raises(WireError, match="too deep"):
        forged(deep)


def test_a_tree_that_would_exhaust_the_stack_is_refused():
    levels = 200_000
    item = msgspec.msgpack.encode(v.Sequence([None]))
    opening = item[:-1]  # everything up to the item itself
    shell = msgspec.msgpack.encode(Envelope(Ready(), None))
    with pytest.raises(WireError):
        load(shell[:-1] + opening * levels + b"\xc0", b"")


@given(st.binary(max_size=200), st.binary(max_size=20))
def test_garbage_is_refused(tree, blob):
    with pytest.raises(WireError):
        load(tree, blob)


@given(st.data())
def test_a_damaged_frame_is_refused_or_means_something_else(data):
    tree, blobs = dump(Answer(), {"w": np.arange(6.0).reshape(2, 3), "n": (1, "a")})
    at = data.draw(st.integers(0, len(tree) - 1))
    damaged = tree[:at] + bytes([data.draw(st.integers(0, 255))]) + tree[at + 1 :]
    with contextlib.suppress(WireError):
        load(damaged, b"".join(blobs))
