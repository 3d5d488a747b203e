/* Batch normalisation of images, each channel over all images and pixels.
 *
 * A thread finishes one channel before it takes the next: what it read for the mean is still in its second level cache
 * for the variance and for the output, so memory is read once and written once.
 */

/* Σ (x − shift) · (other, or else x − shift) over one plane. Four sums, so that additions need not wait for each other. */
INLINE double NAME(moment)(const REAL *x, const REAL *other, REAL shift, Index size)
{
    VEC sum[4] = {{0}};
    Index q = 0;
    for (; q + 4 * LANES <= size; q += 4 * LANES)
#pragma GCC unroll 4
        for (Index v = 0; v < 4; v++) {
            const VEC centred = NAME(load)(x + q + v * LANES) - shift;
            sum[v] += centred * (other ? NAME(load)(other + q + v * LANES) : centred);
        }
    REAL rest = 0;
    for (; q < size; q++)
        rest += (x[q] - shift) * (other ? other[q] : x[q] - shift);
    return (double)NAME(total)((sum[0] + sum[1]) + (sum[2] + sum[3])) + rest;
}

INLINE double NAME(sum)(const REAL *x, Index size)
{
    VEC sum[4] = {{0}};
    Index q = 0;
    for (; q + 4 * LANES <= size; q += 4 * LANES)
#pragma GCC unroll 4
        for (Index v = 0; v < 4; v++)
            sum[v] += NAME(load)(x + q + v * LANES);
    REAL rest = 0;
    for (; q < size; q++)
        rest += x[q];
    return (double)NAME(total)((sum[0] + sum[1]) + (sum[2] + sum[3])) + rest;
}

static double NAME(inverse_std)(double variance, double eps) { return 1 / sqrt(variance + eps); }

static void NAME(norm_forward)(
    const Layer *l, const REAL *x, const REAL *gamma, const REAL *beta, double eps, REAL *out, REAL *mean, REAL *var,
    int team
)
{
    const Index size = l->H * l->W, step = l->C * size;
    const double count = (double)(l->N * size);
    Index c;
#pragma omp parallel for schedule(dynamic) num_threads(team)
    for (c = 0; c < l->C; c++) {
        const REAL *from = x + c * size;
        double sum = 0, squares = 0;
        for (Index n = 0; n < l->N; n++)
            sum += NAME(sum)(from + n * step, size);
        const REAL centre = mean[c] = (REAL)(sum / count);
        for (Index n = 0; n < l->N; n++)
            squares += NAME(moment)(from + n * step, NULL, centre, size);
        var[c] = (REAL)(squares / count);
        const REAL scale = (REAL)(gamma[c] * NAME(inverse_std)(squares / count, eps)), shift = beta[c];
        for (Index n = 0; n < l->N; n++)
            for (Index q = 0; q < size; q++)
                out[c * size + n * step + q] = (from[n * step + q] - centre) * scale + shift;
    }
}

/* dx = gamma / √(σ² + eps) · ( dout − mean(dout) − x̂ · mean(dout · x̂) ), means over all images and pixels. */
static void NAME(norm_backward)(
    const Layer *l, const REAL *dout, const REAL *x, const REAL *gamma, const REAL *mean, const REAL *var, double eps,
    REAL *dx, REAL *dgamma, REAL *dbeta, int team
)
{
    const Index size = l->H * l->W, step = l->C * size;
    const double count = (double)(l->N * size);
    Index c;
#pragma omp parallel for schedule(dynamic) num_threads(team)
    for (c = 0; c < l->C; c++) {
        const REAL *up = dout + c * size, *from = x + c * size, centre = mean[c];
        const double inverse = NAME(inverse_std)(var[c], eps);
        double sum = 0, product = 0;
        for (Index n = 0; n < l->N; n++) {
            sum += NAME(sum)(up + n * step, size);
            product += NAME(moment)(from + n * step, up + n * step, centre, size);
        }
        dbeta[c] = (REAL)sum;
        dgamma[c] = (REAL)(product * inverse);
        const REAL scale = (REAL)(gamma[c] * inverse), through_mean = (REAL)(sum / count);
        const REAL through_var = (REAL)(product * inverse * inverse / count);
        for (Index n = 0; n < l->N; n++)
            for (Index q = n * step; q < n * step + size; q++)
                dx[c * size + q] = scale * (up[q] - through_mean - (from[q] - centre) * through_var);
    }
}
