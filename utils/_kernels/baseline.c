/* 16-byte registers: SSE2, which every x86-64 processor has, or NEON, which every 64-bit Arm has (and 32 of them). */
#define LEVEL baseline
#define VECTOR_BYTES 16
#define MOST_VECTORS 3
#if defined(__aarch64__)
#define MOST_FILTERS 8
#else
#define MOST_FILTERS 4
#endif
#include "level.h"
