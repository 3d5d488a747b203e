/* Which kernels this machine can run, and the one setting of the allocator. */
#include "kernels.h"

#include <string.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

extern const Kernels nndl_baseline;
#if defined(__x86_64__) && defined(__GNUC__)
extern const Kernels nndl_avx2, nndl_avx512;
#endif

const Kernels *nndl_kernels(const char *name)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    if (!strcmp(name, "avx512"))
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
                       && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")
                   ? &nndl_avx512
                   : NULL;
    if (!strcmp(name, "avx2"))
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &nndl_avx2 : NULL;
#endif
    return strcmp(name, "baseline") ? NULL : &nndl_baseline;
}

/* glibc gives the pages of a large array back to the system when it is freed, and gets new ones, all zeros, with the
 * next array: 4 KB at a time, each with a page fault. From here on it keeps them. */
int nndl_keep_pages(void)
{
#if defined(__GLIBC__)
    return mallopt(M_MMAP_THRESHOLD, 1 << 30) && mallopt(M_TRIM_THRESHOLD, 1 << 30);
#else
    return 0;
#endif
}
