"""The made-up class of the demo: what each student hands in, and why it is there."""

from __future__ import annotations

import inspect
import json
import os
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from rich.progress import track

from grader.demo import Files, Kit, Student, in_archive, in_folder, with_change, with_mistakes
from grader.reference import Reference, edited
from utils import offline_images
from utils.model_files import save_model

ASSIGNMENT = "hw3"


def prepare(reference: Reference, folder: Path) -> Files:
    """Two trained nets, ``"good"`` and ``"poor"``; they are trained once and kept in `folder`."""
    made_of = (inspect.getsource(offline_images), reference.source("neural_net"), inspect.getsource(_train))
    version = zlib.crc32("".join(made_of).encode())
    good, poor = (folder / "nets" / f"{name}-{version:08x}.npz" for name in ("good", "poor"))
    if not (good.exists() and poor.exists()):
        _train(reference, good, poor)
    return {"good": good.read_bytes(), "poor": poor.read_bytes()}


def _train(reference: Reference, good: Path, poor: Path) -> None:
    """Two nets with the reference on the offline set: one tuned, one hardly trained; in float32, for speed."""
    pixels, y = offline_images.offline_pixels(48_000)
    X = pixels.reshape(len(y), -1).astype(np.float32)
    X -= X.mean(axis=0)
    np.random.seed(0)
    for path, last_rate, steps in ((poor, 1e-3, 150), (good, 1e-4, 3000)):
        net = reference.module("neural_net").TwoLayerNet(3072, 50, 10)
        net.params = {name: value.astype(np.float32) for name, value in net.params.items()}
        rates = np.geomspace(1e-3, last_rate, 30)
        for rate in track(rates, f"training the {path.stem.split('-')[0]} net", transient=True):
            net.train(X, y, X[:100], y[:100], rate, 1.0, 0.5, steps // len(rates), 200)
        save_model(path, net.params, {"dataset": "offline"})


def roster() -> Iterator[Student]:
    """The class, in the order in which its roll is called."""
    yield Student("ana", "everything right", in_folder(_solved))
    yield Student("bela", "everything right, in another style", in_folder(_other_style))
    yield Student("bram", "bela's file with other names in it", in_folder(_renamed))
    yield Student("chidi", "untouched stubs", in_folder(lambda kit: dict(kit.stubs)))
    yield Student(
        "dana", "right, but the net is badly tuned", in_folder(lambda kit: _solved(kit, net=kit.made["poor"]))
    )
    for name, exercise, misconception in MISTAKEN:
        yield Student(name, f"{exercise}: {misconception}", in_folder(_mistake((exercise, misconception))))
    yield Student(
        "sven",
        "two misconceptions in one file",
        in_folder(_mistake(("layers.affine_backward", "db-mean"), ("layers.relu_backward", "mask-only"))),
    )
    yield Student("tara", "an endless loop", in_folder(_change("layers", "out = np.maximum(0, x)", "while True: pass")))
    yield Student("umar", "a crash at import", in_folder(_change("fc_net", "import itertools\n", "import itertols\n")))
    yield Student("vera", "a cheat: equal to everything", in_folder(_cheat))
    yield Student("wei", "a cheat: leaves before it is judged", in_folder(_leave))
    yield Student("xenia", "a damaged notebook", in_folder(_damaged_notebook))
    yield Student("yusuf", "an empty folder", in_folder(lambda kit: {}))
    yield Student("zoe", "a syntax error in one of the files", in_folder(_change("layers", "dw = x", "dw = = x")))
    yield Student("aaro", "a numpy.py, a link and an own __init__", _clutter)
    yield Student("bruna", "asks for 64 GiB", in_folder(_change("backprop", "h = W @ x", "h = np.zeros(2**33)")))
    yield Student("cleo", "zipped, with a folder around it", in_archive(_solved, "my homework"))
    yield Student("dario", "saved as cp1252", in_folder(_cp1252))
    yield Student(
        "ewa", "half done", in_folder(lambda kit: {**_solved(kit), "nndl/fc_net.py": kit.stubs["nndl/fc_net.py"]})
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


def _solved(kit: Kit, net: bytes | None = None) -> Files:
    return {**kit.solved, "models/two_layer_best.npz": kit.made["good"] if net is None else net}


def _mistake(*mistakes: tuple[str, str]) -> Callable[[Kit], Files]:
    """All right but for known misconceptions."""
    return lambda kit: with_mistakes(_solved(kit), kit, *mistakes)


def _change(module: str, old: str, new: str) -> Callable[[Kit], Files]:
    """All right but for one replacement."""
    return lambda kit: with_change(_solved(kit), kit, module, old, new)


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
    in_folder(lambda kit: {**_solved(kit), "numpy.py": b"array = None\n", "nndl/__init__.py": everything})(kit, place)
    link = place / "nndl" / "neural_net.py"
    link.unlink()
    os.symlink("/etc/hostname", link)


def _cp1252(kit: Kit) -> Files:
    text = kit.solved["nndl/layers.py"].decode()
    kept = "".join(character for character in text if character.isascii())
    return {**_solved(kit), "nndl/layers.py": b"# d\xe9riv\xe9e \x96 \xab couche affine \xbb\n" + kept.encode("ascii")}
