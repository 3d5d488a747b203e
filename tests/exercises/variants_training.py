"""Right answers in other styles, for what trains a net: update rules, normalisations, dropout."""

from __future__ import annotations

from grader.reference import Edit

# --- optim -----------------------------------------------------------------------------------------------

_HEAVY = "    v = momentum * v - learning_rate * dw\n    next_w = w + v\n"
_AHEAD = """\
    v_old = v
    v = momentum * v_old - learning_rate * dw
    next_w = w + v + momentum * (v - v_old)
"""
_SUM = """\
    a = a + dw**2
    next_w = w - learning_rate / (np.sqrt(a) + epsilon) * dw
"""
_RMS = """\
    a = decay_rate * a + (1 - decay_rate) * dw**2
    next_w = w - learning_rate * dw / (np.sqrt(a) + epsilon)
"""
_MOMENTS = """\
    v = beta1 * v + (1 - beta1) * dw
    a = beta2 * a + (1 - beta2) * dw**2
"""
_HATS = "    v_hat = v / (1 - beta1**t)\n    a_hat = a / (1 - beta2**t)\n"
_ADAM = "next_w = w - learning_rate * v_hat / (np.sqrt(a_hat) + epsilon)"

OPTIM: list[tuple[str, str, tuple[Edit, ...]]] = [
    (
        "optim.sgd_momentum",
        "the velocity changed in place",
        ((_HEAVY, "    v *= momentum\n    v -= learning_rate * dw\n    next_w = w + v\n"),),
    ),
    (
        "optim.sgd_momentum",
        "a copy that moves",
        ((_HEAVY, "    next_w = w.copy()\n    v = momentum * v - learning_rate * dw\n    next_w += v\n"),),
    ),
    (
        "optim.sgd_momentum",
        "entry by entry",
        (
            (
                _HEAVY,
                (
                    "    v, next_w = v.copy(), w.copy()\n    for i in np.ndindex(*w.shape):\n"
                    "        v[i] = momentum * v[i] - learning_rate * dw[i]\n        next_w[i] = w[i] + v[i]\n"
                ),
            ),
        ),
    ),
    (
        "optim.sgd_nesterov_momentum",
        "the gradient step written out",
        (
            (
                _AHEAD,
                "    v = momentum * v - learning_rate * dw\n    next_w = w + momentum * v - learning_rate * dw\n",
            ),
        ),
    ),
    (
        "optim.sgd_nesterov_momentum",
        "the old velocity taken back",
        (
            (
                _AHEAD,
                (
                    "    v_old = v.copy()\n    v *= momentum\n    v -= learning_rate * dw\n"
                    "    next_w = w - momentum * v_old + (1 + momentum) * v\n"
                ),
            ),
        ),
    ),
    (
        "optim.adagrad",
        "in place, with a power",
        ((_SUM, "    a += np.square(dw)\n    next_w = w - learning_rate * (dw / (a**0.5 + epsilon))\n"),),
    ),
    (
        "optim.adagrad",
        "the step as a copy that is scaled",
        (
            (
                _SUM,
                (
                    "    a = np.add(a, dw * dw)\n    step = dw.copy()\n    step /= np.sqrt(a) + epsilon\n"
                    "    step *= learning_rate\n    next_w = np.subtract(w, step)\n"
                ),
            ),
        ),
    ),
    (
        "optim.adagrad",
        "entry by entry",
        (
            (
                _SUM,
                (
                    "    a, next_w = a.copy(), w.copy()\n    for i in np.ndindex(*w.shape):\n"
                    "        a[i] += dw[i] ** 2\n"
                    "        next_w[i] -= learning_rate * dw[i] / (np.sqrt(a[i]) + epsilon)\n"
                ),
            ),
        ),
    ),
    (
        "optim.rmsprop",
        "a step towards the square",
        ((_RMS, _RMS.replace("decay_rate * a + (1 - decay_rate) * dw**2", "a + (1 - decay_rate) * (dw * dw - a)")),),
    ),
    (
        "optim.rmsprop",
        "in place, with a power",
        (
            (
                _RMS,
                (
                    "    a *= decay_rate\n    a += (1 - decay_rate) * np.square(dw)\n"
                    "    next_w = w - learning_rate * (dw / (a**0.5 + epsilon))\n"
                ),
            ),
        ),
    ),
    (
        "optim.adam",
        "one factor for both corrections",
        (
            (_HATS, "    rate = learning_rate * np.sqrt(1 - beta2**t) / (1 - beta1**t)\n"),
            (_ADAM, "next_w = w - rate * v / (np.sqrt(a) + epsilon * np.sqrt(1 - beta2**t))"),
        ),
    ),
    (
        "optim.adam",
        "moments changed in place, t with +=",
        (
            ("    t = t + 1\n", "    t += 1\n"),
            (_MOMENTS, "    v += (1 - beta1) * (dw - v)\n    a += (1 - beta2) * (dw * dw - a)\n"),
        ),
    ),
    (
        "optim.adam",
        "np.power and a step",
        (
            (_HATS, "    v_hat, a_hat = v / (1 - np.power(beta1, t)), a / (1 - np.power(beta2, t))\n"),
            (_ADAM, "step = np.divide(v_hat, epsilon + a_hat**0.5)\n    next_w = w - step * learning_rate"),
        ),
    ),
]

# --- normalisations --------------------------------------------------------------------------------------

_BATCH = """\
        centred = x - x.mean(axis=0)
        var = (centred * centred).mean(axis=0)
        inv_std = 1 / np.sqrt(var + eps)
        x_hat = centred * inv_std
        out = gamma * x_hat + beta
        cache = (x_hat, inv_std, gamma)
        running_mean = momentum * running_mean + (1 - momentum) * x.mean(axis=0)
"""
_RUN_VAR = "running_var = momentum * running_var + (1 - momentum) * var"
_TEST = "out = gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta"
_STATISTICS = _BATCH.replace("x - x.mean(axis=0)", "x - mu").replace("* x.mean(axis=0)", "* mu")
_BATCH_LOOP = """\
        x_hat, mu, var = np.zeros_like(x), np.zeros(x.shape[1], x.dtype), np.zeros(x.shape[1], x.dtype)
        out = np.zeros_like(x)
        for d in range(x.shape[1]):
            mu[d] = sum(x[:, d]) / len(x)
            var[d] = sum((x[:, d] - mu[d]) ** 2) / len(x)
            x_hat[:, d] = (x[:, d] - mu[d]) / np.sqrt(var[d] + eps)
            out[:, d] = gamma[d] * x_hat[:, d] + beta[d]
        cache = (x_hat, 1 / np.sqrt(var + eps), gamma)
        running_mean = momentum * running_mean + (1 - momentum) * mu
"""
_GRAPH = """\
    x_hat, inv_std, gamma = cache
    dbeta = dout.sum(axis=0)
    dgamma = (dout * x_hat).sum(axis=0)
    dx_hat = dout * gamma
    # x̂"""
_FROM_DICT = """\
inv_std, gamma = 1 / cache["std"], cache["gamma"]
    x_hat = (cache["x"] - cache["mean"]) * inv_std"""
_DCENTRED = "dcentred = dx_hat * inv_std + dvar * 2 * centred / len(dout)"
_DX = "dx = dcentred - dcentred.mean(axis=0)"
_ALT = "dx = (gamma * inv_std) * (dout - (dbeta + x_hat * dgamma) / len(dout))"
_BATCH_CACHE = '"batchnorm_forward", x.shape, cache)'

_LAYER = """\
    centred = x - x.mean(axis=1, keepdims=True)
    inv_std = 1 / np.sqrt((centred * centred).mean(axis=1, keepdims=True) + eps)
    x_hat = centred * inv_std
    out = gamma * x_hat + beta
    cache = (x_hat, inv_std, gamma)
"""
_LAYER_LOOP = """\
    x_hat, inv_std = np.zeros_like(x), np.zeros((len(x), 1), x.dtype)
    for n, row in enumerate(x):
        inv_std[n] = (np.var(row) + eps) ** -0.5
        x_hat[n] = (row - np.mean(row)) * inv_std[n]
    out = gamma * x_hat + beta
    cache = (x_hat, inv_std, gamma)
"""
_LAYER_TRANSPOSED = """\
    columns = x.T
    spread = np.sqrt(columns.var(axis=0) + eps)
    x_hat = ((columns - columns.mean(axis=0)) / spread).T
    out = x_hat * gamma + beta
    cache = (x_hat, 1 / spread[:, None], gamma)
"""
_LAYER_DX = "dx = inv_std * (dx_hat - through_mean - through_var)"
_LAYER_CLOSED = (
    "size = dout.shape[1]\n    dx = inv_std / size * (size * dx_hat - dx_hat.sum(axis=1, keepdims=True)"
    " - x_hat * (dx_hat * x_hat).sum(axis=1, keepdims=True))"
)
_LAYER_BY_ROWS = (
    "matrix = np.eye(dout.shape[1]) - 1 / dout.shape[1]\n    dx = np.stack("
    "[(matrix - np.outer(h, h) / len(h)) @ (gamma * g) * s for h, g, s in zip(x_hat, dout, inv_std)])"
)

NORMALISATIONS: list[tuple[str, str, tuple[Edit, ...]]] = [
    (
        "layers.batchnorm_forward",
        "np.var, and statistics updated in place",
        (
            (_BATCH, "        mu = np.mean(x, axis=0)\n" + _STATISTICS.replace("(centred * centred).mean", "x.var")),
            (_RUN_VAR, "running_var = running_var + (1 - momentum) * (var - running_var)"),
        ),
    ),
    ("layers.batchnorm_forward", "feature by feature", ((_BATCH, _BATCH_LOOP),)),
    (
        "layers.batchnorm_forward",
        "the mean of squares less the square of the mean",
        (
            (
                _BATCH,
                "        mu = x.mean(axis=0)\n"
                + _STATISTICS.replace("(centred * centred).mean(axis=0)", "(x**2).mean(axis=0) - mu**2"),
            ),
        ),
    ),
    (
        "layers.batchnorm_forward",
        "a scale and a shift at test time",
        (
            (
                _TEST,
                "scale = gamma / np.sqrt(running_var + eps)\n        out = x * scale + (beta - running_mean * scale)",
            ),
        ),
    ),
    (
        "layers.batchnorm_backward",
        "the other path through the mean kept",
        (
            (
                _DX,
                (
                    "dmean = -(dx_hat * inv_std).sum(axis=0) + dvar * (-2 * centred).mean(axis=0)\n"
                    "    dx = dcentred + dmean / len(dout)"
                ),
            ),
        ),
    ),
    (
        "layers.batchnorm_backward",
        "another cache, a dict",
        (
            (
                "        cache = (x_hat, inv_std, gamma)\n        running_mean =",
                (
                    '        cache = {"x": x, "mean": x.mean(axis=0), "std": np.sqrt(var + eps), "gamma": gamma}\n'
                    "        running_mean ="
                ),
            ),
            (
                _GRAPH,
                _GRAPH.replace("x_hat, inv_std, gamma = cache", _FROM_DICT),
            ),
        ),
    ),
    (
        "layers.batchnorm_backward",
        "matrices of ones",
        (
            (_DCENTRED, "n = len(dout)\n    dcentred = dx_hat * inv_std + 2 / n * centred * (np.ones((n, 1)) * dvar)"),
            (_DX, "dx = (np.eye(n) - np.ones((n, n)) / n) @ dcentred"),
        ),
    ),
    ("layers.batchnorm_backward", "the closed form", ((_DX, _ALT.replace("len(dout)", "dout.shape[0]")),)),
    (
        "layers.batchnorm_backward_alt",
        "1/N in front",
        ((_ALT, "n = len(dout)\n    dx = gamma * inv_std / n * (n * dout - dgamma * x_hat - dbeta)"),),
    ),
    (
        "layers.batchnorm_backward_alt",
        "means",
        ((_ALT, "dx = gamma * inv_std * (dout - dout.mean(axis=0) - x_hat * (dout * x_hat).mean(axis=0))"),),
    ),
    (
        "layers.batchnorm_backward_alt",
        "feature by feature",
        (
            (
                _ALT,
                (
                    "dx = np.empty_like(dout)\n    for d in range(dout.shape[1]):\n"
                    "        h, g = x_hat[:, d], dout[:, d]\n"
                    "        dx[:, d] = gamma[d] * inv_std[d] * (g - g.mean() - h * (h @ g) / len(h))"
                ),
            ),
        ),
    ),
    ("layers.layernorm_forward", "example by example", ((_LAYER, _LAYER_LOOP),)),
    ("layers.layernorm_forward", "transposed, as in batch normalisation", ((_LAYER, _LAYER_TRANSPOSED),)),
    ("layers.layernorm_backward", "1/D in front", ((_LAYER_DX, _LAYER_CLOSED),)),
    ("layers.layernorm_backward", "a Jacobian for each example", ((_LAYER_DX, _LAYER_BY_ROWS),)),
]

# --- dropout ---------------------------------------------------------------------------------------------

_MASK = "mask = ((rng.random(x.shape) >= p) / (1 - p)).astype(x.dtype)"
_MASKED = "out = x * mask\n"
_DROPOUT_DX = 'dx = dout * mask if mode == "train" else dout'

DROPOUT: list[tuple[str, str, tuple[Edit, ...]]] = [
    ("layers.dropout_forward", "rand", ((_MASK, "mask = (rng.rand(*x.shape) > p) / (1 - p)"),)),
    (
        "layers.dropout_forward",
        "the other end of the interval",
        ((_MASK, "mask = (rng.rand(*x.shape) < 1 - p) / (1 - p)"),),
    ),
    ("layers.dropout_forward", "binomial", ((_MASK, "mask = rng.binomial(1, 1 - p, x.shape) / (1 - p)"),)),
    (
        "layers.dropout_forward",
        "a new generator",
        ((_MASK, "mask = (np.random.default_rng(seed).random(x.shape) >= p) / (1 - p)"),),
    ),
    (
        "layers.dropout_forward",
        "a copy with zeros",
        (
            (_MASK, "mask = rng.random(x.shape) >= p"),
            (_MASKED, "out = x / (1 - p)\n        out[~mask] = 0\n"),
        ),
    ),
    (
        "layers.dropout_backward",
        "np.where",
        ((_DROPOUT_DX, 'dx = np.where(mask != 0, dout * mask, 0) if mode == "train" else dout.copy()'),),
    ),
    (
        "layers.dropout_backward",
        "a mask of booleans, scaled where it is used",
        (
            (_MASK, "mask = rng.random(x.shape) >= p"),
            (_MASKED, "out = x * mask / (1 - p)\n"),
            (_DROPOUT_DX, 'dx = dout * mask / (1 - dropout_param["p"]) if mode == "train" else dout'),
        ),
    ),
    (
        "layers.dropout_backward",
        "another draw",
        ((_MASK, "mask = (np.random.default_rng().random(x.shape) >= p) / (1 - p)"),),
    ),
]

# --- layers together -------------------------------------------------------------------------------------

_SANDWICH = """\
    a, fc_cache = affine_forward(x, w, b)
    normalised, bn_cache = batchnorm_forward(a, gamma, beta, bn_param)
    out, relu_cache = relu_forward(normalised)
    cache = (fc_cache, bn_cache, relu_cache)
"""
_SANDWICH_BACK = """\
    fc_cache, bn_cache, relu_cache = cache
    dnormalised = relu_backward(dout, relu_cache)
    da, dgamma, dbeta = batchnorm_backward_alt(dnormalised, bn_cache)
    dx, dw, db = affine_backward(da, fc_cache)
"""
_IMPORT = "    batchnorm_backward_alt,\n"

_RELU_DROP = """\
        out, relu_cache = relu_forward(out)
        if self.dropout:
            out, dropout_cache = dropout_forward(out, self.dropout_params[layer])
"""
_OWN_DROPOUT = """\
        out, relu_cache = relu_forward(out)
        if self.dropout:
            settings = self.dropout_params[layer]
            mask = None
            if settings["mode"] == "train":
                rng = np.random.default_rng(settings.get("seed"))
                mask = (rng.random(out.shape) >= self.dropout) / (1 - self.dropout)
                out = out * mask
            dropout_cache = settings, mask
"""
_DROP_RELU = """\
        if self.dropout:
            out, dropout_cache = dropout_forward(out, self.dropout_params[layer])
        out, relu_cache = relu_forward(out)
"""
_HIDDEN_CACHE = "        cache = (fc_cache, norm_cache, relu_cache, dropout_cache)\n"
_HIDDEN_OPEN = "        fc_cache, norm_cache, relu_cache, dropout_cache = cache\n"
_BACK_DROP_RELU = """\
        if self.dropout:
            dx = dropout_backward(dx, dropout_cache)
        dx = relu_backward(dx, relu_cache)
"""
_BACK_RELU_DROP = """\
        dx = relu_backward(dx, relu_cache)
        if self.dropout:
            dx = dropout_backward(dx, dropout_cache)
"""
_NORMALISE = "out, norm_cache = normalization_forward(out, gamma, beta, norm_param, self.normalization)"
_LINEAR = "out, fc_cache = affine_forward(x, W, b)"

TOGETHER: list[tuple[str, str, tuple[Edit, ...]]] = [
    (
        "layer_utils.affine_batchnorm_relu_forward",
        "an own ReLU",
        (
            (_SANDWICH, _SANDWICH.replace("relu_forward(normalised)", "np.maximum(0, normalised), normalised")),
            ("\nfrom .layers", "\nimport numpy as np\n\nfrom .layers"),
        ),
    ),
    (
        "layer_utils.affine_batchnorm_relu_forward",
        "caches in the order they are needed",
        (
            (_SANDWICH, _SANDWICH.replace("(fc_cache, bn_cache, relu_cache)", "[relu_cache, bn_cache, fc_cache]")),
            (
                _SANDWICH_BACK,
                _SANDWICH_BACK.replace(
                    "fc_cache, bn_cache, relu_cache = cache", "relu_cache, bn_cache, fc_cache = cache"
                ),
            ),
        ),
    ),
    (
        "layer_utils.affine_batchnorm_relu_backward",
        "the backward pass through the graph",
        (
            (_IMPORT, f"    batchnorm_backward,\n{_IMPORT}"),
            (_SANDWICH_BACK, _SANDWICH_BACK.replace("_alt", "")),
        ),
    ),
    (
        "layer_utils.affine_batchnorm_relu_backward",
        "a dict as the cache",
        (
            (
                _SANDWICH,
                _SANDWICH.replace(
                    "(fc_cache, bn_cache, relu_cache)", '{"fc": fc_cache, "bn": bn_cache, "relu": relu_cache}'
                ),
            ),
            (_SANDWICH_BACK, _SANDWICH_BACK.replace("= cache", '= (cache[name] for name in ("fc", "bn", "relu"))')),
        ),
    ),
    (
        "fc_net.FullyConnectedNet.hidden_forward",
        "dropout before the ReLU, which changes nothing",
        ((_RELU_DROP, _DROP_RELU),),
    ),
    (
        "fc_net.FullyConnectedNet.hidden_forward",
        "settings that are there tell what to do",
        ((_RELU_DROP, _RELU_DROP.replace("if self.dropout:", "if layer in self.dropout_params:")),),
    ),
    (
        "fc_net.FullyConnectedNet.hidden_forward",
        "an own affine layer",
        ((_LINEAR, "out, fc_cache = x.reshape(len(x), -1) @ W + b, (x, W, b)"),),
    ),
    (
        "fc_net.FullyConnectedNet.hidden_backward",
        "dropout after the ReLU, which changes nothing",
        ((_BACK_DROP_RELU, _BACK_RELU_DROP),),
    ),
    (
        "fc_net.FullyConnectedNet.hidden_backward",
        "a cache with only what there is",
        (
            (
                _HIDDEN_CACHE,
                (
                    "        cache = {'fc': fc_cache, 'relu': relu_cache}\n"
                    "        if self.normalization:\n            cache['norm'] = norm_cache\n"
                    "        if self.dropout:\n            cache['dropout'] = dropout_cache\n"
                ),
            ),
            (
                _HIDDEN_OPEN,
                (
                    "        fc_cache, norm_cache, relu_cache, dropout_cache = (\n"
                    "            cache.get(name) for name in ('fc', 'norm', 'relu', 'dropout')\n        )\n"
                ),
            ),
        ),
    ),
    (
        "fc_net.FullyConnectedNet.hidden_backward",
        "the mask of an own dropout",
        ((_RELU_DROP, _OWN_DROPOUT),),
    ),
]

RIGHT = [*OPTIM, *NORMALISATIONS, *DROPOUT, *TOGETHER]
