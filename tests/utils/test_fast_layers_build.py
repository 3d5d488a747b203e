"""The extension of the fast layers: built where that is possible, done without where not; threads and forks."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import types
from pathlib import Path

import numpy as np
import pytest

from utils import fast_layers

ROOT = Path(__file__).parents[2]
needs_extension = pytest.mark.skipif(
    fast_layers.BACKEND == "numpy", reason="the extension is not built: `pip install -e .` with a C compiler"
)
TRY = """
import numpy as np
from utils import fast_layers
x, w, b = np.ones((2, 3, 5, 4)), np.ones((1, 3, 2, 3)), np.ones(1)
out, _ = fast_layers.conv_forward_fast(x, w, b, {"stride": 1, "pad": 0})
assert (out == 19).all() and out.shape == (2, 1, 4, 2)
print(fast_layers.BACKEND)
"""


def python(code, cwd, env=None, *args):
    """Run code in a fresh interpreter that has the installed packages but not this course, were it installed (-S)."""
    return subprocess.run(
        [sys.executable, "-S", "-c", code, *args],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": sysconfig.get_path("purelib"), **(env or {})},
        capture_output=True,
        text=True,
        timeout=250,
    )


def loaded_anew():
    """A second copy of the module, loaded as at first import."""
    spec = importlib.util.find_spec("utils.fast_layers")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_does_pytorch_step_in_where_there_is_no_numpy_either(monkeypatch, capsys):
    """As in the student edition, which holds no layers in NumPy."""
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    for name in ("utils._fast_layers", "utils._fast_layers_numpy"):
        monkeypatch.setitem(sys.modules, name, None)
    assert loaded_anew().BACKEND == "torch"
    assert "utils.fast_layers runs on PyTorch" in capsys.readouterr().err


def test_with_nothing_to_compute_with_a_call_says_what_to_do(monkeypatch, capsys):
    for name in ("utils._fast_layers", "utils._fast_layers_numpy", "utils._fast_layers_torch"):
        monkeypatch.setitem(sys.modules, name, None)
    module = loaded_anew()
    assert module.BACKEND == "none"
    assert "cannot be called" in capsys.readouterr().err
    with pytest.raises(RuntimeError, match="install a C compiler and run"):
        module.max_pool_forward_fast(np.ones((1, 1, 2, 3)), {"pool_height": 2, "pool_width": 2, "stride": 1})


def test_does_numpy_step_in_when_the_extension_is_absent(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "utils._fast_layers", None)
    module = loaded_anew()
    said = capsys.readouterr()
    assert module.BACKEND == "numpy"
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert said.err.startswith("utils.fast_layers runs on NumPy")
    assert "pip install -e ." in said.err
    x = np.arange(2.0 * 3 * 5 * 4).reshape(2, 3, 5, 4)
    out, cache = module.max_pool_forward_fast(x, {"pool_height": 3, "pool_width": 2, "stride": 2})
    np.testing.assert_array_equal(out, x[:, :, 2::2, 1::2])
    np.testing.assert_array_equal(module.max_pool_backward_fast(out, cache)[:, :, 2::2, 1::2], out)
    assert capsys.readouterr().err == ""


@needs_extension
def test_is_nothing_said_when_the_extension_is_there(capsys):
    assert loaded_anew().BACKEND == "cython"
    assert capsys.readouterr() == ("", "")


def compiler(folder, *, openmp):
    """A C compiler that optimises nothing, so that it is quick, and that may not know OpenMP."""
    cc = shutil.which("cc")
    if cc is None:
        pytest.skip("there is no C compiler")
    script = folder / "cc"
    refuse = "" if openmp else 'case " $* " in *" -fopenmp "*) echo "cc: unknown option -fopenmp" >&2; exit 1;; esac\n'
    script.write_text(f'#!/bin/sh\n{refuse}exec {cc} "$@" -O0 -w\n')
    script.chmod(0o755)
    return str(script)


BUILD = "import sys\n{first}\nfrom setuptools import build_meta\nbuild_meta.build_editable(sys.argv[1])\n"


@pytest.mark.skipif(os.name == "nt", reason="the compilers are shell scripts")
@pytest.mark.parametrize(
    ("machine", "backend"),
    [
        ("with a compiler", "cython"),
        pytest.param("whose compiler has no OpenMP", "cython", marks=pytest.mark.slow),
        pytest.param("whose compiler knows no vectors", "cython", marks=pytest.mark.slow),
        ("whose compiler is broken", "numpy"),
        pytest.param("without Cython", "numpy", marks=pytest.mark.slow),
        pytest.param("whose Cython refuses", "numpy", marks=pytest.mark.slow),
    ],
)
def test_does_the_install_survive_on_a_machine(machine, backend, tmp_path):
    """What `pip install --no-build-isolation -e .` calls, in a copy of the sources."""
    pytest.importorskip("setuptools", minversion="77", reason="pyproject.toml needs setuptools 77 to be read")
    pytest.importorskip("Cython", reason="Cython is not installed")
    course, wheels = tmp_path / "course", tmp_path / "wheels"
    wheels.mkdir()
    for name in ("utils", "nndl"):
        shutil.copytree(ROOT / name, course / name, ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, course)
    CC, first = "/bin/false", ""
    if machine == "without Cython":
        first = "sys.modules['Cython'] = None"
    elif machine == "whose Cython refuses":
        (course / "utils" / "_fast_layers.pyx").write_text("this is not Cython\n")
    elif machine == "whose compiler knows no vectors":
        level = course / "utils" / "_kernels" / "level.h"
        level.write_text(level.read_text().replace("#define VECTORS 1", "#define VECTORS 0"))
    if machine not in ("whose compiler is broken", "without Cython"):
        CC = compiler(tmp_path, openmp=machine != "whose compiler has no OpenMP")
    built = python(BUILD.format(first=first), course, {"CC": CC, "LDSHARED": f"{CC} -shared"}, str(wheels))
    assert built.returncode == 0, built.stderr
    assert [wheel.suffix for wheel in wheels.iterdir()] == [".whl"]
    tried = python(TRY, course)
    assert (tried.stdout, tried.stderr.count("\n")) == (f"{backend}\n", 0 if backend == "cython" else 1), tried.stderr
    assert not [*course.glob("utils/*.c")]


THREADS = """
import sys
import numpy as np
from utils.fast_layers import *
rng = np.random.default_rng(1)
x, w, b = rng.normal(size=(50, 3, 23, 18)), rng.normal(size=(4, 3, 5, 4)), rng.normal(size=4)
out, conv = conv_forward_fast(x, w, b, {"stride": 1, "pad": 2})
pooled, pool = max_pool_forward_fast(x, {"pool_height": 3, "pool_width": 2, "stride": 1})
normal, norm = spatial_batchnorm_forward_fast(x, w[0, :, 0, 0], b[:3])
arrays = [out, pooled, *conv_backward_fast(out, conv), max_pool_backward_fast(pooled, pool)]
arrays += [normal, *spatial_batchnorm_backward_fast(x, norm)]
np.savez(sys.argv[1], *arrays)
"""


@needs_extension
def test_is_the_result_the_same_for_any_number_of_threads_and_from_run_to_run(tmp_path):
    """To the last bit: what is added up, and in which order, does not depend on who does it."""
    runs = {}
    for name, threads in (("one", "1"), ("two", "2"), ("two again", "2"), ("three", "3")):
        ran = python(THREADS, ROOT, {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": "1"}, str(tmp_path / name))
        assert ran.returncode == 0, ran.stderr
        with np.load(tmp_path / f"{name}.npz") as saved:
            runs[name] = list(saved.values())
    for one, two, again, three in zip(*runs.values(), strict=True):
        np.testing.assert_array_equal(two, again)
        np.testing.assert_array_equal(two, one)
        np.testing.assert_array_equal(three, one)


FORK = """
import os, signal
import numpy as np
from utils.fast_layers import max_pool_forward_fast
x, param = np.ones((7, 3, 5, 4)), {"pool_height": 2, "pool_width": 2, "stride": 1}
max_pool_forward_fast(x, param)
child = os.fork()
if child == 0:
    signal.alarm(20)
    max_pool_forward_fast(x, param)
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@needs_extension
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_may_a_process_fork_after_it_used_threads():
    said = python(FORK, ROOT, {"OMP_NUM_THREADS": "2"})
    assert said.stdout == "7\n", said.stderr


SETTINGS = """
from utils import fast_layers, _fast_layers
print(_fast_layers.in_use())
"""


@needs_extension
@pytest.mark.parametrize("asked", ["baseline", "avx2", "avx512"])
def test_may_the_instruction_set_be_chosen(asked):
    from utils import _fast_layers

    usual = _fast_layers.in_use()
    there = _fast_layers.use(asked)
    assert _fast_layers.use(usual)
    said = python(SETTINGS, ROOT, {"NNDL_INSTRUCTIONS": asked})
    assert said.stdout == (f"{asked}\n" if there else f"{usual}\n")
    assert said.stderr.count("\n") == (0 if there else 1)


@needs_extension
def test_is_an_unknown_instruction_set_named():
    said = python(SETTINGS, ROOT, {"NNDL_INSTRUCTIONS": "mmx"})
    assert said.stdout.count("\n") == 1
    assert "NNDL_INSTRUCTIONS is 'mmx', but must be one of avx512, avx2, baseline" in said.stderr


PAGES = """
import resource
import numpy as np
from utils.fast_layers import *
x, w, b = np.ones((40, 8, 33, 32), np.float32), np.ones((60, 8, 3, 2), np.float32), np.ones(60, np.float32)
faults = []
for _ in range(6):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    conv_forward_fast(x, w, b, {"stride": 1, "pad": 1})  # an output of 10 MB, freed at once
    faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
print(sum(faults[3:]))
"""


@needs_extension
@pytest.mark.skipif("glibc" not in " ".join(platform.libc_ver()), reason="only glibc has this setting")
def test_are_the_pages_of_freed_arrays_kept_unless_the_user_says_otherwise():
    """By page faults of calls after the first few: none, or some each time."""
    limits = {"OMP_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": "131072"}
    kept, given_back = (python(PAGES, ROOT, {**limits, "NNDL_KEEP_PAGES": keep}) for keep in ("1", "0"))
    assert int(kept.stdout) < 30, kept.stderr
    assert int(given_back.stdout) > 30, given_back.stderr


def test_does_an_extension_from_older_sources_count_as_none(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "utils._fast_layers", types.ModuleType("utils._fast_layers"))
    assert loaded_anew().BACKEND == "numpy"
    assert "run `pip install -e .` again" in capsys.readouterr().err
