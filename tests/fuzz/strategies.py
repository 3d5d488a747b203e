"""Inputs that get past the first check: valid ones with something wrong in them, and bytes after that."""

from __future__ import annotations

import copy
import gzip
import io
import json
import math
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from exchange.downloads import METADATA, WORKSHEET
from gradebook.small_course import TOML
from hypothesis import strategies as st
from targets import (
    archive,
    course_toml,
    decisions_toml,
    download,
    frame,
    golden_pack,
    judged,
    model,
    notebook,
    recipe_diffs,
    rubrics,
    safetensors,
    secret,
    small_course,
    source,
    stream,
    table,
)

from grader.sandbox.inside.wire import Ask, Done, Failed, Ready, dump

Bytes = st.SearchStrategy[bytes]

odd_text = st.sampled_from(
    [
        "",
        "\0",
        "\ud800",
        "../x",
        "/etc/passwd",
        "nndl/layers.py",
        "hw/nndl/layers.py",
        "C:\\x",
        "a\nb",
        "\u202e",
        "x" * 300,
    ]
) | st.text(max_size=8)
odd_value: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from([-1, 0, 2**31, 2**63, 10**400, 1e308, float("nan"), float("inf"), -0.0])
    | st.integers()
    | st.floats()
    | odd_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(odd_text, inner, max_size=3),
    max_leaves=4,
)


@st.composite
def damaged(draw: st.DrawFn, valid: Bytes) -> bytes:
    """Valid bytes, then up to three times: cut, dropped, doubled, overwritten or put in between."""
    data = draw(valid)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, max(len(data) - 1, 0)))
        end = min(start + draw(st.sampled_from([1, 2, 4, 8, 100])), len(data))
        new = draw(st.sampled_from([b"", b"\0", b"\xff" * 4, b"\xff" * 8, b"\x7f\xff\xff\xff"]) | st.binary(max_size=9))
        kind = draw(st.sampled_from(["cut", "drop", "double", "overwrite", "insert"]))
        middle = {
            "cut": b"",
            "drop": b"",
            "double": data[start:end] * 2,
            "overwrite": new,
            "insert": new + data[start:end],
        }
        data = data[:start] + middle[kind] + (b"" if kind == "cut" else data[end:])
    return data


@st.composite
def twisted(draw: st.DrawFn, tree: Any) -> Any:
    """A tree of lists and dicts in which up to three nodes are another value, gone, or there twice."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 3))):
        node = tree
        while isinstance(node, dict | list) and node:
            key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
            if not isinstance(node[key], dict | list) or not node[key] or draw(st.integers(0, 3)) == 0:
                kind = draw(st.sampled_from(["replace", "remove", "double"]))
                if kind == "remove":
                    del node[key]
                elif kind == "double" and isinstance(node, list):
                    node.append(node[key])
                else:
                    node[key] = draw(odd_value)
                break
            node = node[key]
    return tree


def as_json(tree: Any) -> bytes:
    return json.dumps(tree).encode("utf-8", "surrogatepass")


def released() -> Any:
    path = small_course().root / "assignments" / "a1" / "warmup.ipynb"
    tree = json.loads(path.read_text())
    tree["cells"][4]["attachments"] = {"a.png": {"image/png": "AAAA"}}
    shown = [
        {"output_type": "stream", "name": "stdout", "text": ["a\n", "b"]},
        {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=", "text/plain": "x"}, "metadata": {}},
        {"output_type": "error", "ename": "E", "evalue": "e", "traceback": ["a"]},
    ]
    tree["cells"].append({"cell_type": "code", "source": "x", "metadata": {}, "outputs": shown})
    return tree


@st.composite
def frames(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A tree, sound or twisted, and the bytes of its arrays."""
    message = draw(st.sampled_from([Ready(), Ask("layers", "f"), Done(1, ("x",)), Failed(2)]))
    arrays = [np.zeros((2, 3)), np.ones((3, 1, 2), "float32").T, np.float32(2.5), np.zeros((2, 4))[:, ::2]]
    value = draw(st.sampled_from([None, {"x": arrays[0], "y": (arrays[1], [arrays[2]])}, [arrays[3], 1, "a", {}]]))
    tree, blobs = dump(message, value)
    if draw(st.booleans()):
        plain = draw(twisted(msgspec.msgpack.decode(tree)))
        try:
            tree = msgspec.msgpack.encode(plain)
        except (OverflowError, UnicodeEncodeError, msgspec.MsgspecError):
            tree = b"\xc1"
    return tree, b"".join(blobs)


odd_size = st.sampled_from([0, 0, 1, 1, 2, 3, 2**20, 2**31 - 1, 2**31, 2**63 - 1, -1, -(2**63), True, 1.0, None])
odd_shape = st.sampled_from([[2, 3], [], [6], [3, 2], [2, 3, 2], [1, 2, 3, 4]]) | st.lists(odd_size, max_size=20)
odd_type = st.sampled_from(
    ["float64", "float64", "float32", "float16", "bool", "uint8", "int64", "O", "object", "<f8", ""]
)
odd_leaf: st.SearchStrategy[Any] = (
    odd_value
    | st.builds(
        lambda dtype, shape, layout: {"type": "a", "dtype": dtype, "shape": shape, "layout": layout},
        odd_type, odd_shape, st.sampled_from(["C", "F", "S", "S", "", "K"]),
    )
    | odd_type.map(lambda dtype: {"type": "s", "dtype": dtype})
    | st.sampled_from(["x" * 200_000, *(kind * 100 for kind in ("\u202e", "\n", "\0"))]).map(
        lambda name: {"type": "o", "type_name": name}
    )
    | st.sampled_from([["x" * 100_000, *["y"] * 20_000], [0] * 100_000, [True, 2**64 - 1, -1]]).map(
        lambda items: {"type": "l", "items": items, "fixed": False}
    )
)  # fmt: skip
odd_node: st.SearchStrategy[Any] = st.recursive(
    odd_leaf,
    lambda inner: (
        st.builds(
            lambda items, fixed: {"type": "l", "items": items, "fixed": fixed},
            st.lists(inner, max_size=4), st.booleans(),
        )
        | st.dictionaries(odd_text, inner, max_size=3).map(lambda items: {"type": "d", "items": items})
        | st.integers(1, 30).flatmap(lambda depth: inner.map(lambda item: _nested(item, depth)))
    ),
    max_leaves=6,
)  # fmt: skip


def _nested(item: Any, depth: int) -> Any:
    for _ in range(depth):
        item = {"type": "l", "items": [item]}
    return item


@st.composite
def hostile_frames(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A tree that is well-formed msgpack, and mostly of our schema, with values that nobody sends."""
    message = draw(
        st.sampled_from(
            [
                {"type": "Done", "number": 1, "mutated": ["x", "x" * 300, ""]},
                {"type": "Failed", "number": 2**63},
                {"type": "Ask", "module": "layers", "function": "\0"},
            ]
        )
    )
    tree = {"message": message, "value": draw(odd_node)}
    try:
        packed = msgspec.msgpack.encode(tree)
    except (OverflowError, UnicodeEncodeError, msgspec.MsgspecError):
        packed = b"\xc1"
    numbers = draw(st.sampled_from([b"\0" * 8, np.float64(1e308).tobytes(), np.float64(5e-324).tobytes(), b"\xff" * 8]))
    size = min(sum(map(_bytes_of, _arrays(tree["value"]))), 1 << 16)
    return packed, (numbers * (size // 8 + 1))[:size]


def _arrays(node: Any) -> Iterator[Any]:
    """The arrays and scalars of a tree, in its order."""
    if isinstance(node, dict) and node.get("type") in ("a", "s"):
        yield node
    elif isinstance(node, dict):
        items = node.get("items", [])
        for item in items.values() if isinstance(items, dict) else items if isinstance(items, list) else ():
            yield from _arrays(item)


def _bytes_of(node: Any) -> int:
    sizes = [size for size in node.get("shape", []) if isinstance(size, int)]
    return max(0, math.prod(sizes)) * {"float64": 8, "int64": 8, "float32": 4, "float16": 2}.get(node["dtype"], 1)


def diffs() -> Bytes:
    lines = [
        "=== means.mean: sum",
        "=== means.spread: largest",
        "===",
        "=== : ",
        "It is divided by the number of entries.",
        "",
        "# A comment",
        "@@",
        "@@ def spread",
        "@@ -1,2 +3 @@ class Means:",
        "@@ <module>",
        "@@ (",
        "-    return total / len(x)",
        "+    return total",
        "     total = sum(x)",
        "-    return max(x) - min(x)",
        "+    return max(x)",
        "-",
        "+",
        " ",
        "\t",
        "+" + "x" * 5000,
        "-" + "(" * 3000,
        "=== means." + "a" * 3000 + ": " + "B" * 3000,
    ]
    return st.lists(st.sampled_from(lines) | odd_text, max_size=14).map(
        lambda some: "\n".join(some).encode("utf-8", "replace")
    )


DECISIONS = """
[[extension]]
assignment = "a1"
students = ["ada"]
days = 2
[[extension]]
assignment = "a1"
students = "all"
until = 2027-02-08T12:00:00Z
[[late_days]]
days = 3
most = 2
[[void]]
question = "why"
points = "redistributed"
[[bonus]]
assignment = "a1"
students = "all"
points = 2
[[override]]
student = "bob"
question = "layers.relu_forward"
points = 1
reason = "seen"
[[weight]]
question = "layers.affine_forward"
points = 0
"""


RUBRICS = """
[how]
from = "full"
about = ["layers.relu_forward"]
[[why.items]]
name = "cut"
points = 2
text = "Says so"
[[why.items]]
name = "long"
points = -0.5
text = "Too long"
"""


def toml(text: str = TOML) -> Bytes:
    lines = [line.encode() for line in text.splitlines()]
    values = [
        b'"',
        b"nan",
        b"-inf",
        b"1e999",
        b"-1",
        b"0",
        b"true",
        b"[]",
        b"{}",
        b"1979-01-01",
        b'"\\u0000"',
        b"9" * 400,
    ]

    def with_value(line: bytes, value: bytes) -> bytes:
        return line.partition(b"=")[0] + b"= " + value

    changed = st.builds(with_value, st.sampled_from(lines), st.sampled_from(values))
    one = st.builds(
        lambda at, new: [*lines[:at], new, *lines[at + 1 :]], st.integers(0, len(lines) - 1), changed | st.just(b"")
    )
    more = st.lists(st.sampled_from(lines) | changed, max_size=10)
    return (one | more | more.map(lambda some: lines + some)).map(b"\n".join)


@st.composite
def zips(draw: st.DrawFn) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as file:
        warnings.simplefilter("ignore")  # of a name that occurs twice
        for _ in range(draw(st.integers(0, 4))):
            name = draw(odd_text).encode("utf-8", "replace").decode()
            info = zipfile.ZipInfo(name or "x")
            info.external_attr = draw(st.sampled_from([0, 0o120777, 0o040755, 0o100644, 0o010644])) << 16
            info.compress_type = draw(st.sampled_from([0, 8, 12, 14]))
            file.writestr(info, draw(st.sampled_from([b"", b"x = 1\n", b"\xff\xfe", bytes(100_000)])))
    return out.getvalue()


@st.composite
def tars(draw: st.DrawFn) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=draw(st.sampled_from([0, 1, 2]))) as file:
        for _ in range(draw(st.integers(0, 4))):
            info = tarfile.TarInfo(draw(odd_text).encode("utf-8", "replace").decode().replace("\0", "?")[:90])
            info.type = draw(st.sampled_from([b"0", b"1", b"2", b"3", b"5", b"6", b"S", b"x"]))
            info.linkname = draw(st.sampled_from(["", "/etc/passwd", "nndl/layers.py"]))
            data = draw(st.sampled_from([b"", b"x = 1\n", b"12 path=\xff\n", bytes(2000)]))
            info.size = len(data) if info.type in (b"0", b"x", b"S") else 0
            try:
                file.addfile(info, io.BytesIO(data))
            except (ValueError, UnicodeError):
                continue
    data = out.getvalue()
    return gzip.compress(data, 1, mtime=0) if draw(st.booleans()) else data


@st.composite
def npz(draw: st.DrawFn) -> bytes:
    """Weights with headers that lie: about the shape, the type, the order, or the format itself."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", draw(st.sampled_from([0, 8, 8, 12, 14]))) as file:
        for name in draw(st.lists(st.sampled_from(["W1", "b1", "dataset", "pack", "x/y"]), unique=True, max_size=4)):
            value = np.array("offline") if name == "dataset" else np.arange(6.0).reshape(2, 3)
            array = io.BytesIO()
            np.save(array, value)
            data = array.getvalue()
            lie = draw(st.sampled_from([b"", b"(2, 3)", b"'<f8'", b"<U7", b"False", b"{'descr'"]))
            put = draw(
                st.sampled_from(
                    [
                        b"(9999999999,)",
                        b"(-1, -6)",
                        b"'|O'",
                        b"'<U99999999'",
                        b"True",
                        b"{1:",
                        b"(((((",
                        b"(0, 99999999999999999999)",
                        b"(True, 6)",
                    ]
                )
            )
            data = data.replace(lie, put) if lie else data
            file.writestr(f"{name}{draw(st.sampled_from(['.npy', '.npy', '.npy', '']))}", data)
    return out.getvalue()


@st.composite
def damaged_inside(draw: st.DrawFn, archives: Bytes) -> bytes:
    """A zip with a few bytes of a member's data overwritten: its directory and its headers stay as they were."""
    data = bytearray(draw(archives))
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        members = [member for member in file.infolist() if member.compress_size]
    for _ in range(draw(st.integers(1, 3)) if members else 0):
        member = draw(st.sampled_from(members))
        start = member.header_offset + 30 + len(member.filename.encode())
        data[start + draw(st.integers(0, member.compress_size - 1))] = draw(st.integers(0, 255))
    return bytes(data)


lines = st.lists(
    st.sampled_from(
        [
            "# coding: utf-7\n",
            "# coding: punycode\n",
            "\ufeff",
            "'",
            '"',
            "\\",
            '"""',
            "\n",
            "\r",
            "\0",
            " ",
            "x",
            "1e",
            "+AGE-",
        ]
    )
    | st.text(max_size=3),
    max_size=30,
).map("".join)
sources = st.builds(
    lambda text, codec: text.encode(codec, "replace"),
    lines,
    st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-7"]),
)


@st.composite
def safetensors_files(draw: st.DrawFn) -> bytes:
    """Weights whose header is twisted, or shorter or longer than it says."""
    header = {"__metadata__": {"dataset": "offline"}, "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}
    text = as_json(draw(twisted(header)))
    return struct.pack("<Q", max(0, len(text) + draw(st.sampled_from([0, 0, 0, -1, 1, 2**40])))) + text + bytes(8)


@st.composite
def packs(draw: st.DrawFn) -> bytes:
    """A golden pack of the kit with its description twisted."""
    path = Path(__file__).parents[2] / "goldens" / "layers.relu_backward.npz"
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    tree = draw(twisted(json.loads(arrays["pack"].tobytes())))
    arrays["pack"] = np.frombuffer(as_json(tree), np.uint8)
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def joined(parts: tuple[bytes, bytes]) -> bytes:
    return struct.pack(">I", len(parts[0])) + b"".join(parts)


def streamed(parts: tuple[bytes, bytes]) -> bytes:
    return struct.pack(">II", len(parts[0]), len(parts[1])) + b"".join(parts)


JSON = 'while(1);[{"user_id": 4711, "submitted_at": "2027-02-05T11:00:00Z"}]'


def inputs() -> dict[Callable[[bytes], None], Bytes]:
    """A strategy for each target."""
    valid = {
        frame: (frames() | hostile_frames()).map(joined),
        judged: hostile_frames().map(joined),
        stream: frames().map(streamed),
        course_toml: toml(),
        decisions_toml: toml(DECISIONS),
        recipe_diffs: diffs(),
        rubrics: toml(RUBRICS),
        notebook: twisted(released()).map(as_json),
        archive: zips() | tars() | damaged_inside(zips()),
        golden_pack: packs() | npz(),
        model: npz() | damaged_inside(npz()),
        source: sources,
        safetensors: safetensors_files(),
        secret: st.sampled_from(
            [b"a" * 64, b"a" * 5000, b"2027-01-01 00:00:00 UTC", b"2027-01-01T00:00:00+0200", b"\n"]
        ),
        download: zips()
        | st.sampled_from([METADATA.encode(), b"a: &a [*a, *a]", b"- " * 900, b"!!python/name:os.system a"]),
        table: st.sampled_from([WORKSHEET, "student,time\nada,2027-02-05\n", "Student;ID;Section\nA;1;B\n", JSON]).map(
            lambda text: text.encode()
        ),
    }
    return {target: damaged(strategy) | strategy | st.binary(max_size=200) for target, strategy in valid.items()}
