# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The layers of `utils.fast_layers`, compiled: hands arrays to the C kernels in ``_kernels/``.

Same functions as in ``_fast_layers_numpy.py``, the plain version. Where to begin reading: ``_kernels/correlation.h``
has the idea and the innermost loop, ``_kernels/convolution.h`` what surrounds it.

Nothing is checked here: `utils.fast_layers` hands over C-contiguous arrays of one floating dtype whose shapes fit.
"""

import os

import numpy as np

from libc.stdint cimport int32_t, uint8_t

cdef extern from *:
    """
    #ifdef _OPENMP
    #include <omp.h>
    #else
    #define omp_get_max_threads() 1
    #endif
    """
    int omp_get_max_threads() noexcept nogil

cdef extern from "_kernels/kernels.h":
    ctypedef struct Layer:
        Py_ssize_t N, C, H, W, F, height, width, stride_y, stride_x, pad, out_H, out_W

    ctypedef struct Kernels32:
        int conv_forward(const Layer*, const float*, const float*, const float*, float*, int) noexcept nogil
        int conv_backward(
            const Layer*, const float*, const float*, const float*, float*, float*, float*, int
        ) noexcept nogil
        int max_pool_forward(const Layer*, const float*, float*, void*, int, int) noexcept nogil
        int max_pool_backward(const Layer*, const float*, const void*, int, float*, int) noexcept nogil
        void norm_forward(
            const Layer*, const float*, const float*, const float*, double, float*, float*, float*, int
        ) noexcept nogil
        void norm_backward(
            const Layer*, const float*, const float*, const float*, const float*, const float*, double, float*, float*,
            float*, int
        ) noexcept nogil

    ctypedef struct Kernels64:
        int conv_forward(const Layer*, const double*, const double*, const double*, double*, int) noexcept nogil
        int conv_backward(
            const Layer*, const double*, const double*, const double*, double*, double*, double*, int
        ) noexcept nogil
        int max_pool_forward(const Layer*, const double*, double*, void*, int, int) noexcept nogil
        int max_pool_backward(const Layer*, const double*, const void*, int, double*, int) noexcept nogil
        void norm_forward(
            const Layer*, const double*, const double*, const double*, double, double*, double*, double*, int
        ) noexcept nogil
        void norm_backward(
            const Layer*, const double*, const double*, const double*, const double*, const double*, double, double*,
            double*, double*, int
        ) noexcept nogil

    ctypedef struct Kernels:
        const char* name
        Kernels32 f32
        Kernels64 f64

    const Kernels* nndl_kernels(const char*)
    int nndl_keep_pages()

ctypedef fused floating:
    float
    double

INSTRUCTION_SETS = ("avx512", "avx2", "baseline")
"""All that the kernels were written for, the fastest first."""

cdef const Kernels* kernels = NULL


def use(str instruction_set):
    """Compute with the kernels for this instruction set; whether this machine has it."""
    global kernels
    cdef const Kernels* wanted = nndl_kernels(instruction_set.encode())
    if wanted != NULL:
        kernels = wanted
    return wanted != NULL


def in_use():
    """The instruction set that the kernels in use are for."""
    return kernels.name.decode()


def keep_pages():
    """Let the C allocator keep the pages of freed arrays, for the whole process; whether that is possible here."""
    return nndl_keep_pages() != 0


for _name in INSTRUCTION_SETS:
    if use(_name):
        break


cdef bint forked = False


def _in_child():
    global forked
    forked = True


# A forked process has the OpenMP runtime's books but none of its threads, and would wait for them forever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


cdef int team(Py_ssize_t tasks):
    return max(1, min(tasks, 1 if forked else omp_get_max_threads()))


cdef Layer layer(x_shape, Py_ssize_t F, Py_ssize_t height, Py_ssize_t width, Py_ssize_t stride, Py_ssize_t pad):
    cdef Layer at
    at.N, at.C, at.H, at.W = x_shape
    at.F, at.height, at.width, at.pad = F, height, width, pad
    at.out_H, at.out_W = 1 + (at.H + 2 * pad - height) // stride, 1 + (at.W + 2 * pad - width) // stride
    # A window that cannot move has no stride; so a stride is never longer than the image, nor the work it makes.
    at.stride_y, at.stride_x = stride if at.out_H > 1 else 1, stride if at.out_W > 1 else 1
    return at


cdef const floating* data(const floating[:, :, :, ::1] array):
    return &array[0, 0, 0, 0] if array.size else NULL


cdef const floating* row(const floating[::1] array):
    return &array[0] if array.size else NULL


cdef int answered(int status) except -1:
    if status:
        raise MemoryError("utils.fast_layers: no memory for the scratch of a layer; try a smaller batch.")
    return 0


def conv_forward(
    const floating[:, :, :, ::1] x, const floating[:, :, :, ::1] w, const floating[::1] b, Py_ssize_t stride,
    Py_ssize_t pad
):
    cdef Layer at = layer(np.shape(x), w.shape[0], w.shape[2], w.shape[3], stride, pad)
    image = np.empty((at.N, at.F, at.out_H, at.out_W), np.asarray(x).dtype)
    cdef const floating[:, :, :, ::1] out = image
    cdef const floating *x_ = data(x), *w_ = data(w), *b_ = row(b)
    cdef floating *out_ = <floating*> data(out)
    cdef int status, threads = team(at.N)
    with nogil:
        if floating is float:
            status = kernels.f32.conv_forward(&at, x_, w_, b_, out_, threads)
        else:
            status = kernels.f64.conv_forward(&at, x_, w_, b_, out_, threads)
    answered(status)
    return image


def conv_backward(
    const floating[:, :, :, ::1] dout, const floating[:, :, :, ::1] x, const floating[:, :, :, ::1] w,
    Py_ssize_t stride, Py_ssize_t pad, bint input_gradient
):
    cdef Layer at = layer(np.shape(x), w.shape[0], w.shape[2], w.shape[3], stride, pad)
    dtype = np.asarray(x).dtype
    gradients = (
        np.empty(np.shape(x), dtype) if input_gradient else None, np.empty(np.shape(w), dtype), np.empty(w.shape[0], dtype)
    )
    cdef const floating[:, :, :, ::1] dx = gradients[0], dw = gradients[1]
    cdef const floating[::1] db = gradients[2]
    cdef const floating *dout_ = data(dout), *x_ = data(x), *w_ = data(w)
    cdef floating *dx_ = <floating*> data(dx) if input_gradient else NULL
    cdef floating *dw_ = <floating*> data(dw), *db_ = <floating*> row(db)
    cdef int status, threads = team(at.N)
    with nogil:
        if floating is float:
            status = kernels.f32.conv_backward(&at, dout_, x_, w_, dx_, dw_, db_, threads)
        else:
            status = kernels.f64.conv_backward(&at, dout_, x_, w_, dx_, dw_, db_, threads)
    answered(status)
    return gradients


def max_pool_forward(const floating[:, :, :, ::1] x, Py_ssize_t height, Py_ssize_t width, Py_ssize_t stride):
    cdef Layer at = layer(np.shape(x), 0, height, width, stride, 0)
    cdef bint wide = height * width > 256
    shape = (at.N, at.C, at.out_H, at.out_W)
    image, winner = np.empty(shape, np.asarray(x).dtype), np.empty(shape, np.int32 if wide else np.uint8)
    cdef const floating[:, :, :, ::1] out = image
    cdef uint8_t[::1] place = winner.reshape(-1).view(np.uint8)
    cdef const floating* x_ = data(x)
    cdef floating* out_ = <floating*> data(out)
    cdef void* place_ = &place[0] if place.size else NULL
    cdef int status, threads = team(at.N * at.C)
    with nogil:
        if floating is float:
            status = kernels.f32.max_pool_forward(&at, x_, out_, place_, wide, threads)
        else:
            status = kernels.f64.max_pool_forward(&at, x_, out_, place_, wide, threads)
    answered(status)
    return image, winner


def max_pool_backward(
    const floating[:, :, :, ::1] dout, winner, x_shape, Py_ssize_t height, Py_ssize_t width, Py_ssize_t stride
):
    cdef Layer at = layer(x_shape, 0, height, width, stride, 0)
    cdef bint wide = height * width > 256
    gradient = np.empty(x_shape, np.asarray(dout).dtype)
    cdef const floating[:, :, :, ::1] dx = gradient
    cdef const uint8_t[::1] place = winner.reshape(-1).view(np.uint8)
    cdef const floating* dout_ = data(dout)
    cdef floating* dx_ = <floating*> data(dx)
    cdef const void* place_ = &place[0] if place.size else NULL
    cdef int status, threads = team(at.N * at.C)
    with nogil:
        if floating is float:
            status = kernels.f32.max_pool_backward(&at, dout_, place_, wide, dx_, threads)
        else:
            status = kernels.f64.max_pool_backward(&at, dout_, place_, wide, dx_, threads)
    answered(status)
    return gradient


def norm_forward(
    const floating[:, :, :, ::1] x, const floating[::1] gamma, const floating[::1] beta, double eps
):
    cdef Layer at = layer(np.shape(x), 0, 1, 1, 1, 0)
    dtype = np.asarray(x).dtype
    answers = np.empty(np.shape(x), dtype), np.empty(at.C, dtype), np.empty(at.C, dtype)
    cdef const floating[:, :, :, ::1] out = answers[0]
    cdef const floating[::1] mean = answers[1], var = answers[2]
    cdef const floating *x_ = data(x), *gamma_ = row(gamma), *beta_ = row(beta)
    cdef floating *out_ = <floating*> data(out), *mean_ = <floating*> row(mean), *var_ = <floating*> row(var)
    cdef int threads = team(at.C)
    with nogil:
        if floating is float:
            kernels.f32.norm_forward(&at, x_, gamma_, beta_, eps, out_, mean_, var_, threads)
        else:
            kernels.f64.norm_forward(&at, x_, gamma_, beta_, eps, out_, mean_, var_, threads)
    return answers


def norm_backward(
    const floating[:, :, :, ::1] dout, const floating[:, :, :, ::1] x, const floating[::1] gamma,
    const floating[::1] mean, const floating[::1] var, double eps
):
    cdef Layer at = layer(np.shape(x), 0, 1, 1, 1, 0)
    dtype = np.asarray(x).dtype
    gradients = np.empty(np.shape(x), dtype), np.empty(at.C, dtype), np.empty(at.C, dtype)
    cdef const floating[:, :, :, ::1] dx = gradients[0]
    cdef const floating[::1] dgamma = gradients[1], dbeta = gradients[2]
    cdef const floating *dout_ = data(dout), *x_ = data(x), *gamma_ = row(gamma), *mean_ = row(mean), *var_ = row(var)
    cdef floating *dx_ = <floating*> data(dx), *dgamma_ = <floating*> row(dgamma), *dbeta_ = <floating*> row(dbeta)
    cdef int threads = team(at.C)
    with nogil:
        if floating is float:
            kernels.f32.norm_backward(&at, dout_, x_, gamma_, mean_, var_, eps, dx_, dgamma_, dbeta_, threads)
        else:
            kernels.f64.norm_backward(&at, dout_, x_, gamma_, mean_, var_, eps, dx_, dgamma_, dbeta_, threads)
    return gradients
