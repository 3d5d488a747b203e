"""States worth ten minutes, by name: what each is called, and in what it differs from a new explorer's."""

from __future__ import annotations

PRESETS: dict[str, dict[str, str]] = {
    "decision-boundary": {
        "before the first minibatch": "decision-boundary?step=0",
        "two units cannot close a ring": "decision-boundary?set=rings&depth=1&units=2&step=500",
        "three units close a ring": "decision-boundary?set=rings&depth=1&units=3&step=500",
        "three units that start badly": "decision-boundary?set=rings&depth=1&units=3&seed=1&step=500",
        "weights near zero hardly learn": "decision-boundary?scale=0.01&step=200",
        "a learning rate that kills units": "decision-boundary?rate=5.01187&step=200",
        "spirals are hard": "decision-boundary?set=spirals&noise=0&depth=3&units=8&scale=1&rate=0.501187&step=500",
    },
    "gradient-flow": {
        "only the input": "gradient-flow?step=0",
        "the gradient vanishes": "gradient-flow?depth=7&scale=0.01&step=18",
        "the gradient explodes": "gradient-flow?depth=7&scale=1&step=18",
        "neither of both": "gradient-flow?depth=7&width=100&scale=0.158489&step=18",
        "batch norm at a small scale": "gradient-flow?depth=7&scale=0.01&norm=batchnorm&step=18",
    },
    "weight-scale": {
        "gradients vanish": "weight-scale?scale=0.01",
        "gradients explode": "weight-scale?scale=1",
        "a scale that trains": "weight-scale?scale=0.2",
        "batch norm rescues a small scale": "weight-scale?norm=batchnorm&scale=0.01",
        "tanh saturates": "weight-scale?activation=tanh&scale=1",
        "one hidden layer hardly cares": "weight-scale?depth=1&scale=0.01",
    },
    "batch-norm": {
        "two examples a minibatch": "batch-norm?batch=2",
        "statistics that hardly move": "batch-norm?momentum=0.999",
        "statistics of the last minibatch": "batch-norm?momentum=0",
        "a large learning rate": "batch-norm?rate=0.0316228",
        "a deep net": "batch-norm?depth=8",
    },
    "dropout": {
        "three of four units dropped": "dropout?p=0.75",
        "no dropout": "dropout?p=0",
        "few images": "dropout?images=100",
        "a small net": "dropout?units=20",
    },
    "optimisers": {
        "the ravine": "optimisers?loss=ravine",
        "sgd at its limit": "optimisers?loss=ravine&rate=0.066",
        "the saddle": "optimisers?loss=saddle&steps=200",
        "the plateau": "optimisers?loss=plateau",
        "noisy slopes": "optimisers?loss=ravine&noise=3&steps=150",
    },
    "convolution": {
        "upright edges": "convolution?kernel=-1,0,1,-2,0,2,-1,0,1",
        "blur": "convolution?kernel=0.0625,0.125,0.0625,0.125,0.25,0.125,0.0625,0.125,0.0625",
        "a stride of 3": "convolution?stride=3&row=7&column=6&pool=2",
        "a wide rim of zeros": "convolution?kernel=0,1,0,1,-4,1,0,1,0&pad=6&row=6&column=6",
    },
    "gradient-check": {
        "sin, a good step": "gradient-check?h=1e-05",
        "a step that is too small": "gradient-check?h=1e-11",
        "a step that is too long": "gradient-check?h=0.316228",
        "beside the kink of |x|": "gradient-check?function=%7Cx%7C&x=0.01&h=0.1",
        "your own batch norm": "gradient-check?function=batch%20norm%20layer",
    },
}
"""By the name of the state, then by their own."""
