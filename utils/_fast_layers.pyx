# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The layers of `utils.fast_layers`, compiled. Same functions as in ``_fast_layers_numpy.py``, the plain version.

A convolution is a matrix product. Unfolding (im2col) writes the K = C·HH·WW numbers that one output entry looks at as a
column; with one column for each of the P = H'·W' places, the output of an image is

    out (F, P) = w (F, K) @ columns (K, P) + b,

and its gradients are dw = dout @ columnsᵀ and dcolumns = wᵀ @ dout, which is folded back by adding every entry of
dcolumns to the pixel it came from (K. Chellapilla, S. Puri, P. Simard, "High Performance Convolutional Neural Networks
for Document Processing", 2006, section 3).

NumPy's BLAS multiplies. Unfolding, folding and pooling are loops here, in parallel over planes (one channel of one
image). No two threads write to one plane, so the result is the same for any number of threads.

Nothing is checked here: `utils.fast_layers` hands over C-contiguous arrays of one floating dtype whose shapes fit.
"""

import os

import numpy as np

from cython.parallel import prange
from libc.string cimport memset

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

BLOCK_BYTES = 1 << 20
"""Room for columns. They are made for a few images at a time, and multiplied while they are still in the cache."""

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
    cdef Py_ssize_t first, last
    cdef floating[:, :, ::1] columns
    weights = np.asarray(w).reshape(F, K)
    image = np.empty((N, F, at.out_H, at.out_W), weights.dtype)
    out = image.reshape(N, F, P)
    for first, last, block in blocks(N, K, P, weights.dtype):
        columns = block
        unfold(x, first, columns, at)
        np.matmul(weights, block, out=out[first:last])
        out[first:last] += b[:, None]
    return image


def conv_backward(
    dout, const floating[:, :, :, ::1] x, const floating[:, :, :, ::1] w, Py_ssize_t stride, Py_ssize_t pad
):
    cdef Window at = window(x.shape[2], x.shape[3], w.shape[2], w.shape[3], stride, pad)
    cdef Py_ssize_t N = x.shape[0], F = w.shape[0], K = w.shape[1] * w.shape[2] * w.shape[3], P = at.out_H * at.out_W
    cdef Py_ssize_t first, last
    cdef floating[:, :, ::1] columns
    weights, dout = np.asarray(w).reshape(F, K), dout.reshape(N, F, P)
    dx, dw = np.zeros(np.shape(x), weights.dtype), np.zeros_like(weights)
    cdef floating[:, :, :, ::1] image_gradients = dx
    for first, last, block in blocks(N, K, P, weights.dtype):
        columns = block
        unfold(x, first, columns, at)
        dw += np.matmul(dout[first:last], block.swapaxes(1, 2)).sum(axis=0)
        np.matmul(weights.T, dout[first:last], out=block)  # the columns' gradient takes the place of the columns
        fold(columns, image_gradients, first, at)
    return dx, dw.reshape(np.shape(w)), dout.sum(axis=2).sum(axis=0)


def blocks(N, K, P, dtype):
    """For a few images at a time: the first, the one after the last, and an array (images, K, P) for their columns."""
    size = max(1, BLOCK_BYTES // max(1, K * P * dtype.itemsize))
    buffer = np.empty((min(N, size), K, P), dtype)
    for first in range(0, N, size):
        last = min(first + size, N)
        yield first, last, buffer[: last - first]


cdef void unfold(const floating[:, :, :, ::1] x, Py_ssize_t first, floating[:, :, ::1] columns, Window at):
    """columns[n, (c, i, j), (r, s)] = x[first + n, c, r·stride + i − pad, s·stride + j − pad], 0 outside of the image."""
    cdef Py_ssize_t plane, C = x.shape[1], area = at.height * at.width
    for plane in prange(columns.shape[0] * C, nogil=True, schedule="static", num_threads=threads()):
        unfold_plane(&x[first + plane // C, plane % C, 0, 0], &columns[plane // C, plane % C * area, 0], at)


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


cdef void fold(const floating[:, :, ::1] columns, floating[:, :, :, ::1] x, Py_ssize_t first, Window at):
    """Add every entry of columns to the entry of x that `unfold` reads it from."""
    cdef Py_ssize_t plane, C = x.shape[1], area = at.height * at.width
    for plane in prange(columns.shape[0] * C, nogil=True, schedule="static", num_threads=threads()):
        fold_plane(&columns[plane // C, plane % C * area, 0], &x[first + plane // C, plane % C, 0, 0], at)


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
