"""What a trained network sees: pictures made with the gradient of a score with respect to the image.

Training keeps the images and changes the weights. Everything here does the opposite: the weights stay, and the
gradient says which pixels matter, or how to change them.
"""

import torch
from torch.nn.functional import conv2d, pad


def compute_saliency_maps(X, y, model):
    """How much each pixel matters for the score of the right class.

    The saliency of a pixel is the largest absolute derivative of the score s_y among the pixel's channels:
    M_ij = max_c |∂s_y/∂X_cij| (Simonyan et al., 2013, "Deep Inside Convolutional Networks", section 3.1).

    Parameters
    ----------
    X : tensor of shape (N, C, H, W)
        Images as the model expects them. Left as it is, ``X.requires_grad`` and ``X.grad`` included.
    y : tensor of shape (N,), int64
        The class of each image.
    model : torch.nn.Module
        Gives scores of shape (N, K), before any softmax, one image independent of the others. It is left as it is:
        its mode, its parameters, whether these gather gradients, and the gradients that they hold.

    Returns
    -------
    tensor of shape (N, H, W)
        In the dtype of `X`, without a graph.
    """
    ### BEGIN SOLUTION
    X = X.detach().clone().requires_grad_()
    scores = model(X)
    # Image n has no influence on the other scores, so the gradient of the sum holds the gradient of each.
    right = scores.gather(1, y[:, None]).sum()
    (gradient,) = torch.autograd.grad(right, X)
    saliency = gradient.abs().amax(dim=1)
    ### END SOLUTION
    return saliency


def make_fooling_image(X, target_y, model, learning_rate=1.0, max_iter=100):
    """Change an image until the model takes it for something else.

    Gradient ascent on the score of the target, with steps of one length: X ← X + learning_rate · g / ‖g‖₂, where g is
    the gradient of s_target at the present X. Before each step the model is asked; as soon as the target has the
    largest score, the image is done. (That such images lie so near is due to Szegedy et al., 2013, "Intriguing
    properties of neural networks", section 4.)

    Parameters
    ----------
    X : tensor of shape (1, C, H, W)
        One image as the model expects it. Left as it is, ``X.requires_grad`` and ``X.grad`` included.
    target_y : int
        The class to be mistaken for.
    model : torch.nn.Module
        Gives scores of shape (1, K). It is left as it is: its mode, its parameters, whether these gather gradients,
        and the gradients that they hold.
    learning_rate : float, default=1.0
        Length of a step, in the 2-norm over all numbers of the image.
    max_iter : int, default=100
        Steps after which to give up.

    Returns
    -------
    tensor of shape (1, C, H, W)
        A new image without a graph: classified as `target_y`, unless `max_iter` steps were not enough.
    """
    X_fooling = X.detach().clone()
    ### BEGIN SOLUTION
    for _ in range(max_iter):
        X_fooling.requires_grad_()
        scores = model(X_fooling)
        if scores.argmax() == target_y:
            break
        (gradient,) = torch.autograd.grad(scores[0, target_y], X_fooling)
        X_fooling = X_fooling.detach() + learning_rate * gradient / gradient.norm()
    ### END SOLUTION
    return X_fooling.detach()


def class_visualization_update_step(img, model, target_y, l2_reg, learning_rate):
    """One step towards an image that the model finds typical of a class.

    Gradient ascent on s_target(I) − l2_reg · ‖I‖₂² (Simonyan et al., 2013, section 2), with a step of one length:
    I + learning_rate · g / ‖g‖₂, where g is the gradient of the whole objective.

    Parameters
    ----------
    img : tensor of shape (1, C, H, W)
        The image so far. Left as it is, ``img.requires_grad`` and ``img.grad`` included.
    model : torch.nn.Module
        Gives scores of shape (1, K). It is left as it is: its mode, its parameters, whether these gather gradients,
        and the gradients that they hold.
    target_y : int
        The class to show.
    l2_reg : float
        Strength of the penalty on large values.
    learning_rate : float
        Length of the step, in the 2-norm.

    Returns
    -------
    tensor of shape (1, C, H, W)
        The next image, without a graph.
    """
    ### BEGIN SOLUTION
    img = img.detach().clone().requires_grad_()
    objective = model(img)[0, target_y] - l2_reg * (img * img).sum()
    (gradient,) = torch.autograd.grad(objective, img)
    next_img = img.detach() + learning_rate * gradient / gradient.norm()
    ### END SOLUTION
    return next_img


def jitter(img, dx, dy):
    """Shift an image by whole pixels; what leaves on one side enters on the other.

    Parameters
    ----------
    img : tensor of shape (N, C, H, W)
    dx, dy : int
        To the right and downwards.

    Returns
    -------
    tensor of shape (N, C, H, W)
    """
    return torch.roll(img, shifts=(dy, dx), dims=(2, 3))


def blur(img, sigma=0.5):
    """Smooth an image with a Gaussian, each channel for itself; beyond its border the image is mirrored.

    Parameters
    ----------
    img : tensor of shape (N, C, H, W)
    sigma : float, default=0.5
        Standard deviation of the Gaussian, in pixels; cut off after three of them.

    Returns
    -------
    tensor of shape (N, C, H, W)
    """
    reach = max(1, round(3 * sigma))
    offsets = torch.arange(-reach, reach + 1, dtype=img.dtype, device=img.device)
    weights = torch.exp(-0.5 * (offsets / sigma) ** 2)
    weights = weights / weights.sum()
    channels = img.shape[1]
    column = weights.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    padded = pad(img, (reach, reach, reach, reach), mode="reflect")
    return conv2d(conv2d(padded, column, groups=channels), column.transpose(2, 3), groups=channels)


def create_class_visualization(
    target_y,
    model,
    shape,
    limits=None,
    l2_reg=1e-3,
    learning_rate=25.0,
    num_iterations=100,
    blur_every=10,
    max_jitter=16,
    show_every=25,
    callback=None,
    seed=0,
):
    """An image that the model finds typical of a class, starting from noise.

    The penalty alone leaves noise that only this network sees. Two more priors keep the image natural: it is shifted
    at random before each step and back after it, and blurred now and then (Yosinski et al., 2015, "Understanding
    Neural Networks Through Deep Visualization", section 3).

    Parameters
    ----------
    target_y : int
        The class to show.
    model : torch.nn.Module
        Gives scores of shape (1, K).
    shape : tuple of int
        Channels, height and width of the image.
    limits : pair of tensors of shape (1, C, 1, 1), optional
        The values that black and white have for the model; the image is kept between them.
    l2_reg, learning_rate : float, default=1e-3 and 25.0
        See `class_visualization_update_step`.
    num_iterations : int, default=100
    blur_every : int, default=10
        Steps from one blur to the next.
    max_jitter : int, default=16
        Largest shift, in pixels; made for images of 224 × 224.
    show_every : int, default=25
        Steps from one call of `callback` to the next; it is called after the first and the last step too.
    callback : callable, optional
        ``callback(step, img)``.
    seed : int, default=0
        Of the noise and the shifts.

    Returns
    -------
    tensor of shape (1, C, H, W)
    """
    generator = torch.Generator().manual_seed(seed)
    img = torch.randn((1, *shape), generator=generator)
    for step in range(1, num_iterations + 1):
        dx, dy = torch.randint(-max_jitter, max_jitter + 1, (2,), generator=generator).tolist()
        img = jitter(img, dx, dy)
        img = class_visualization_update_step(img, model, target_y, l2_reg, learning_rate)
        img = jitter(img, -dx, -dy)
        if limits is not None:
            img = torch.clamp(img, *limits)
        if step % blur_every == 0:
            img = blur(img)
        if callback is not None and (step in (1, num_iterations) or step % show_every == 0):
            callback(step, img)
    return img
