"""Right answers in other styles for the exercises that are not graded."""

from __future__ import annotations

from grader.reference import Edit

_ADAMW_STEP = "next_w = w - learning_rate * (v_hat / (np.sqrt(a_hat) + epsilon) + weight_decay * w)"
_NORMS = "norms = np.sqrt((w * w).sum(axis=0))"
_SHRUNK = "out = w * (limit / np.maximum(norms, limit))"
_TARGETS = "targets = np.full_like(log_p, smoothing / num_classes)"
_LABEL = "targets[np.arange(num_examples), y] += 1 - smoothing"
_LOSS = "loss = -(targets * log_p).sum() / num_examples"
_LOSS_DX = "dx = (np.exp(log_p) - targets) / num_examples"
_DEPTHWISE = """\
    for i, j in np.ndindex(out_height, out_width):
        top, left = i * stride, j * stride
        # All examples and all channels at once: each channel of the window meets its own filter by broadcasting.
        window = x_pad[:, :, top : top + height, left : left + width]
        out[:, :, i, j] = (window * w).sum(axis=(2, 3)) + b
"""
_BACK = """\
    for i, j in np.ndindex(out_height, out_width):
        window = (..., slice(i * stride, i * stride + height), slice(j * stride, j * stride + width))
        upstream = dout[:, :, i, j, None, None]
        dx_pad[window] += upstream * w
        dw += (upstream * x_pad[window]).sum(axis=0)
"""
_SAM = """\
    _, uphill = loss_and_gradient(w)
    norm = np.linalg.norm(uphill)
    highest = w + radius * uphill / norm if norm > 0 else w
    _, gradient = loss_and_gradient(highest)
"""

RIGHT: list[tuple[str, str, tuple[Edit, ...]]] = [
    (
        "further.adamw",
        "the decay first",
        (
            (
                _ADAMW_STEP,
                (
                    "next_w = w * (1 - learning_rate * weight_decay)\n"
                    "    next_w = next_w - learning_rate * v_hat / (np.sqrt(a_hat) + epsilon)"
                ),
            ),
        ),
    ),
    (
        "further.adamw",
        "the step of Adam, then the decay of the old weights",
        (
            (
                _ADAMW_STEP,
                (
                    "next_w = w - learning_rate * v_hat / (np.sqrt(a_hat) + epsilon)\n"
                    "    next_w = next_w - learning_rate * weight_decay * w"
                ),
            ),
        ),
    ),
    ("further.adamw", "np.square", (("dw**2", "np.square(dw)"),)),
    ("further.max_norm", "np.linalg.norm", ((_NORMS, "norms = np.linalg.norm(w, axis=0)"),)),
    ("further.max_norm", "the axis kept", ((_NORMS, "norms = np.linalg.norm(w, axis=0, keepdims=True)"),)),
    (
        "further.max_norm",
        "the smaller of 1 and a quotient",
        ((_SHRUNK, "out = w * np.minimum(1, limit / np.maximum(norms, 1e-30))"),),
    ),
    (
        "further.max_norm",
        "loop over the columns",
        (
            (
                _SHRUNK,
                (
                    "out = w.copy()\n    for m in range(w.shape[1]):\n        if norms[m] > limit:\n"
                    "            out[:, m] *= limit / norms[m]"
                ),
            ),
        ),
    ),
    (
        "further.max_norm",
        "a mask",
        (
            (
                _SHRUNK,
                "out, long = w.copy(), norms > limit\n    out[:, long] = out[:, long] / norms[long] * limit",
            ),
        ),
    ),
    ("further.max_norm", "einsum", ((_NORMS, 'norms = np.sqrt(np.einsum("dm,dm->m", w, w))'),)),
    (
        "further.smoothed_softmax_loss",
        "one-hot targets",
        (
            (_TARGETS, "targets = (1 - smoothing) * np.eye(num_classes)[y]"),
            (_LABEL, "targets = targets + smoothing / num_classes"),
        ),
    ),
    (
        "further.smoothed_softmax_loss",
        "two losses mixed",
        (
            (
                _LOSS,
                (
                    "plain, even = log_p[np.arange(num_examples), y].mean(), log_p.mean()\n"
                    "    loss = -(1 - smoothing) * plain - smoothing * even"
                ),
            ),
        ),
    ),
    (
        "further.smoothed_softmax_loss",
        "loop over examples",
        (
            (
                _LOSS,
                "loss = 0.0\n    for n in range(num_examples):\n        loss -= targets[n] @ log_p[n] / num_examples",
            ),
            (
                _LOSS_DX,
                (
                    "dx = np.exp(log_p)\n    for n in range(num_examples):\n        dx[n] -= targets[n]\n"
                    "    dx /= num_examples"
                ),
            ),
        ),
    ),
    (
        "further.smoothed_softmax_loss",
        "the label's entry set",
        (
            (
                _LABEL,
                "targets[np.arange(num_examples), y] = 1 - smoothing * (num_classes - 1) / num_classes",
            ),
        ),
    ),
    (
        "further.depthwise_conv_forward",
        "loop over everything",
        (
            (
                _DEPTHWISE,
                """\
    for n, c, i, j in np.ndindex(*out.shape):
        window = x_pad[n, c, i * stride : i * stride + height, j * stride : j * stride + width]
        out[n, c, i, j] = np.sum(window * w[c]) + b[c]
""",
            ),
        ),
    ),
    (
        "further.depthwise_conv_forward",
        "loop over the filter's weights",
        (
            (
                _DEPTHWISE,
                """\
    for p, q in np.ndindex(height, width):
        rows, columns = p + stride * np.arange(out_height), q + stride * np.arange(out_width)
        out += w[:, p, q, None, None] * x_pad[:, :, rows[:, None], columns]
    out += b[:, None, None]
""",
            ),
        ),
    ),
    (
        "further.depthwise_conv_forward",
        "sliding windows and einsum",
        (
            (
                _DEPTHWISE,
                """\
    windows = np.lib.stride_tricks.sliding_window_view(x_pad, (height, width), axis=(2, 3))
    out = np.einsum("ncijpq,cpq->ncij", windows[:, :, ::stride, ::stride], w) + b.reshape(1, -1, 1, 1)
""",
            ),
        ),
    ),
    (
        "further.depthwise_conv_backward",
        "loop over everything",
        (
            (
                _BACK,
                """\
    for n, c, i, j in np.ndindex(*dout.shape):
        top, left = i * stride, j * stride
        dx_pad[n, c, top : top + height, left : left + width] += w[c] * dout[n, c, i, j]
        dw[c] += dout[n, c, i, j] * x_pad[n, c, top : top + height, left : left + width]
""",
            ),
        ),
    ),
    (
        "further.depthwise_conv_backward",
        "loop over the filter's weights",
        (
            (
                _BACK,
                """\
    for p, q in np.ndindex(height, width):
        rows = slice(p, p + stride * out_height - stride + 1, stride)
        columns = slice(q, q + stride * out_width - stride + 1, stride)
        dw[:, p, q] = np.einsum("ncij,ncij->c", dout, x_pad[:, :, rows, columns])
        dx_pad[:, :, rows, columns] += dout * w[:, p, q, None, None]
""",
            ),
        ),
    ),
    (
        "further.depthwise_conv_backward",
        "db in the loop",
        (
            ("np.zeros_like(w), dout.sum(axis=(0, 2, 3))", "np.zeros_like(w), np.zeros_like(b)"),
            ("dx_pad[window] += upstream * w", "dx_pad[window] += upstream * w\n        db += dout[:, :, i, j].sum(0)"),
        ),
    ),
    (
        "further.depthwise_conv_backward",
        "a cache of its own",
        (
            ("return out, (x, w, b, conv_param)", 'return out, {"all": (x, w, b, conv_param)}'),
            ("    x, w, b, conv_param = cache\n", '    x, w, b, conv_param = cache["all"]\n'),
        ),
    ),
    (
        "further.sharpness_aware_gradient",
        "a small number added to the norm",
        (
            (
                _SAM,
                """\
    gradient = loss_and_gradient(w)[1]
    gradient = loss_and_gradient(w + gradient * (radius / (np.linalg.norm(gradient) + 1e-12)))[1]
""",
            ),
        ),
    ),
    (
        "further.sharpness_aware_gradient",
        "root of the sum of squares",
        (
            (
                _SAM,
                """\
    loss, slope = loss_and_gradient(w)
    length = np.sqrt(np.sum(slope**2))
    shifted = w.copy()
    if length:
        shifted += radius * (slope / length)
    loss, gradient = loss_and_gradient(shifted)
""",
            ),
        ),
    ),
]
