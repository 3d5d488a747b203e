"""Right answers in other styles for the layers on images and the convolutional net."""

from __future__ import annotations

from grader.reference import Edit

# Where the answers of the reference begin and end: what stands between is replaced as a whole.
_CONV = """\
    height, width = w.shape[2:]
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    for n, f, i, j in np.ndindex(*out.shape):
        top, left = i * stride, j * stride
        window = x_pad[n, :, top : top + height, left : left + width]
        out[n, f, i, j] = (window * w[f]).sum() + b[f]
"""
_CONV_KEPT = "return out, (x, w, b, conv_param)\n"
_CONV_OPENED = "    x, w, b, conv_param = cache\n    stride, pad, *out_size"
_CONV_BACK = """\
    height, width = w.shape[2:]
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx_pad, dw, db = np.zeros_like(x_pad), np.zeros_like(w), dout.sum(axis=(0, 2, 3))
    for n, f, i, j in np.ndindex(*dout.shape):
        window = (n, slice(None), slice(i * stride, i * stride + height), slice(j * stride, j * stride + width))
        dx_pad[window] += dout[n, f, i, j] * w[f]
        dw[f] += dout[n, f, i, j] * x_pad[window]
"""
_CROP = "dx = dx_pad[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]]"
_POOL = """\
    for i, j in np.ndindex(out_height, out_width):
        top, left = i * stride, j * stride
        out[:, :, i, j] = x[:, :, top : top + pool_height, left : left + pool_width].max(axis=(2, 3))
"""
_POOL_KEPT = "return out, (x, pool_param)\n"
_POOL_WINNER = """\
        row, column = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, top + row, left + column] += dout[n, c, i, j]
"""
_BN = """\
    n, channels, height, width = x.shape
    table = x.transpose(0, 2, 3, 1).reshape(-1, channels)
    table_out, cache = batchnorm_forward(table, gamma, beta, bn_param)
    out = table_out.reshape(n, height, width, channels).transpose(0, 3, 1, 2)
"""
_BN_BACK = """\
    n, channels, height, width = dout.shape
    table = dout.transpose(0, 2, 3, 1).reshape(-1, channels)
    table_dx, dgamma, dbeta = batchnorm_backward_alt(table, cache)
    dx = table_dx.reshape(n, height, width, channels).transpose(0, 3, 1, 2)
"""
_GN = """\
    groups = x.reshape(x.shape[0], G, -1)
    centred = groups - groups.mean(axis=2, keepdims=True)
    inv_std = 1 / np.sqrt((centred * centred).mean(axis=2, keepdims=True) + eps)
    x_hat = (centred * inv_std).reshape(x.shape)
    out = gamma * x_hat + beta
"""
_GN_CACHE = 'cache = (x_hat, inv_std, gamma)\n    ### END SOLUTION\n\n    return out, label_cache("spatial_groupnorm'
_GN_BACK = """\
    in_groups = (*inv_std.shape[:2], -1)
    dx_hat, x_hat = (dout * gamma).reshape(in_groups), x_hat.reshape(in_groups)
    through_mean = dx_hat.mean(axis=2, keepdims=True)
    through_var = x_hat * (dx_hat * x_hat).mean(axis=2, keepdims=True)
    dx = (inv_std * (dx_hat - through_mean - through_var)).reshape(dout.shape)
"""
_NET_WEIGHTS = """\
        self.params["W1"] = weight_scale * np.random.randn(num_filters, channels, filter_size, filter_size)
        self.params["b1"] = np.zeros(num_filters)
        self.params["W2"] = weight_scale * np.random.randn(pooled, hidden_dim)
        self.params["b2"] = np.zeros(hidden_dim)
        self.params["W3"] = weight_scale * np.random.randn(hidden_dim, num_classes)
        self.params["b3"] = np.zeros(num_classes)
"""
_NET_CONV = 'images, cache1 = conv_relu_pool_forward(X, p["W1"], p["b1"], conv_param, pool_param)'
_NET_CONV_BACK = '_, grads["W1"], grads["b1"] = conv_relu_pool_backward(dimages, cache1, input_gradient=False)'
_NET_SCORES = 'scores, cache3 = affine_forward(hidden, p["W3"], p["b3"])'
_NET_LAST = 'dhidden, grads["W3"], grads["b3"] = affine_backward(dscores, cache3)'
_NET_REG = "loss += 0.5 * self.reg * (p[name] * p[name]).sum()"
_NET_IMPORT = "from .layers import affine_backward, affine_forward, softmax_loss\n"

RIGHT: list[tuple[str, str, tuple[Edit, ...]]] = [
    (
        "conv_layers.conv_forward_naive",
        "one position of all images and filters at a time",
        (
            (
                _CONV,
                """\
    x_pad = np.pad(x, [(0, 0)] * 2 + [(pad, pad)] * 2)
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            window = x_pad[:, :, i * stride:i * stride + w.shape[2], j * stride:j * stride + w.shape[3]]
            out[:, :, i, j] = np.tensordot(window, w, axes=([1, 2, 3], [1, 2, 3])) + b
""",
            ),
        ),
    ),
    (
        "conv_layers.conv_forward_naive",
        "strided view and einsum",
        (
            (
                _CONV,
                """\
    x_pad = np.zeros((*x.shape[:2], x.shape[2] + 2 * pad, x.shape[3] + 2 * pad), x.dtype)
    x_pad[:, :, pad:pad + x.shape[2], pad:pad + x.shape[3]] = x
    windows = np.lib.stride_tricks.sliding_window_view(x_pad, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    out = np.einsum("ncijpq,fcpq->nfij", windows, w) + b[:, None, None]
""",
            ),
        ),
    ),
    (
        "conv_layers.conv_forward_naive",
        "one weight at a time, from the last to the first",
        (
            (
                _CONV,
                """\
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), "constant")
    out[:] = b.reshape(1, -1, 1, 1)
    for c, p, q in reversed(list(np.ndindex(*w.shape[1:]))):
        seen = x_pad[:, c, p:p + stride * out_height:stride, q:q + stride * out_width:stride]
        out += w[:, c, p, q].reshape(1, -1, 1, 1) * seen[:, None, :out_height, :out_width]
""",
            ),
        ),
    ),
    (
        "conv_layers.conv_forward_naive",
        "more in the cache",
        ((_CONV_KEPT, "return out, (x, w, b, conv_param, x_pad)\n"),),
    ),
    (
        "conv_layers.conv_backward_naive",
        "one weight at a time",
        (
            (
                _CONV_BACK,
                """\
    x_pad = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dx_pad, dw, db = np.zeros_like(x_pad), np.empty_like(w), np.einsum("nfij->f", dout)
    down, across = dout.shape[2:]
    for p, q in np.ndindex(*w.shape[2:]):
        seen = (..., slice(p, p + stride * (down - 1) + 1, stride), slice(q, q + stride * (across - 1) + 1, stride))
        dx_pad[seen] += np.einsum("nfij,fc->ncij", dout, w[:, :, p, q])
        dw[:, :, p, q] = np.einsum("nfij,ncij->fc", dout, x_pad[seen])
""",
            ),
        ),
    ),
    (
        "conv_layers.conv_backward_naive",
        "an end counted from behind where there is padding",
        ((_CROP, "dx = dx_pad[:, :, pad:-pad, pad:-pad] if pad else dx_pad"),),
    ),
    (
        "conv_layers.conv_backward_naive",
        "a dict as the cache, biases by loops",
        (
            (_CONV_KEPT, 'return out, {"x": x, "w": w, "b": b, "settings": conv_param}\n'),
            (
                _CONV_OPENED,
                (
                    "    if isinstance(cache, dict):\n"
                    '        cache = cache["x"], cache["w"], cache["b"], cache["settings"]\n' + _CONV_OPENED
                ),
            ),
            (
                _CROP,
                _CROP + "\n    db = np.zeros(len(w))\n    for n, f, i, j in np.ndindex(*dout.shape):\n"
                "        db[f] += dout[n, f, i, j]",
            ),
        ),
    ),
    (
        "conv_layers.max_pool_forward_naive",
        "strided view",
        (
            (
                _POOL,
                """\
    windows = np.lib.stride_tricks.sliding_window_view(x, (pool_height, pool_width), axis=(2, 3))
    out = windows[:, :, ::stride, ::stride].max(axis=(-2, -1))
""",
            ),
        ),
    ),
    (
        "conv_layers.max_pool_forward_naive",
        "four loops",
        (
            (
                _POOL,
                """\
    for n, c, i, j in np.ndindex(*out.shape):
        out[n, c, i, j] = np.amax(x[n, c, stride * i:][:pool_height, stride * j:][:, :pool_width])
""",
            ),
        ),
    ),
    (
        "conv_layers.max_pool_forward_naive",
        "more in the cache",
        ((_POOL_KEPT, "return out, (x, pool_param, out)\n"),),
    ),
    (
        "conv_layers.max_pool_backward_naive",
        "ties share",
        (
            (
                _POOL_WINNER,
                """\
        mask = window == window.max()
        dx[n, c, top : top + pool_height, left : left + pool_width] += dout[n, c, i, j] * mask / mask.sum()
""",
            ),
        ),
    ),
    (
        "conv_layers.max_pool_backward_naive",
        "the last of those that tie",
        (
            (
                _POOL_WINNER,
                """\
        row, column = np.argwhere(window == np.max(window))[-1]
        dx[n, c, top + row, left + column] += dout[n, c, i, j]
""",
            ),
        ),
    ),
    (
        "conv_layers.max_pool_backward_naive",
        "np.add.at",
        (
            (
                _POOL_WINNER,
                """\
        row, column = divmod(int(np.argmax(window)), window.shape[1])
        np.add.at(dx, (n, c, top + row, left + column), dout[n, c, i, j])
""",
            ),
        ),
    ),
    (
        "conv_layers.spatial_batchnorm_forward",
        "moveaxis",
        (
            (
                _BN,
                """\
    last = np.moveaxis(x, 1, -1)
    out, cache = batchnorm_forward(last.reshape(-1, x.shape[1]), gamma, beta, bn_param)
    out = np.moveaxis(out.reshape(last.shape), -1, 1)
""",
            ),
        ),
    ),
    (
        "conv_layers.spatial_batchnorm_forward",
        "columns before rows",
        (
            (
                _BN,
                """\
    turned = np.swapaxes(x, 1, 3)
    out, cache = batchnorm_forward(np.reshape(turned, (-1, x.shape[1])), gamma, beta, bn_param)
    out = np.ascontiguousarray(np.swapaxes(np.reshape(out, turned.shape), 1, 3))
""",
            ),
        ),
    ),
    (
        "conv_layers.spatial_batchnorm_forward",
        "written out",
        (
            (
                _BN,
                """\
    eps, momentum, axes = bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9), (0, 2, 3)
    mean, var = bn_param.get("running_mean", 0 * beta), bn_param.get("running_var", 0 * beta)
    if mode == "train":
        bn_param["running_mean"] = momentum * mean + (1 - momentum) * x.mean(axis=axes)
        bn_param["running_var"] = momentum * var + (1 - momentum) * x.var(axis=axes)
        mean, var = np.mean(x, axis=axes), np.var(x, axis=axes)
    mean, var, g, b = (a.reshape(1, -1, 1, 1) for a in (mean, var, gamma, beta))
    out = g * (x - mean) / np.sqrt(var + eps) + b
    cache = (x, mean, var, g)
""",
            ),
        ),
    ),
    (
        "conv_layers.spatial_batchnorm_backward",
        "the computation graph",
        (
            (
                "from .layers import batchnorm_backward_alt, batchnorm_forward",
                "from .layers import batchnorm_backward, batchnorm_forward",
            ),
            (_BN_BACK, _BN_BACK.replace("batchnorm_backward_alt", "batchnorm_backward")),
        ),
    ),
    (
        "conv_layers.spatial_batchnorm_backward",
        "written out, with a cache of its own",
        (
            (_BN, _BN + "    cache = (x, gamma, bn_param.get('eps', 1e-5))\n"),
            (
                _BN_BACK,
                """\
    x, gamma, eps = cache
    axes, count = (0, 2, 3), dout.size / dout.shape[1]
    std = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    normalised = (x - x.mean(axis=axes, keepdims=True)) / std
    dbeta, dgamma = np.sum(dout, axis=axes), np.sum(dout * normalised, axis=axes)
    mean_path, var_path = dbeta.reshape(1, -1, 1, 1) / count, dgamma.reshape(1, -1, 1, 1) / count
    dx = gamma.reshape(1, -1, 1, 1) / std * (dout - mean_path - normalised * var_path)
""",
            ),
        ),
    ),
    (
        "conv_layers.spatial_groupnorm_forward",
        "one group at a time",
        (
            (
                _GN,
                """\
    x_hat, inv_std = np.empty_like(x), np.empty((len(x), G, 1), x.dtype)
    size = x.shape[1] // G
    for n, g in np.ndindex(len(x), G):
        part = x[n, g * size:(g + 1) * size]
        inv_std[n, g] = (part.var() + eps) ** -0.5
        x_hat[n, g * size:(g + 1) * size] = (part - part.mean()) * inv_std[n, g]
    out = x_hat.copy()
    out *= gamma
    out += beta
""",
            ),
        ),
    ),
    (
        "conv_layers.spatial_groupnorm_forward",
        "five axes",
        (
            (
                _GN,
                """\
    n, channels, height, width = x.shape
    five = np.reshape(x, (n, G, channels // G, height, width))
    mean, var = five.mean(axis=(2, 3, 4), keepdims=True), five.var(axis=(2, 3, 4), keepdims=True)
    x_hat = ((five - mean) / np.sqrt(var + eps)).reshape(n, channels, height, width)
    inv_std = 1 / np.sqrt(var + eps).reshape(n, G, 1)
    out = x_hat * gamma + beta
""",
            ),
        ),
    ),
    (
        "conv_layers.spatial_groupnorm_backward",
        "one group at a time",
        (
            (
                _GN_BACK,
                """\
    dx, size = dout * gamma, dout.shape[1] // inv_std.shape[1]
    for n, g in np.ndindex(*inv_std.shape[:2]):
        d, h = dx[n, g * size:(g + 1) * size], x_hat[n, g * size:(g + 1) * size]
        d -= d.mean() + h * np.average(d * h)
        d *= inv_std[n, g]
""",
            ),
        ),
    ),
    (
        "conv_layers.spatial_groupnorm_backward",
        "sums over the group, divided at the end, with more in the cache",
        (
            (_GN_CACHE, _GN_CACHE.replace("gamma)", "gamma, x, out)")),
            ("x_hat, inv_std, gamma = cache\n    dbeta", "x_hat, inv_std, gamma, *_ = cache\n    dbeta"),
            (
                _GN_BACK,
                """\
    rows = (dout * gamma).reshape(*inv_std.shape[:2], -1)
    hats = x_hat.reshape(rows.shape)
    m = rows.shape[2]
    total, product = rows.sum(axis=2, keepdims=True), np.einsum("ngk,ngk->ng", rows, hats)[..., None]
    dx = (inv_std / m * (m * rows - total - hats * product)).reshape(dout.shape)
""",
            ),
        ),
    ),
    (
        "cnn.ThreeLayerConvNet.__init__",
        "own generator, table of shapes",
        (
            (
                _NET_WEIGHTS,
                """\
        rng = np.random.default_rng()
        shapes = [(num_filters, channels, filter_size, filter_size), (pooled, hidden_dim), (hidden_dim, num_classes)]
        for layer, shape in enumerate(shapes, start=1):
            self.params[f"W{layer}"] = rng.normal(0, weight_scale, shape)
            self.params[f"b{layer}"] = np.zeros(shape[0] if layer == 1 else shape[1])
""",
            ),
        ),
    ),
    (
        "cnn.ThreeLayerConvNet.__init__",
        "size after the pooling by its formula",
        (
            (
                "pooled = num_filters * (height // 2) * (width // 2)",
                "pooled = num_filters * (1 + (height - 2) // 2) * (1 + (width - 2) // 2)",
            ),
            (
                _NET_WEIGHTS,
                _NET_WEIGHTS.replace(
                    "weight_scale * np.random.randn(pooled, hidden_dim)",
                    "np.random.normal(scale=weight_scale, size=[pooled, hidden_dim])",
                ),
            ),
        ),
    ),
    (
        "cnn.ThreeLayerConvNet.loss",
        "one layer after the other",
        (
            (
                _NET_IMPORT,
                _NET_IMPORT + "from .layers import relu_backward, relu_forward\n"
                "from utils.fast_layers import conv_backward_fast, conv_forward_fast\n"
                "from utils.fast_layers import max_pool_backward_fast, max_pool_forward_fast\n",
            ),
            (
                _NET_CONV,
                (
                    'a, conv_cache = conv_forward_fast(X, p["W1"], p["b1"], conv_param)\n'
                    "            h, relu_cache = relu_forward(a)\n"
                    "            images, pool_cache = max_pool_forward_fast(h, pool_param)"
                ),
            ),
            (
                _NET_CONV_BACK,
                (
                    "da = relu_backward(max_pool_backward_fast(dimages, pool_cache), relu_cache)\n"
                    '            _, grads["W1"], grads["b1"] = conv_backward_fast(da, conv_cache)'
                ),
            ),
        ),
    ),
    (
        "cnn.ThreeLayerConvNet.loss",
        "naive layers, pooled before the ReLU",
        (
            (
                _NET_IMPORT,
                _NET_IMPORT + "from .layers import relu_backward, relu_forward\n"
                "from .conv_layers import conv_backward_naive, conv_forward_naive\n"
                "from .conv_layers import max_pool_backward_naive, max_pool_forward_naive\n",
            ),
            (
                _NET_CONV,
                (
                    'a, conv_cache = conv_forward_naive(X, p["W1"], p["b1"], conv_param)\n'
                    "            a, pool_cache = max_pool_forward_naive(a, pool_param)\n"
                    "            images, relu_cache = relu_forward(a)"
                ),
            ),
            (
                _NET_CONV_BACK,
                (
                    "da = max_pool_backward_naive(relu_backward(dimages, relu_cache), pool_cache)\n"
                    '            _, grads["W1"], grads["b1"] = conv_backward_naive(da, conv_cache)'
                ),
            ),
        ),
    ),
    (
        "cnn.ThreeLayerConvNet.loss",
        "norm of the weights, an own last layer",
        (
            (_NET_REG, "loss += self.reg / 2 * np.linalg.norm(p[name]) ** 2"),
            (_NET_SCORES, 'scores = hidden.dot(p["W3"]) + p["b3"]'),
            (
                _NET_LAST,
                'dhidden, grads["W3"], grads["b3"] = dscores @ p["W3"].T, hidden.T @ dscores, np.sum(dscores, axis=0)',
            ),
        ),
    ),
]
