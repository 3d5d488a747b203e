/* 64-byte registers, 32 of them. */
#if defined(__x86_64__) && defined(__GNUC__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,fma")
#endif
#define LEVEL avx512
#define VECTOR_BYTES 64
#define MOST_FILTERS 8
#define MOST_VECTORS 3
#include "level.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
