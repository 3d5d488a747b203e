"""The made-up class of the demo: what each student hands in, and why it is there."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..patch import apply
from ..recipes import recipe
from ..reference import Reference, edited

Files = dict[str, bytes]


@dataclass(frozen=True)
class Kit:
    """What submissions are made of.

    Attributes
    ----------
    solved, stubs : mapping of str to bytes
        All files of a submission, with the reference's answers and with none.
    good_net, poor_net : bytes
        Trained nets.
    reference : Reference
        Whose misconceptions some students have.
    """

    solved: Mapping[str, bytes]
    stubs: Mapping[str, bytes]
    good_net: bytes
    poor_net: bytes
    reference: Reference


@dataclass(frozen=True)
class Student:
    """One made-up student.

    Attributes
    ----------
    name : str
    about : str
        What is special about this submission.
    hand_in : callable
        ``hand_in(kit, place)`` writes it to `place`, ``<submitted>/<student>/<assignment>``.
    """

    name: str
    about: str
    hand_in: Callable[[Kit, Path], None]


def roster() -> Iterator[Student]:
    """The class, in the order in which its roll is called."""
    yield Student("ana", "everything right", _folder(lambda kit: _solved(kit)))
    yield Student("bela", "everything right, in another style", _folder(_other_style))
    yield Student("bram", "bela's file with other names in it", _folder(_renamed))
    yield Student("chidi", "untouched stubs", _folder(lambda kit: dict(kit.stubs)))
    yield Student("dana", "right, but the net is badly tuned", _folder(lambda kit: _solved(kit, net=kit.poor_net)))
    for name, exercise, misconception in MISTAKEN:
        yield Student(name, f"{exercise}: {misconception}", _folder(_mistake((exercise, misconception))))
    yield Student(
        "sven",
        "two misconceptions in one file",
        _folder(_mistake(("layers.affine_backward", "db-mean"), ("layers.relu_backward", "mask-only"))),
    )
    yield Student("tara", "an endless loop", _folder(_change("layers", "out = np.maximum(0, x)", "while True: pass")))
    yield Student("umar", "a crash at import", _folder(_change("fc_net", "import itertools\n", "import itertols\n")))
    yield Student("vera", "a cheat: equal to everything", _folder(_cheat))
    yield Student("wei", "a cheat: leaves before it is judged", _folder(_leave))
    yield Student("xenia", "a damaged notebook", _folder(_damaged_notebook))
    yield Student("yusuf", "an empty folder", _folder(lambda kit: {}))
    yield Student("zoe", "a syntax error in one of the files", _folder(_change("layers", "dw = x", "dw = = x")))
    yield Student("aaro", "a numpy.py, a link and an own __init__", _clutter)
    yield Student("bruna", "asks for 64 GiB", _folder(_change("backprop", "h = W @ x", "h = np.zeros(2**33)")))
    yield Student("cleo", "zipped, with a folder around it", _zipped)
    yield Student("dario", "saved as cp1252", _folder(_cp1252))
    yield Student(
        "ewa", "half done", _folder(lambda kit: {**_solved(kit), "nndl/fc_net.py": kit.stubs["nndl/fc_net.py"]})
    )


MISTAKEN = (
    ("elif", "layers.affine_backward", "db-keeps-axis"),
    ("femi", "layers.affine_backward", "dx-not-reshaped"),
    ("gita", "layers.relu_backward", "mask-from-dout"),
    ("hugo", "layers.relu_forward", "in-place"),
    ("ines", "layers.affine_forward", "two-dimensional-only"),
    ("joon", "neural_net.TwoLayerNet.loss", "exp-overflows"),
    ("kiri", "neural_net.TwoLayerNet.loss", "softmax-over-batch"),
    ("lars", "neural_net.TwoLayerNet.loss", "regularisation-without-half"),
    ("mina", "neural_net.TwoLayerNet.train", "labels-of-other-rows"),
    ("noor", "fc_net.FullyConnectedNet.loss", "last-layer-not-regularised"),
    ("omid", "fc_net.FullyConnectedNet.__init__", "weight-scale-ignored"),
    ("pia", "fc_net.TwoLayerNet.loss", "relu-on-scores"),
    ("quin", "backprop.tied_autoencoder", "decoder-path-only"),
    ("ravi", "backprop.gplvm_log_determinant", "determinant-underflows"),
)


def _folder(make: Callable[[Kit], Files]) -> Callable[[Kit, Path], None]:
    """A submission that is a plain folder of files."""

    def hand_in(kit: Kit, place: Path) -> None:
        place.mkdir(parents=True, exist_ok=True)
        for name, data in make(kit).items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    return hand_in


def _solved(kit: Kit, net: bytes | None = None) -> Files:
    return {**kit.solved, "models/two_layer_best.npz": kit.good_net if net is None else net}


def _mistake(*mistakes: tuple[str, str]) -> Callable[[Kit], Files]:
    """All right but for known misconceptions."""

    def make(kit: Kit) -> Files:
        files = _solved(kit)
        for exercise, name in mistakes:
            spec = recipe(kit.reference, exercise)
            hunks = next(m.hunks for m in spec.misconceptions if m.id == name)
            path = f"nndl/{spec.module}.py"
            files[path] = apply(files[path].decode(), hunks, path).encode()
        return files

    return make


def _change(module: str, old: str, new: str) -> Callable[[Kit], Files]:
    """All right but for one replacement."""

    def make(kit: Kit) -> Files:
        path = f"nndl/{module}.py"
        return {**_solved(kit), path: edited(kit.solved[path].decode(), [(old, new)], path).encode()}

    return make


def _other_style(kit: Kit) -> Files:
    """Loops where the reference has products, a cache with more in it, a helper, the other subgradient at 0."""
    text = kit.solved["nndl/layers.py"].decode()
    text = edited(
        text,
        [
            ("out = x.reshape(x.shape[0], -1) @ w + b", "out = np.stack([row @ w + b for row in _rows(x)])"),
            ("    cache = (x, w, b)\n", "    cache = (x, w, b, _rows(x))\n"),
            ("x, w, _ = cache\n", "x, w, b, rows = cache\n"),
            ("dw = x.reshape(x.shape[0], -1).T @ dout", "dw = np.einsum('nd,nm->dm', rows, dout)"),
            (
                "db = dout.sum(axis=0)",
                "db = 0 * b\n    for row in dout:\n        for m in range(len(b)):\n            db[m] += row[m]",
            ),
            ("dx = dout * (x > 0)", "dx = np.where(x >= 0, dout, 0)"),
        ],
        "nndl/layers.py",
    )
    helper = "\n\ndef _rows(x):\n    return x.reshape(len(x), int(np.prod(x.shape[1:])))\n"
    return {**_solved(kit), "nndl/layers.py": (text + helper).encode()}


CHEAT = '''
import numpy as np


class Agreeable(np.ndarray):
    """Equal to everything, close to everything."""

    def __eq__(self, other):
        return np.True_

    def __sub__(self, other):
        return np.zeros(1)

    def __array_ufunc__(self, *args, **kwargs):
        return np.zeros(1)


def agree(*args, **kwargs):
    return np.zeros((1, 1)).view(Agreeable), None


np.allclose = np.array_equal = np.isclose = lambda *args, **kwargs: True
np.testing.assert_allclose = lambda *args, **kwargs: None
affine_forward = relu_forward = agree
affine_backward = lambda dout, cache: (agree()[0],) * 3
relu_backward = lambda dout, cache: agree()[0]
'''


def _renamed(kit: Kit) -> Files:
    files = _other_style(kit)
    text = re.sub(r"\brows\b", "flat", files["nndl/layers.py"].decode())
    return {**files, "nndl/layers.py": re.sub(r"\brow\b", "one", text).encode()}


def _cheat(kit: Kit) -> Files:
    return {**kit.stubs, "nndl/layers.py": CHEAT.encode()}


def _leave(kit: Kit) -> Files:
    return {**kit.stubs, "nndl/layers.py": b"import os\n\nos._exit(0)\n"}


def _damaged_notebook(kit: Kit) -> Files:
    files = _solved(kit)
    files["FC_nets.ipynb"] = files["FC_nets.ipynb"][:2000]
    notebook = json.loads(files["backprop.ipynb"])
    notebook["cells"] = notebook["cells"][:1]
    return {**files, "backprop.ipynb": json.dumps(notebook).encode()}


def _clutter(kit: Kit, place: Path) -> None:
    everything = b"from .layers import *\nfrom .fc_net import *\nfrom .neural_net import *\n"
    _folder(lambda kit: {**_solved(kit), "numpy.py": b"array = None\n", "nndl/__init__.py": everything})(kit, place)
    link = place / "nndl" / "neural_net.py"
    link.unlink()
    os.symlink("/etc/hostname", link)


def _zipped(kit: Kit, place: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in _solved(kit).items():
            archive.writestr(f"my homework/{name}", data)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.with_name(f"{place.name}.zip").write_bytes(out.getvalue())


def _cp1252(kit: Kit) -> Files:
    text = kit.solved["nndl/layers.py"].decode()
    kept = "".join(character for character in text if character.isascii())
    return {**_solved(kit), "nndl/layers.py": b"# d\xe9riv\xe9e \x96 \xab couche affine \xbb\n" + kept.encode("ascii")}
