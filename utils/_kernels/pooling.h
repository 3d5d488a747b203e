/* Max pooling. Planes are taken apart into phases as for a convolution, so that a vector holds the same place (i, j) of
 * neighbouring windows: the windows of a whole vector are compared at once, whatever the stride.
 *
 * Which place won is kept for the backward pass as one byte (a window of more than 256 places needs four).
 */

typedef struct {
    Index phases_y, phases_x, rows, pitch;
    Index plane, scratch; /* numbers in a phase, with room for the lanes beyond its end, and in all of them */
} NAME(Pool);

static NAME(Pool) NAME(pool)(const Layer *l)
{
    NAME(Pool) pool;
    pool.phases_y = smaller(l->stride_y, l->height);
    pool.phases_x = smaller(l->stride_x, l->width);
    pool.rows = l->out_H + (l->height - 1) / l->stride_y;
    pool.pitch = l->out_W + (l->width - 1) / l->stride_x;
    pool.plane = ceil_div(pool.rows * pool.pitch + LANES, LANES) * LANES;
    pool.scratch = pool.phases_y * pool.phases_x * pool.plane;
    return pool;
}

/* Where in the phases the first window has its place k. */
static void NAME(pool_offsets)(const Layer *l, const NAME(Pool) *pool, Index *offset)
{
    for (Index i = 0; i < l->height; i++)
        for (Index j = 0; j < l->width; j++) {
            Index phase = i % l->stride_y * pool->phases_x + j % l->stride_x;
            *offset++ = phase * pool->plane + i / l->stride_y * pool->pitch + j / l->stride_x;
        }
}

/* The winners of up to a vector of windows. */
INLINE void NAME(store_winners)(void *winner, int wide, Index at, Index count, MASK places)
{
    WHOLE place[LANES_AT_MOST];
    *(NAME(mask_anywhere) *)place = places;
    if (wide)
        for (Index s = 0; s < count; s++)
            ((int32_t *)winner)[at + s] = (int32_t)place[s];
    else if (count == LANES)
        for (Index s = 0; s < LANES; s++)
            ((uint8_t *)winner)[at + s] = (uint8_t)place[s];
    else
        for (Index s = 0; s < count; s++)
            ((uint8_t *)winner)[at + s] = (uint8_t)place[s];
}

static int NAME(max_pool_forward)(const Layer *l, const REAL *x, REAL *out, void *winner, int wide, int team)
{
    const Index K = l->height * l->width, P = l->out_H * l->out_W;
    const NAME(Pool) pool = NAME(pool)(l);
    Index *offset = malloc(K * sizeof(Index));
    void *raw = malloc(team * pool.scratch * sizeof(REAL) + CACHE_LINE);
    if (!offset || !raw) {
        free(offset);
        free(raw);
        return -1;
    }
    REAL *scratch = on_a_line(raw);
    memset(scratch, 0, team * pool.scratch * sizeof(REAL));
    NAME(pool_offsets)(l, &pool, offset);
    Index n;
#pragma omp parallel for schedule(dynamic, 16) num_threads(team)
    for (n = 0; n < l->N * l->C; n++) {
        REAL *phases = scratch + ME * pool.scratch;
        for (Index a = 0; a < pool.phases_y; a++)
            for (Index b = 0; b < pool.phases_x; b++)
                NAME(spread)(
                    phases + (a * pool.phases_x + b) * pool.plane, x + n * l->H * l->W, l->H, l->W, l->stride_y,
                    l->stride_x, a, b, 0, 0, pool.rows, pool.pitch
                );
        for (Index r = 0; r < l->out_H; r++)
            for (Index s = 0; s < l->out_W; s += LANES) {
                const REAL *corner = phases + r * pool.pitch + s;
                const Index to = n * P + r * l->out_W + s, count = smaller(LANES, l->out_W - s);
                VEC most = NAME(load)(corner + offset[0]);
                MASK place = (MASK){0};
                for (Index k = 1; k < K; k++) {
                    VEC other = NAME(load)(corner + offset[k]);
                    /* NaN wins, as in np.max: it is the one number that differs from itself. */
                    MASK wins = (MASK)(other > most) | ((MASK)(other != other) & (MASK)(most == most));
                    most = NAME(choose)(wins, other, most);
                    place = NAME(choose_whole)(wins, (MASK){0} + (WHOLE)k, place);
                }
                NAME(store_some)(out + to, most, count);
                NAME(store_winners)(winner, wide, to, count, place);
            }
    }
    free(offset);
    free(raw);
    return 0;
}

/* Each window hands its upstream gradient to the one pixel that won. A vector would have to visit all places of its
 * windows; one window after the other is a third of the work for 3 × 3 windows (0.9 instead of 2.9 ms on one thread, for
 * 128 × 32 planes of 33 × 33 in float32), and needs no phases. The plane stays in the first level cache meanwhile.
 */
static int NAME(max_pool_backward)(
    const Layer *l, const REAL *dout, const void *winner, int wide, REAL *dx, int team
)
{
    const Index K = l->height * l->width, P = l->out_H * l->out_W;
    Index *offset = malloc(K * sizeof(Index));
    if (!offset)
        return -1;
    for (Index k = 0; k < K; k++)
        offset[k] = k / l->width * l->W + k % l->width;
    Index n;
#pragma omp parallel for schedule(dynamic, 16) num_threads(team)
    for (n = 0; n < l->N * l->C; n++) {
        REAL *image = dx + n * l->H * l->W;
        memset(image, 0, l->H * l->W * sizeof(REAL));
        for (Index r = 0; r < l->out_H; r++) {
            REAL *corner = image + r * l->stride_y * l->W;
            const Index from = n * P + r * l->out_W;
            if (wide)
                for (Index s = 0; s < l->out_W; s++, corner += l->stride_x)
                    corner[offset[((const int32_t *)winner)[from + s]]] += dout[from + s];
            else
                for (Index s = 0; s < l->out_W; s++, corner += l->stride_x)
                    corner[offset[((const uint8_t *)winner)[from + s]]] += dout[from + s];
        }
    }
    free(offset);
    return 0;
}
