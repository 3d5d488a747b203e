/* All kernels for one instruction set; the file that includes this one has said which.
 *
 * LEVEL is its name, VECTOR_BYTES the width of its registers, and MOST_FILTERS × MOST_VECTORS the tile of results that
 * fits into them (32 registers hold 8 × 3 with their operands, 16 registers 4 × 3).
 */
#include "kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__) /* and Clang */
#define VECTORS 1
#define INLINE static inline __attribute__((always_inline))
#else
#define VECTORS 0
#define INLINE static __inline
#endif

#define JOINED(a, b) a##_##b
#define JOIN(a, b) JOINED(a, b)
#define NAME(name) JOIN(name, TAG)

INLINE Index smaller(Index a, Index b) { return a < b ? a : b; }
INLINE Index larger(Index a, Index b) { return a > b ? a : b; }
INLINE Index ceil_div(Index a, Index b) { return (a + b - 1) / b; } /* a / b, rounded up, for a >= 0 */

/* Scratch begins on a cache line: a vector that straddles two is read as two. */
#define CACHE_LINE 64
INLINE void *on_a_line(void *raw) { return (void *)(((uintptr_t)raw + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE); }

#ifdef _OPENMP
#include <omp.h>
#define ME omp_get_thread_num()
#else
#define ME 0
#endif

#define REAL float
#define WHOLE int32_t
#define TAG f32
#include "vectors.h"
#include "spread.h"
#include "correlation.h"
#include "weight_gradient.h"
#include "convolution.h"
#include "pooling.h"
#include "normalisation.h"
#undef REAL
#undef WHOLE
#undef TAG

#define REAL double
#define WHOLE int64_t
#define TAG f64
#include "vectors.h"
#include "spread.h"
#include "correlation.h"
#include "weight_gradient.h"
#include "convolution.h"
#include "pooling.h"
#include "normalisation.h"
#undef REAL
#undef WHOLE
#undef TAG

#define TABLE(TAG)                                                                                                     \
    {                                                                                                                  \
        JOIN(conv_forward, TAG), JOIN(conv_backward, TAG), JOIN(max_pool_forward, TAG), JOIN(max_pool_backward, TAG),  \
        JOIN(norm_forward, TAG), JOIN(norm_backward, TAG)                                                              \
    }
#define TEXT(name) #name
#define QUOTED(name) TEXT(name)

const Kernels JOIN(nndl, LEVEL) = {QUOTED(LEVEL), TABLE(f32), TABLE(f64)};
