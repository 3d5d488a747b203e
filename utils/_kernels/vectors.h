/* A register full of numbers, by the vector extension of GCC and Clang; one number, with other compilers. */
#undef LANES
#undef LANES_AT_MOST
#undef VEC
#undef MASK

#if VECTORS
typedef REAL NAME(vec) __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef REAL NAME(anywhere) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL)), may_alias));
typedef WHOLE NAME(mask) __attribute__((vector_size(VECTOR_BYTES), may_alias));
typedef WHOLE NAME(mask_anywhere) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL)), may_alias));
#define LANES ((Index)(VECTOR_BYTES / sizeof(REAL)))
#else
typedef REAL NAME(vec);
typedef REAL NAME(anywhere);
typedef WHOLE NAME(mask);
typedef WHOLE NAME(mask_anywhere);
#define LANES ((Index)1)
#endif
#define LANES_AT_MOST (VECTOR_BYTES / 4)
#define VEC NAME(vec)
#define MASK NAME(mask)

INLINE VEC NAME(load)(const REAL *from) { return *(const NAME(anywhere) *)from; }
INLINE void NAME(store)(REAL *to, VEC value) { *(NAME(anywhere) *)to = value; }

/* The first `count` lanes, and zeros, where fewer than all are there. */
INLINE VEC NAME(load_some)(const REAL *from, Index count)
{
    REAL lanes[LANES_AT_MOST] = {0};
    if (count >= LANES)
        return NAME(load)(from);
    for (Index l = 0; l < count; l++)
        lanes[l] = from[l];
    return NAME(load)(lanes);
}

INLINE void NAME(store_some)(REAL *to, VEC value, Index count)
{
    REAL lanes[LANES_AT_MOST];
    if (count >= LANES) {
        NAME(store)(to, value);
        return;
    }
    NAME(store)(lanes, value);
    for (Index l = 0; l < count; l++)
        to[l] = lanes[l];
}

/* a where the mask is set, b elsewhere. */
#if VECTORS
INLINE VEC NAME(choose)(MASK mask, VEC a, VEC b) { return (VEC)(((MASK)a & mask) | ((MASK)b & ~mask)); }
INLINE MASK NAME(choose_whole)(MASK mask, MASK a, MASK b) { return (a & mask) | (b & ~mask); }
#else
INLINE VEC NAME(choose)(MASK mask, VEC a, VEC b) { return mask ? a : b; }
INLINE MASK NAME(choose_whole)(MASK mask, MASK a, MASK b) { return mask ? a : b; }
#endif

INLINE REAL NAME(total)(VEC value)
{
    REAL lanes[sizeof(VEC) / sizeof(REAL)], sum = 0;
    NAME(store)(lanes, value);
    for (Index l = 0; l < LANES; l++)
        sum += lanes[l];
    return sum;
}
