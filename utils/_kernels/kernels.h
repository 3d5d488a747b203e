/* What the compiled layers offer to `utils/_fast_layers.pyx`, once for each instruction set.
 *
 * The same sources are compiled three times (avx512.c, avx2.c, baseline.c), each time for float and for double, and
 * dispatch.c picks what the processor has. So what was built on one machine runs on the next, at that one's speed.
 */
#ifndef NNDL_KERNELS_H
#define NNDL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

typedef ptrdiff_t Index;

typedef struct {
    Index N, C, H, W;              /* images */
    Index F;                       /* filters; pooling has none */
    Index height, width;           /* of a filter or window */
    Index stride_y, stride_x, pad;
    Index out_H, out_W;
} Layer;

/* All return 0, or -1 when there was no memory for their scratch. `team` is the number of threads. */
#define NNDL_FUNCTIONS(REAL)                                                                                           \
    int (*conv_forward)(const Layer *, const REAL *x, const REAL *w, const REAL *b, REAL *out, int team);              \
    int (*conv_backward)(                                                                                              \
        const Layer *, const REAL *dout, const REAL *x, const REAL *w, REAL *dx, REAL *dw, REAL *db, int team          \
    );                                                                                                                 \
    int (*max_pool_forward)(const Layer *, const REAL *x, REAL *out, void *winner, int wide, int team);                \
    int (*max_pool_backward)(const Layer *, const REAL *dout, const void *winner, int wide, REAL *dx, int team);       \
    void (*norm_forward)(                                                                                              \
        const Layer *, const REAL *x, const REAL *gamma, const REAL *beta, double eps, REAL *out, REAL *mean,          \
        REAL *var, int team                                                                                            \
    );                                                                                                                 \
    void (*norm_backward)(                                                                                             \
        const Layer *, const REAL *dout, const REAL *x, const REAL *gamma, const REAL *mean, const REAL *var,          \
        double eps, REAL *dx, REAL *dgamma, REAL *dbeta, int team                                                      \
    );

typedef struct {
    NNDL_FUNCTIONS(float)
} Kernels32;

typedef struct {
    NNDL_FUNCTIONS(double)
} Kernels64;

typedef struct {
    const char *name;
    Kernels32 f32;
    Kernels64 f64;
} Kernels;

/* The kernels for an instruction set, "avx512", "avx2" or "baseline"; NULL if this machine or build has it not. */
const Kernels *nndl_kernels(const char *name);

/* Let the allocator keep the pages of freed arrays; 0 where that is not possible. */
int nndl_keep_pages(void);

#endif
