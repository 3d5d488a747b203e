/* 32-byte registers, 16 of them. */
#if defined(__x86_64__) && defined(__GNUC__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#define LEVEL avx2
#define VECTOR_BYTES 32
#define MOST_FILTERS 4
#define MOST_VECTORS 3
#include "level.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
