# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The layers of `utils.fast_layers`, compiled. Same functions as in ``_fast_layers_numpy.py``, the plain version.

A convolution is a matrix product. Unfolding (im2col) writes the K = C·HH·WW numbers that one output entry looks at as a
column; with one column for each of the P = H'·W' places, the output of an image is

    out (F, P) = w (F, K) @ columns (K, P) + b,

and its gradients are dw = dout @ columnsᵀ and dcolumns = wᵀ @ dout, which is folded back by adding every entry of
dcolumns to the pixel it came from (K. Chellapilla, S. Puri, P. Simard, "High Performance Convolutional Neural Networks
for Document Processing", 2006, section 3).

NumPy's BLAS multiplies; unfolding, folding and pooling are loops here. Every layer forks and joins its threads just once:
each takes some of the images from unfolding to folding and multiplies alone, because threads that meet more often spend
their time waiting. No two threads write to one entry, so results are the same from run to run; only the sum over images
in dw, which has one part per thread, differs in rounding between different numbers of threads.

Nothing is checked here: `utils.fast_layers` hands over C-contiguous arrays of one floating dtype whose shapes fit.
"""

import os
from contextlib import nullcontext

import numpy as np

from cython.parallel import prange, threadid
from libc.string cimport memset

from utils._blas_threads import one_blas_thread

cdef extern from *:
    """
    #ifdef _OPENMP
    #include <omp.h>
    #else
    #define omp_get_max_threads() 1
    #endif
    """
    int omp_get_max_threads() noexcept nogil

ctypedef fused floating:
    float
    double

ctypedef struct Window:
    Py_ssize_t H, W  # of an image
    Py_ssize_t height, width, stride, pad
    Py_ssize_t out_H, out_W

BLOCK_BYTES = 1 << 18
"""Room for a thread's columns. A few images are unfolded at a time, and multiplied while they are still in its cache."""

cdef bint forked = False


def _in_child():
    global forked
    forked = True


# A forked process has the OpenMP runtime's books but none of its threads, and would wait for them forever.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)


cdef int threads() noexcept nogil:
    return 1 if forked else omp_get_max_threads()


cdef Window window(
    Py_ssize_t H, Py_ssize_t W, Py_ssize_t height, Py_ssize_t width, Py_ssize_t stride, Py_ssize_t pad
) noexcept:
    cdef Py_ssize_t out_H = 1 + (H + 2 * pad - height) // stride, out_W = 1 + (W + 2 * pad - width) // stride
    return Window(H, W, height, width, stride, pad, out_H, out_W)


def conv_forward(const floating[:, :, :, ::1] x, const floating[:, :, :, ::1] w, b, Py_ssize_t stride, Py_ssize_t pad):
    cdef Window at = window(x.shape[2], x.shape[3], w.shape[2], w.shape[3], stride, pad)
    cdef Py_ssize_t N = x.shape[0], F = w.shape[0], K = w.shape[1] * w.shape[2] * w.shape[3], P = at.out_H * at.out_W
    weights = np.asarray(w).reshape(F, K)
    image = np.empty((N, F, at.out_H, at.out_W), weights.dtype)
    out = image.reshape(N, F, P)
    cdef Py_ssize_t size = images_in_block(K * P * sizeof(floating)), count = (N + size - 1) // size
    cdef int team = max(1, min(count, threads()))
    blocks = np.empty((team, min(N, size), K, P), weights.dtype)
    cdef floating[:, :, :, ::1] columns = blocks
    cdef Py_ssize_t block, first, last, me
    with one_blas_thread() if team > 1 else nullcontext():
        for block in prange(count, nogil=True, schedule="static", num_threads=team):
            me, first, last = threadid(), block * size, min(block * size + size, N)
            unfold(x, first, last, columns, me, at)
            with gil:
                multiply(weights, blocks, out, b, me, first, last)
    return image


cdef int multiply(weights, blocks, out, b, Py_ssize_t me, Py_ssize_t first, Py_ssize_t last) except -1:
    np.matmul(weights, blocks[me, : last - first], out=out[first:last])
    out[first:last] += b[:, None]
    return 0


def conv_backward(
    dout, const floating[:, :, :, ::1] x, const floating[:, :, :, ::1] w, Py_ssize_t stride, Py_ssize_t pad
):
    cdef Window at = window(x.shape[2], x.shape[3], w.shape[2], w.shape[3], stride, pad)
    cdef Py_ssize_t N = x.shape[0], F = w.shape[0], K = w.shape[1] * w.shape[2] * w.shape[3], P = at.out_H * at.out_W
    weights, dout = np.asarray(w).reshape(F, K), dout.reshape(N, F, P)
    cdef Py_ssize_t size = images_in_block(K * P * sizeof(floating)), count = (N + size - 1) // size
    cdef int team = max(1, min(count, threads()))
    blocks = np.empty((team, min(N, size), K, P), weights.dtype)
    dx, dw = np.zeros(np.shape(x), weights.dtype), np.zeros((team, F, K), weights.dtype)
    cdef floating[:, :, :, ::1] columns = blocks, image_gradients = dx
    cdef Py_ssize_t block, first, last, me
    with one_blas_thread() if team > 1 else nullcontext():
        for block in prange(count, nogil=True, schedule="static", num_threads=team):
            me, first, last = threadid(), block * size, min(block * size + size, N)
            unfold(x, first, last, columns, me, at)
            with gil:
                multiply_back(weights, blocks, dout, dw, me, first, last)
            fold(columns, me, image_gradients, first, last, at)
    return dx, dw.sum(axis=0).reshape(np.shape(w)), dout.sum(axis=2).sum(axis=0)


cdef int multiply_back(weights, blocks, dout, dw, Py_ssize_t me, Py_ssize_t first, Py_ssize_t last) except -1:
    columns = blocks[me, : last - first]
    dw[me] += np.matmul(dout[first:last], columns.swapaxes(1, 2)).sum(axis=0)
    np.matmul(weights.T, dout[first:last], out=columns)  # the columns' gradient takes the place of the columns
    return 0


def images_in_block(image_bytes):
    return max(1, BLOCK_BYTES // max(1, image_bytes))


cdef void unfold(
    const floating[:, :, :, ::1] x, Py_ssize_t first, Py_ssize_t last, floating[:, :, :, ::1] columns, Py_ssize_t me,
    Window at,
) noexcept nogil:
    """columns[me, n, (c, i, j), (r, s)] = x[first + n, c, r·stride + i − pad, s·stride + j − pad], 0 outside of x."""
    cdef Py_ssize_t n, c, area = at.height * at.width
    for n in range(first, last):
        for c in range(x.shape[1]):
            unfold_plane(&x[n, c, 0, 0], &columns[me, n - first, c * area, 0], at)


cdef void unfold_plane(const floating* image, floating* columns, Window at) noexcept nogil:
    cdef Py_ssize_t i, j, r, s, y, here, start, stop
    for i in range(at.height):
        for j in range(at.width):
            start, stop = first_inside(j, at), past_inside(j, at)
            for r in range(at.out_H):
                y = r * at.stride + i - at.pad
                if y < 0 or y >= at.H or start >= stop:
                    memset(columns, 0, at.out_W * sizeof(floating))
                else:
                    here = y * at.W + j - at.pad
                    for s in range(start):
                        columns[s] = 0
                    if at.stride == 1:  # the compiler moves many at once where it knows the step
                        for s in range(start, stop):
                            columns[s] = image[here + s]
                    else:
                        for s in range(start, stop):
                            columns[s] = image[here + s * at.stride]
                    for s in range(stop, at.out_W):
                        columns[s] = 0
                columns += at.out_W


cdef void fold(
    const floating[:, :, :, ::1] columns, Py_ssize_t me, floating[:, :, :, ::1] x, Py_ssize_t first, Py_ssize_t last,
    Window at,
) noexcept nogil:
    """Add every entry of columns to the entry of x that `unfold` reads it from."""
    cdef Py_ssize_t n, c, area = at.height * at.width
    for n in range(first, last):
        for c in range(x.shape[1]):
            fold_plane(&columns[me, n - first, c * area, 0], &x[n, c, 0, 0], at)


cdef void fold_plane(const floating* columns, floating* image, Window at) noexcept nogil:
    cdef Py_ssize_t i, j, r, s, y, here, start, stop
    for i in range(at.height):
        for j in range(at.width):
            start, stop = first_inside(j, at), past_inside(j, at)
            for r in range(at.out_H):
                y = r * at.stride + i - at.pad
                if 0 <= y < at.H:
                    here = y * at.W + j - at.pad
                    if at.stride == 1:
                        for s in range(start, stop):
                            image[here + s] += columns[s]
                    else:
                        for s in range(start, stop):
                            image[here + s * at.stride] += columns[s]
                columns += at.out_W


cdef Py_ssize_t first_inside(Py_ssize_t j, Window at) noexcept nogil:
    """The smallest s with s·stride + j − pad ≥ 0, at most W'."""
    return 0 if j >= at.pad else min(at.out_W, (at.pad - j + at.stride - 1) // at.stride)


cdef Py_ssize_t past_inside(Py_ssize_t j, Window at) noexcept nogil:
    """One more than the largest s < W' with s·stride + j − pad < W."""
    cdef Py_ssize_t room = at.W - 1 + at.pad - j
    return 0 if room < 0 else min(at.out_W, room // at.stride + 1)


def max_pool_forward(const floating[:, :, :, ::1] x, Py_ssize_t height, Py_ssize_t width, Py_ssize_t stride):
    cdef Window at = window(x.shape[2], x.shape[3], height, width, stride, 0)
    cdef Py_ssize_t plane, N = x.shape[0], C = x.shape[1]
    out = np.empty((N, C, at.out_H, at.out_W), np.asarray(x).dtype)
    winner = np.empty((N, C, at.out_H, at.out_W), np.int32)
    cdef floating[:, :, :, ::1] best = out
    cdef int[:, :, :, ::1] where = winner
    for plane in prange(N * C, nogil=True, schedule="static", num_threads=threads()):
        pool_plane(
            &x[plane // C, plane % C, 0, 0], &best[plane // C, plane % C, 0, 0], &where[plane // C, plane % C, 0, 0], at
        )
    return out, winner


cdef void pool_plane(const floating* image, floating* out, int* winner, Window at) noexcept nogil:
    cdef Py_ssize_t r, s, i, j, corner, here, best
    for r in range(at.out_H):
        for s in range(at.out_W):
            corner = best = r * at.stride * at.W + s * at.stride
            for i in range(at.height):
                for j in range(at.width):
                    here = corner + i * at.W + j
                    # NaN wins, as in np.max: it is the one number that differs from itself.
                    if image[here] > image[best] or (image[here] != image[here] and image[best] == image[best]):
                        best = here
            out[r * at.out_W + s] = image[best]
            winner[r * at.out_W + s] = <int>best


def max_pool_backward(const floating[:, :, :, ::1] dout, const int[:, :, :, ::1] winner, Py_ssize_t H, Py_ssize_t W):
    cdef Py_ssize_t plane, N = dout.shape[0], C = dout.shape[1], P = dout.shape[2] * dout.shape[3]
    dx = np.zeros((N, C, H, W), np.asarray(dout).dtype)
    cdef floating[:, :, :, ::1] image_gradients = dx
    for plane in prange(N * C, nogil=True, schedule="static", num_threads=threads()):
        unpool_plane(
            &dout[plane // C, plane % C, 0, 0],
            &winner[plane // C, plane % C, 0, 0],
            &image_gradients[plane // C, plane % C, 0, 0],
            P,
        )
    return dx


cdef void unpool_plane(const floating* dout, const int* winner, floating* image, Py_ssize_t P) noexcept nogil:
    cdef Py_ssize_t k
    for k in range(P):
        image[winner[k]] += dout[k]
