/* Max pooling. Planes are taken apart into phases as for a convolution, so that a vector holds the same place (i, j) of
 * neighbouring windows: the windows of a whole vector are compared at once, whatever the stride.
 *
 * Which place won is kept for the backward pass as one byte (a window larger than 256 needs four).
 */

typedef struct {
    Index phases_y, phases_x, rows, pitch; /* of the phases; the outputs have the same pitch while in scratch */
    Index length;                          /* of the outputs in scratch, in whole vectors */
    Index plane, scratch;
} NAME(Pool);

static NAME(Pool) NAME(pool)(const Layer *l)
{
    NAME(Pool) pool;
    pool.phases_y = smaller(l->stride_y, l->height);
    pool.phases_x = smaller(l->stride_x, l->width);
    pool.rows = l->out_H + (l->height - 1) / l->stride_y;
    pool.pitch = l->out_W + (l->width - 1) / l->stride_x;
    pool.length = ceil_div((l->out_H - 1) * pool.pitch + l->out_W, LANES) * LANES;
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

static int NAME(max_pool_forward)(const Layer *l, const REAL *x, REAL *out, void *winner, int wide, int team)
{
    const Index K = l->height * l->width, P = l->out_H * l->out_W;
    const NAME(Pool) pool = NAME(pool)(l);
    const Index own = pool.scratch + 2 * pool.length;
    Index *offset = malloc(K * sizeof(Index));
    void *raw = malloc(team * own * sizeof(REAL) + CACHE_LINE);
    if (!offset || !raw) {
        free(offset);
        free(raw);
        return -1;
    }
    REAL *scratch = on_a_line(raw);
    memset(scratch, 0, team * own * sizeof(REAL));
    NAME(pool_offsets)(l, &pool, offset);
    Index n;
#pragma omp parallel for schedule(dynamic, 16) num_threads(team)
    for (n = 0; n < l->N * l->C; n++) {
        REAL *phases = scratch + ME * own, *best = phases + pool.scratch;
        WHOLE *where = (WHOLE *)(best + pool.length);
        for (Index a = 0; a < pool.phases_y; a++)
            for (Index b = 0; b < pool.phases_x; b++)
                NAME(spread)(
                    phases + (a * pool.phases_x + b) * pool.plane, x + n * l->H * l->W, l->H, l->W, l->stride_y,
                    l->stride_x, a, b, 0, 0, pool.rows, pool.pitch
                );
        for (Index q = 0; q < pool.length; q += LANES) {
            VEC most = NAME(load)(phases + q + offset[0]);
            MASK place = (MASK){0};
            for (Index k = 1; k < K; k++) {
                VEC other = NAME(load)(phases + q + offset[k]);
                /* NaN wins, as in np.max: it is the one number that differs from itself. */
                MASK wins = (MASK)(other > most) | ((MASK)(other != other) & (MASK)(most == most));
                most = NAME(choose)(wins, other, most);
                place = NAME(choose_whole)(wins, (MASK){0} + (WHOLE)k, place);
            }
            NAME(store)(best + q, most);
            *(NAME(mask_anywhere) *)(where + q) = place;
        }
        for (Index r = 0; r < l->out_H; r++) {
            const Index to = n * P + r * l->out_W, from = r * pool.pitch;
            for (Index s = 0; s < l->out_W; s++)
                out[to + s] = best[from + s];
            if (wide)
                for (Index s = 0; s < l->out_W; s++)
                    ((int32_t *)winner)[to + s] = (int32_t)where[from + s];
            else
                for (Index s = 0; s < l->out_W; s++)
                    ((uint8_t *)winner)[to + s] = (uint8_t)where[from + s];
        }
    }
    free(offset);
    free(raw);
    return 0;
}

/* The other way: phases put together to an image; what no window has seen becomes 0. */
static void NAME(gather)(REAL *image, const REAL *phases, const Layer *l, const NAME(Pool) *pool)
{
    for (Index y = 0; y < l->H; y++, image += l->W) {
        const Index a = y % l->stride_y, r = y / l->stride_y;
        const Index seen = a < pool->phases_y && r < pool->rows ? smaller(l->W, pool->pitch * l->stride_x) : 0;
        const REAL *row = phases + a * pool->phases_x * pool->plane + r * pool->pitch;
        if (l->stride_x == 1)
            for (Index x = 0; x < seen; x++)
                image[x] = row[x];
        else if (l->stride_x == 2 && pool->phases_x == 2) { /* both halves of a row at once: whole vectors are written */
            const REAL *odd = row + pool->plane;
            for (Index x = 0; x < seen / 2; x++) {
                image[2 * x] = row[x];
                image[2 * x + 1] = odd[x];
            }
            if (seen % 2)
                image[seen - 1] = row[seen / 2];
        } else
            for (Index x = 0; x < seen; x++) {
                const Index b = x % l->stride_x;
                image[x] = b < pool->phases_x ? row[b * pool->plane + x / l->stride_x] : 0;
            }
        for (Index x = seen; x < l->W; x++)
            image[x] = 0;
    }
}

static int NAME(max_pool_backward)(
    const Layer *l, const REAL *dout, const void *winner, int wide, REAL *dx, int team
)
{
    const Index K = l->height * l->width, P = l->out_H * l->out_W;
    const NAME(Pool) pool = NAME(pool)(l);
    const Index own = pool.scratch + 2 * pool.length;
    Index *offset = malloc(K * sizeof(Index));
    void *raw = malloc(team * own * sizeof(REAL) + CACHE_LINE);
    if (!offset || !raw) {
        free(offset);
        free(raw);
        return -1;
    }
    REAL *scratch = on_a_line(raw);
    memset(scratch, 0, team * own * sizeof(REAL)); /* beyond a row, up stays 0: it goes nowhere */
    NAME(pool_offsets)(l, &pool, offset);
    Index n;
#pragma omp parallel for schedule(dynamic, 16) num_threads(team)
    for (n = 0; n < l->N * l->C; n++) {
        REAL *phases = scratch + ME * own, *up = phases + pool.scratch;
        WHOLE *where = (WHOLE *)(up + pool.length);
        for (Index r = 0; r < l->out_H; r++) {
            const Index from = n * P + r * l->out_W, to = r * pool.pitch;
            for (Index s = 0; s < l->out_W; s++)
                up[to + s] = dout[from + s];
            if (wide)
                for (Index s = 0; s < l->out_W; s++)
                    where[to + s] = ((const int32_t *)winner)[from + s];
            else
                for (Index s = 0; s < l->out_W; s++)
                    where[to + s] = ((const uint8_t *)winner)[from + s];
        }
        memset(phases, 0, pool.scratch * sizeof(REAL));
        for (Index q = 0; q < pool.length; q += LANES) {
            const VEC gradient = NAME(load)(up + q);
            const MASK place = *(NAME(mask_anywhere) *)(where + q);
            for (Index k = 0; k < K; k++) {
                REAL *at = phases + q + offset[k];
                const MASK won = (MASK)(place == (MASK){0} + (WHOLE)k);
                NAME(store)(at, NAME(load)(at) + NAME(choose)(won, gradient, (VEC){0}));
            }
        }
        NAME(gather)(dx + n * l->H * l->W, phases, l, &pool);
    }
    free(offset);
    free(raw);
    return 0;
}
