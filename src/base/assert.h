#pragma once

#include <cstdio>
#include <cstdlib>

/// A broken invariant is a bug of ours, never an Error: it aborts in every build, with its place.
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): needs the expression's text and place.
#define ENVPM_ASSERT(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            std::fprintf(stderr, "envpm: bug at %s:%d: %s\n", __FILE__, __LINE__, #condition);     \
            std::abort();                                                                          \
        }                                                                                          \
    } while (false)
