/* The convolutional layer: its two passes put together from `correlate` and `add_weight_gradient`.
 *
 * Every thread takes one image at a time (or one group of them, in the backward pass) from start to end, and the image
 * stays in its second level cache meanwhile. Threads meet once, at the end.
 */

static int NAME(conv_forward)(const Layer *l, const REAL *x, const REAL *w, const REAL *b, REAL *out, int team)
{
    const Index K = l->C * l->height * l->width, P = l->out_H * l->out_W;
    const Index phases_y = smaller(l->stride_y, l->height), phases_x = smaller(l->stride_x, l->width);
    const Index rows = l->out_H + (l->height - 1) / l->stride_y, pitch = l->out_W + (l->width - 1) / l->stride_x;
    const Index plane = rows * pitch, planes = l->C * phases_y * phases_x * plane + LANES;
    const Index filters = NAME(padded_filters)(l->F);
    Index *offset = malloc((2 * K + 1) * sizeof(Index)), *source = offset + K;
    void *raw = malloc((filters * K + filters + team * planes) * sizeof(REAL) + CACHE_LINE);
    if (!offset || !raw) {
        free(offset);
        free(raw);
        return -1;
    }
    REAL *weights = on_a_line(raw), *bias = weights + filters * K, *scratch = bias + filters;
    for (Index c = 0, k = 0; c < l->C; c++)
        for (Index i = 0; i < l->height; i++)
            for (Index j = 0; j < l->width; j++, k++) {
                Index phase = (c * phases_y + i % l->stride_y) * phases_x + j % l->stride_x;
                offset[k] = phase * plane + i / l->stride_y * pitch + j / l->stride_x;
                source[k] = k;
            }
    NAME(pack)(weights, w, source, K, l->F, K);
    for (Index f = 0; f < filters; f++)
        bias[f] = f < l->F ? b[f] : 0;
    memset(scratch, 0, team * planes * sizeof(REAL));
    const NAME(Grid) grid = {l->out_H, l->out_W, 0, pitch, P, l->out_W, 1};
    Index n;
#pragma omp parallel for schedule(dynamic) num_threads(team)
    for (n = 0; n < l->N; n++) {
        REAL *image = scratch + ME * planes, *to = image;
        for (Index c = 0; c < l->C; c++)
            for (Index a = 0; a < phases_y; a++)
                for (Index s = 0; s < phases_x; s++, to += plane)
                    NAME(spread)(
                        to, x + (n * l->C + c) * l->H * l->W, l->H, l->W, l->stride_y, l->stride_x, a, s, l->pad,
                        l->pad, rows, pitch
                    );
        NAME(correlate)(image, offset, K, weights, bias, l->F, &grid, out + n * l->F * P);
    }
    free(offset);
    free(raw);
    return 0;
}

/* Along one axis: the pixels of phase a of the padded image that are pixels of the image, and the taps they get. */
typedef struct {
    Index first; /* the first of them, counted within the phase */
    Index count;
    Index pixel; /* where it is in the image */
    Index taps;  /* i = a, a + stride, … */
} NAME(Phase);

static NAME(Phase) NAME(phase)(Index a, Index size, Index window, Index stride, Index pad)
{
    NAME(Phase) phase;
    phase.first = pad > a ? ceil_div(pad - a, stride) : 0;
    phase.pixel = phase.first * stride + a - pad;
    phase.count = phase.pixel < size ? ceil_div(size - phase.pixel, stride) : 0;
    phase.taps = a < window ? ceil_div(window - a, stride) : 0;
    return phase;
}

/* What the gradient of an image needs: dx at a pixel of phase (a, b) is a correlation of dout, with a border of zeros,
 * and those weights, back to front, whose taps fall on that phase. Exactly as many multiplications as there are, and
 * each pixel is written once: nothing is folded back. */
typedef struct {
    Index margin_y, margin_x, rows, pitch;
    Index *offset;
    REAL *weights;
} NAME(Back);

static void NAME(prepare_back)(const NAME(Back) *back, const Layer *l, const REAL *w, Index *source)
{
    Index *offset = back->offset;
    REAL *weights = back->weights;
    for (Index a = 0; a < smaller(l->stride_y, l->height); a++)
        for (Index b = 0; b < smaller(l->stride_x, l->width); b++) {
            Index K = 0;
            for (Index f = 0; f < l->F; f++)
                for (Index i = a; i < l->height; i += l->stride_y)
                    for (Index j = b; j < l->width; j += l->stride_x, K++) {
                        Index r = f * back->rows + back->margin_y - i / l->stride_y;
                        offset[K] = r * back->pitch + back->margin_x - j / l->stride_x;
                        source[K] = (f * l->C * l->height + i) * l->width + j;
                    }
            NAME(pack)(weights, w, source, K, l->C, l->height * l->width);
            offset += K;
            weights += K * NAME(padded_filters)(l->C);
        }
}

static void NAME(correlate_back)(const NAME(Back) *back, const Layer *l, const REAL *dout, REAL *dx)
{
    const Index *offset = back->offset;
    const REAL *weights = back->weights;
    for (Index a = 0; a < l->stride_y; a++) {
        const NAME(Phase) y = NAME(phase)(a, l->H, l->height, l->stride_y, l->pad);
        for (Index b = 0; b < l->stride_x; b++) {
            const NAME(Phase) x = NAME(phase)(b, l->W, l->width, l->stride_x, l->pad);
            const Index K = l->F * y.taps * x.taps;
            const NAME(Grid) grid = {
                y.count, x.count, y.first * back->pitch + x.first, back->pitch,
                l->H * l->W, l->stride_y * l->W, l->stride_x
            };
            if (y.count && x.count)
                NAME(correlate)(dout, offset, K, weights, NULL, l->C, &grid, dx + y.pixel * l->W + x.pixel);
            offset += K;
            weights += K * NAME(padded_filters)(l->C);
        }
    }
}

#define MOST_GROUPS 16
#define GROUP_BYTES (8 << 20)

/* Images are summed up in groups, so that dw does not depend on how many threads share the groups. */
static Index NAME(groups)(const Layer *l, Index sums)
{
    Index affordable = GROUP_BYTES / (Index)sizeof(REAL) / larger(1, sums);
    return smaller(l->N, smaller(MOST_GROUPS, larger(2, affordable)));
}

static int NAME(conv_backward)(
    const Layer *l, const REAL *dout, const REAL *x, const REAL *w, REAL *dx, REAL *dw, REAL *db, int team
)
{
    const Index area = l->height * l->width, K = l->C * area, P = l->out_H * l->out_W;
    const Index phases_y = smaller(l->stride_y, l->height), phases_x = smaller(l->stride_x, l->width);
    const Index rows = l->out_H + (l->height - 1) / l->stride_y, pitch = l->out_W + (l->width - 1) / l->stride_x;
    const Index plane = rows * pitch, planes = l->C * phases_y * phases_x * plane + LANES;
    const Index width = NAME(panel_vectors)(l->F) * LANES, filters = NAME(panels)(l->F) * width;
    const Index sums = filters * (K + 1), groups = NAME(groups)(l, sums);

    NAME(Back) back;
    back.margin_y = (l->height - 1) / l->stride_y;
    back.margin_x = (l->width - 1) / l->stride_x;
    back.rows = back.margin_y + (l->H + l->pad - 1) / l->stride_y + 1;
    back.pitch = back.margin_x + (l->W + l->pad - 1) / l->stride_x + 1;
    const Index back_plane = back.rows * back.pitch, back_planes = l->F * back_plane + LANES;
    const Index back_weights = NAME(padded_filters)(l->C) * l->F * area;

    const Index lines = CACHE_LINE / (Index)sizeof(REAL); /* each part on lines of its own */
    const Index turned_size = ceil_div(P * filters, lines) * lines;
    const Index own = turned_size + ceil_div(planes + back_planes, lines) * lines;
    const Index shared = ceil_div(groups * sums, lines) * lines;
    Index *tables = malloc((K + 2 * l->F * area + 1) * sizeof(Index)), *offset = tables;
    void *raw = malloc((shared + team * own + back_weights) * sizeof(REAL) + CACHE_LINE);
    if (!tables || !raw) {
        free(tables);
        free(raw);
        return -1;
    }
    REAL *all_sums = on_a_line(raw), *scratch = all_sums + shared;
    back.offset = offset + K;
    back.weights = scratch + team * own;
    NAME(prepare_back)(&back, l, w, back.offset + l->F * area);
    for (Index c = 0, k = 0; c < l->C; c++)
        for (Index i = 0; i < l->height; i++)
            for (Index j = 0; j < l->width; j++, k++) {
                Index phase = (c * phases_y + i % l->stride_y) * phases_x + j % l->stride_x;
                offset[k] = phase * plane + i / l->stride_y * pitch + j / l->stride_x;
            }

    Index g, k;
#pragma omp parallel num_threads(team)
    {
        REAL *turned = scratch + ME * own, *image = turned + turned_size, *border = image + planes;
        memset(turned, 0, own * sizeof(REAL));
#pragma omp for schedule(dynamic)
        for (g = 0; g < groups; g++) {
            REAL *mine = all_sums + g * sums;
            memset(mine, 0, sums * sizeof(REAL));
            for (Index n = l->N * g / groups; n < l->N * (g + 1) / groups; n++) {
                const REAL *from = x + n * l->C * l->H * l->W, *up = dout + n * l->F * P;
                REAL *to = image;
                for (Index c = 0; c < l->C; c++)
                    for (Index a = 0; a < phases_y; a++)
                        for (Index s = 0; s < phases_x; s++, to += plane)
                            NAME(spread)(
                                to, from + c * l->H * l->W, l->H, l->W, l->stride_y, l->stride_x, a, s, l->pad, l->pad,
                                rows, pitch
                            );
                NAME(turn)(turned, up, l->F, P);
                NAME(add_weight_gradient)(mine, image, offset, K, l->out_H, l->out_W, pitch, turned, l->F);
                if (!dx)
                    continue; /* images that nobody asks the gradient of */
                for (Index f = 0; f < l->F; f++)
                    NAME(spread)(
                        border + f * back_plane, up + f * P, l->out_H, l->out_W, 1, 1, 0, 0, back.margin_y,
                        back.margin_x, back.rows, back.pitch
                    );
                NAME(correlate_back)(&back, l, border, dx + n * l->C * l->H * l->W);
            }
        }
#pragma omp for schedule(static)
        for (k = 0; k <= K; k++)
            for (Index f = 0; f < l->F; f++) {
                REAL sum = 0;
                for (Index part = 0; part < groups; part++)
                    sum += all_sums[part * sums + (f / width * (K + 1) + k) * width + f % width];
                if (k < K)
                    dw[f * K + k] = sum;
                else
                    db[f] = sum;
            }
    }
    free(tables);
    free(raw);
    return 0;
}
