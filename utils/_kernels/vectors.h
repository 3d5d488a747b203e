/* A register full of numbers, by the vector extension of GCC and Clang; one number, with other compilers. */
#undef LANES
#undef VEC
#undef MASK

#if defined(__GNUC__)
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
#define VEC NAME(vec)
#define MASK NAME(mask)

INLINE VEC NAME(load)(const REAL *from) { return *(const NAME(anywhere) *)from; }
INLINE void NAME(store)(REAL *to, VEC value) { *(NAME(anywhere) *)to = value; }

/* a where the mask is set, b elsewhere. */
#if defined(__GNUC__)
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
