/* out[f, r, s] = bias[f] + Σ_k weights[k, f] · image[place(r, s) + offset[k]]: the one loop that all the time goes to.
 *
 * This is the matrix product weights (F, K) @ columns (K, P) of im2col (K. Chellapilla, S. Puri, P. Simard, "High
 * Performance Convolutional Neural Networks for Document Processing", 2006, section 3), without the columns: row k of
 * them is the image itself, moved by offset[k]. Nothing is unfolded, neither into memory nor into a packed panel; a
 * vector of neighbouring outputs is multiplied straight from the image, which the first level cache holds.
 */

/* Filters that are computed together: as many as fit, fewer for the rest. The last ones may be zeros. Three are worth a
 * tile of their own: images have three channels. */
INLINE Index NAME(together)(Index left)
{
    Index some = left > 4 ? 8 : left > 1 ? left : 2;
    return smaller(some, MOST_FILTERS);
}

INLINE Index NAME(padded_filters)(Index F)
{
    Index count = 0;
    while (count < F)
        count += NAME(together)(F - count);
    return count;
}

/* Weights in the order in which they are read: for each block of filters, for each k, one number of each filter. */
static void NAME(pack)(REAL *to, const REAL *w, const Index *source, Index K, Index F, Index filter_step)
{
    for (Index f = 0; f < F; f += NAME(together)(F - f)) {
        Index count = NAME(together)(F - f);
        for (Index k = 0; k < K; k++)
            for (Index m = 0; m < count; m++)
                *to++ = f + m < F ? w[(f + m) * filter_step + source[k]] : 0;
    }
}

/* `filters` × `vectors` sums at once, held in registers: each load serves several multiplications, without which the
 * two loads a cycle would bound it and not the two multiplications. The counts are constants wherever this is called.
 */
INLINE void NAME(tile)(
    const Index filters, const Index vectors, Index wanted, const REAL *weights, const REAL *bias,
    const REAL *const *image, const Index *offset, Index K, REAL *const *to, const Index *filter_step
)
{
    VEC sum[8][3];
#pragma GCC unroll 8
    for (Index m = 0; m < filters; m++)
#pragma GCC unroll 3
        for (Index v = 0; v < vectors; v++)
            sum[m][v] = (VEC){0} + (bias ? bias[m] : 0);
    for (Index k = 0; k < K; k++, weights += filters) {
        VEC pixels[3];
#pragma GCC unroll 3
        for (Index v = 0; v < vectors; v++)
            pixels[v] = NAME(load)(image[v] + offset[k]);
#pragma GCC unroll 8
        for (Index m = 0; m < filters; m++)
#pragma GCC unroll 3
            for (Index v = 0; v < vectors; v++)
                sum[m][v] += pixels[v] * weights[m];
    }
#pragma GCC unroll 8
    for (Index m = 0; m < filters; m++)
        if (m < wanted)
#pragma GCC unroll 3
            for (Index v = 0; v < vectors; v++)
                NAME(store)(to[v] + m * filter_step[v], sum[m][v]);
}

static void NAME(any_tile)(
    Index filters, Index vectors, Index wanted, const REAL *weights, const REAL *bias, const REAL *const *image,
    const Index *offset, Index K, REAL *const *to, const Index *step
)
{
#define TILE(m, v)                                                                                                     \
    case 4 * m + v:                                                                                                    \
        NAME(tile)(m, v, wanted, weights, bias, image, offset, K, to, step);                                           \
        break;
    switch (4 * filters + vectors) {
#if MOST_FILTERS == 8
        TILE(8, 1) TILE(8, 2) TILE(8, 3)
#endif
        TILE(4, 1) TILE(4, 2) TILE(4, 3) TILE(3, 1) TILE(3, 2) TILE(3, 3) TILE(2, 1) TILE(2, 2) TILE(2, 3)
    }
#undef TILE
}

/* Where the outputs of a correlation are: row r, column s looks around image[origin + r·pitch + s], and goes to
 * out[f·filter_step + r·row_step + s·col_step]. */
typedef struct {
    Index rows, cols, origin, pitch;
    Index filter_step, row_step, col_step;
} NAME(Grid);

/* A vector that has lanes beyond its row: the outputs among them, one by one. */
static void NAME(scatter)(
    REAL *out, const NAME(Grid) *grid, Index place, Index filters, const REAL *from, Index from_step
)
{
    for (Index l = 0; l < LANES;) {
        Index r = (place + l) / grid->pitch, s = (place + l) % grid->pitch;
        if (r >= grid->rows)
            return;
        Index count = smaller(grid->pitch - s, LANES - l), here = smaller(grid->cols - s, count);
        for (Index f = 0; f < filters; f++)
            for (Index c = 0; c < here; c++)
                out[f * grid->filter_step + r * grid->row_step + (s + c) * grid->col_step] = from[f * from_step + l + c];
        l += count;
    }
}

/* Vectors follow each other row by row, or else through the image as it lies in memory, borders included, with lanes
 * that are computed in vain: whichever needs fewer. */
static void NAME(correlate)(
    const REAL *image, const Index *offset, Index K, const REAL *weights, const REAL *bias, Index F,
    const NAME(Grid) *grid, REAL *out
)
{
    const Index in_row = ceil_div(grid->cols, LANES);
    const Index through = ceil_div((grid->rows - 1) * grid->pitch + grid->cols, LANES);
    const int by_row = grid->rows * in_row <= through;
    const Index count = by_row ? grid->rows * in_row : through;
    REAL partial[3 * 8 * (sizeof(VEC) / sizeof(REAL))];
    image += grid->origin;
    for (Index first = 0; first < count; first += MOST_VECTORS) {
        const Index vectors = smaller(MOST_VECTORS, count - first);
        const REAL *from[3];
        REAL *to[3];
        Index place[3], step[3], whole[3];
        for (Index v = 0; v < vectors; v++) {
            Index r = (first + v) / in_row, s = (first + v) % in_row * LANES;
            place[v] = by_row ? r * grid->pitch + s : (first + v) * LANES;
            from[v] = image + place[v];
            whole[v] = by_row && grid->col_step == 1 && s + LANES <= grid->cols;
            to[v] = whole[v] ? out + r * grid->row_step + s : partial + v * LANES;
            step[v] = whole[v] ? grid->filter_step : 3 * LANES;
        }
        const REAL *w = weights;
        for (Index f = 0, filters; f < F; f += filters, w += K * filters) {
            filters = NAME(together)(F - f);
            const Index wanted = smaller(filters, F - f);
            NAME(any_tile)(filters, vectors, wanted, w, bias ? bias + f : NULL, from, offset, K, to, step);
            for (Index v = 0; v < vectors; v++)
                if (whole[v])
                    to[v] += filters * grid->filter_step;
                else
                    NAME(scatter)(out + f * grid->filter_step, grid, place[v], wanted, to[v], step[v]);
        }
    }
}
