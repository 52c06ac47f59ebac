// SPDX-License-Identifier: MIT
/* err.c - names and meanings of the failures in err.def. */
#include "base/err.h"

const char *err_name(err e)
{
    static const char *const names[ERR_COUNT] = {
        [OK] = "OK",
#define ERR(name, meaning) [ERR_##name] = #name,
#include "base/err.def"
#undef ERR
    };

    return names[e];
}

const char *err_meaning(err e)
{
    static const char *const meanings[ERR_COUNT] = {
        [OK] = "no failure",
#define ERR(name, meaning) [ERR_##name] = meaning,
#include "base/err.def"
#undef ERR
    };

    return meanings[e];
}
