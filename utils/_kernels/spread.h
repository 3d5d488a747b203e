/* Padding and strides, dealt with once for each image, so that no loop after this one has to know of them.
 *
 * An image with its border of zeros is taken apart into stride_y · stride_x phases: phase (a, b) holds the pixels
 * (y·stride_y + a, x·stride_x + b). Within a phase, what a window reads at a place (i, j) moves by one pixel when the
 * window moves by one, whatever the stride: so a vector can be loaded in one go, and from a phase that is small enough
 * to stay in the cache. For stride 1 this is a copy with a border.
 */

/* Phase (a, b) of an image (H, W) with `above` and `left` zeros before it: `rows` rows, each `pitch` long. */
static void NAME(spread)(
    REAL *to, const REAL *image, Index H, Index W, Index step_y, Index step_x, Index a, Index b, Index above,
    Index left, Index rows, Index pitch
)
{
    /* Of a row, these come from the image, and zeros from its border. */
    const Index first = b >= left ? 0 : smaller(pitch, ceil_div(left - b, step_x));
    const Index last = left + W <= b ? 0 : smaller(pitch, ceil_div(left + W - b, step_x));
    for (Index r = 0; r < rows; r++, to += pitch) {
        const Index y = r * step_y + a - above;
        if (y < 0 || y >= H || first >= last) {
            memset(to, 0, pitch * sizeof(REAL));
            continue;
        }
        const REAL *from = image + y * W + b - left;
        for (Index x = 0; x < first; x++)
            to[x] = 0;
        if (step_x == 1)
            for (Index x = first; x < last; x++)
                to[x] = from[x];
        else if (step_x == 2) /* a step that the compiler knows is done with vectors */
            for (Index x = first; x < last; x++)
                to[x] = from[2 * x];
        else
            for (Index x = first; x < last; x++)
                to[x] = from[x * step_x];
        for (Index x = last; x < pitch; x++)
            to[x] = 0;
    }
}
