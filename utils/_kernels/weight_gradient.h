/* dw[f, k] = Σ_p dout[f, p] · image[place(p) + offset[k]], and db[f] = Σ_p dout[f, p].
 *
 * Again a matrix product, dout (F, P) @ columnsᵀ (P, K), and again without the columns. Vectors lie along f here, so that
 * sums stay in their registers from the first pixel to the last and no vector has to be added up across its lanes. For
 * that, dout is turned to pixels × filters, once for each image: P·F moves before P·F·K multiplications.
 */

/* Vectors of filters that are computed together, and how many such panels there are: evenly, so that none is thin. */
INLINE Index NAME(panels)(Index F) { return larger(1, ceil_div(ceil_div(F, LANES), MOST_VECTORS)); }

INLINE Index NAME(panel_vectors)(Index F) { return ceil_div(ceil_div(F, LANES), NAME(panels)(F)); }

/* turned[panel, p, lane] of dout[f, p] for one vector of filters and as many pixels; `filters` of them are there, and
 * the rest become zeros. */
static void NAME(turn_block)(REAL *turned, Index width, const REAL *dout, Index P, Index filters, Index pixels)
{
#if VECTORS && !defined(__clang__)
    if (pixels == LANES) {
        /* Transposed in registers, 4 times as fast as one by one. Row r, lane l: interleaving row r with the row half
         * a block further down moves one binary digit of l to the end of r, and the first of r to the end of l. When
         * all digits have moved, rows and lanes have changed places. */
        VEC row[LANES_AT_MOST], next[LANES_AT_MOST];
        MASK low, high;
        for (Index l = 0; l < LANES; l++) {
            low[l] = l / 2 + l % 2 * LANES;
            high[l] = low[l] + LANES / 2;
        }
#pragma GCC unroll 16
        for (Index f = 0; f < LANES; f++)
            row[f] = f < filters ? NAME(load)(dout + f * P) : (VEC){0};
#pragma GCC unroll 4
        for (Index digit = 1; digit < LANES; digit *= 2) {
#pragma GCC unroll 8
            for (Index r = 0; r < LANES / 2; r++) {
                next[2 * r] = __builtin_shuffle(row[r], row[r + LANES / 2], low);
                next[2 * r + 1] = __builtin_shuffle(row[r], row[r + LANES / 2], high);
            }
#pragma GCC unroll 16
            for (Index r = 0; r < LANES; r++)
                row[r] = next[r];
        }
#pragma GCC unroll 16
        for (Index p = 0; p < LANES; p++)
            NAME(store)(turned + p * width, row[p]);
        return;
    }
#endif
    for (Index p = 0; p < pixels; p++)
        for (Index f = 0; f < LANES; f++)
            turned[p * width + f] = f < filters ? dout[f * P + p] : 0;
}

static void NAME(turn)(REAL *turned, const REAL *dout, Index F, Index P)
{
    const Index width = NAME(panel_vectors)(F) * LANES;
    for (Index first = 0; first < NAME(panels)(F) * width; first += width, turned += P * width)
        for (Index p = 0; p < P; p += LANES)
            for (Index f = first; f < first + width; f += LANES)
                NAME(turn_block)(
                    turned + p * width + f - first, width, dout + smaller(f, F) * P + p, P,
                    larger(0, smaller(LANES, F - f)), smaller(LANES, P - p)
                );
}

/* Add the pixels of some rows to `taps` × `vectors` sums, which come from memory and go back to it. */
INLINE void NAME(weight_tile)(
    const Index taps, const Index vectors, Index wanted, const REAL *image, const Index *offset, Index rows,
    Index cols, Index pitch, const REAL *turned, REAL *sums
)
{
    VEC sum[8][3];
    const REAL *from[8];
    const Index width = vectors * LANES;
#pragma GCC unroll 8
    for (Index m = 0; m < taps; m++) {
        from[m] = image + offset[smaller(m, wanted - 1)];
#pragma GCC unroll 3
        for (Index v = 0; v < vectors; v++)
            sum[m][v] = NAME(load)(sums + smaller(m, wanted - 1) * width + v * LANES);
    }
    for (Index r = 0; r < rows; r++) {
        for (Index s = 0; s < cols; s++, turned += width) {
            VEC filters[3];
#pragma GCC unroll 3
            for (Index v = 0; v < vectors; v++)
                filters[v] = NAME(load)(turned + v * LANES);
#pragma GCC unroll 8
            for (Index m = 0; m < taps; m++)
#pragma GCC unroll 3
                for (Index v = 0; v < vectors; v++)
                    sum[m][v] += filters[v] * from[m][s];
        }
#pragma GCC unroll 8
        for (Index m = 0; m < taps; m++)
            from[m] += pitch;
    }
#pragma GCC unroll 8
    for (Index m = 0; m < taps; m++)
        if (m < wanted)
#pragma GCC unroll 3
            for (Index v = 0; v < vectors; v++)
                NAME(store)(sums + m * width + v * LANES, sum[m][v]);
}

static void NAME(any_weight_tile)(
    Index taps, Index vectors, Index wanted, const REAL *image, const Index *offset, Index rows, Index cols,
    Index pitch, const REAL *turned, REAL *sums
)
{
#define TILE(m, v)                                                                                                     \
    case 4 * m + v:                                                                                                    \
        NAME(weight_tile)(m, v, wanted, image, offset, rows, cols, pitch, turned, sums);                               \
        break;
    switch (4 * taps + vectors) {
#if MOST_FILTERS == 8
        TILE(8, 1) TILE(8, 2) TILE(8, 3)
#endif
        TILE(4, 1) TILE(4, 2) TILE(4, 3) TILE(3, 1) TILE(3, 2) TILE(3, 3) TILE(2, 1) TILE(2, 2) TILE(2, 3)
    }
#undef TILE
}

#define PIXELS_AT_ONCE 128 /* so that a panel of them, 24 KB at most, stays in the first level cache for all taps */

/* Add one image to sums[panel, k, lane]; the last row of them, k = K, is the gradient of the biases. */
static void NAME(add_weight_gradient)(
    REAL *sums, const REAL *image, const Index *offset, Index K, Index rows, Index cols, Index pitch,
    const REAL *turned, Index F
)
{
    const Index vectors = NAME(panel_vectors)(F), width = vectors * LANES, at_once = larger(1, PIXELS_AT_ONCE / cols);
    for (Index panel = 0; panel < NAME(panels)(F); panel++, sums += (K + 1) * width)
        for (Index r = 0, some; r < rows; r += some) {
            some = smaller(at_once, rows - r);
            for (Index k = 0, taps; k < K; k += taps) {
                taps = NAME(together)(K - k);
                NAME(any_weight_tile)(
                    taps, vectors, smaller(taps, K - k), image + r * pitch, offset + k, some, cols, pitch, turned,
                    sums + k * width
                );
            }
            for (Index v = 0; v < vectors; v++) {
                VEC bias = NAME(load)(sums + K * width + v * LANES);
                for (Index p = 0; p < some * cols; p++)
                    bias += NAME(load)(turned + p * width + v * LANES);
                NAME(store)(sums + K * width + v * LANES, bias);
            }
            turned += some * cols * width;
        }
}
