"""Builds the compiled half of `utils.fast_layers` where that is possible; all else stands in pyproject.toml."""

from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

KERNELS = Path("utils/_kernels")


class BuildIfPossible(build_ext):
    """Build with OpenMP, or else without it, or else not at all: NumPy then does the same work, more slowly."""

    def build_extension(self, ext):
        msvc = self.compiler.compiler_type == "msvc"
        openmp = "/openmp" if msvc else "-fopenmp"
        for threads in ([openmp], []):
            # No -march=native: what is built here runs on every machine of the same family. The kernels say for
            # themselves which instructions they are compiled for, and are used where the processor has those.
            ext.extra_compile_args = ["/O2" if msvc else "-O3", *threads]
            ext.extra_link_args = [] if msvc else threads
            try:
                self.cythonize(ext)
                super().build_extension(ext)
                return
            except Exception as failure:  # from Cython, the compiler or the linker: none may stop the install
                self.warn(f"could not build {ext.name} {'with' if threads else 'without'} OpenMP: {failure}")
        self.warn("utils.fast_layers will run on NumPy; install a C compiler and install again to make it faster")

    def cythonize(self, ext):
        """Translate to C, in the folder of build products."""
        from Cython.Build import cythonize

        ext.sources = cythonize([ext], build_dir=self.build_temp)[0].sources


extension = Extension(
    "utils._fast_layers",
    ["utils/_fast_layers.pyx", *map(str, sorted(KERNELS.glob("*.c")))],
    include_dirs=["utils"],
    depends=list(map(str, sorted(KERNELS.glob("*.h")))),
    optional=True,  # lets the install go on without the file that was not built
)
setup(ext_modules=[extension], cmdclass={"build_ext": BuildIfPossible})
