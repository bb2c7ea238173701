#pragma once

#include <gtest/gtest.h>
#include <zstd.h>

#include <memory>
#include <string>
#include <string_view>

// For tests only: what `base/zstd.h` reads.

namespace envpm::test {

/// Whether a frame says how large its content is; one made by a stream does not.
enum class ContentSize { told, untold };

inline std::string zstd_frame(std::string_view content, ContentSize size = ContentSize::told) {
    const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                       &ZSTD_freeCCtx);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag,
                           size == ContentSize::told ? 1 : 0);
    std::string frame(ZSTD_compressBound(content.size()), '\0');
    const std::size_t written =
        ZSTD_compress2(context.get(), frame.data(), frame.size(), content.data(), content.size());
    EXPECT_EQ(ZSTD_isError(written), 0U);
    frame.resize(written);
    return frame;
}

} // namespace envpm::test
