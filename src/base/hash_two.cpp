// SHA-256's compression function (FIPS 180-4, 6.2.2) for two streams at a time; Intel's
// "SHA Extensions" names the instructions. All else of SHA-256 stays OpenSSL's.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "base/hash_two.h"

#include "base/file_pieces.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace envpm {

namespace {

#if defined(__x86_64__)

constexpr std::size_t block_bytes = 64;

alignas(16) constexpr std::array<std::uint32_t, 64> round_constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/// The instructions' order of the eight words of a state: A B E F and C D G H.
struct Lane {
    __m128i abef;
    __m128i cdgh;
    __m128i words[4]; ///< of the message, the last sixteen
    const std::byte* next;
};

#define ENVPM_SHA __attribute__((target("sha,sse4.1"), always_inline)) inline

ENVPM_SHA void load(Lane& lane, const SHA256_CTX& context, const std::byte* bytes) {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(&context.h[0]));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(&context.h[4]));
    const __m128i cdab = _mm_shuffle_epi32(low, 0xB1);
    const __m128i efgh = _mm_shuffle_epi32(high, 0x1B);
    lane.abef = _mm_alignr_epi8(cdab, efgh, 8);
    lane.cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);
    lane.next = bytes;
}

ENVPM_SHA void store(const Lane& lane, SHA256_CTX& context) {
    const __m128i feba = _mm_shuffle_epi32(lane.abef, 0x1B);
    const __m128i dchg = _mm_shuffle_epi32(lane.cdgh, 0xB1);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&context.h[0]), _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(&context.h[4]), _mm_alignr_epi8(dchg, feba, 8));
}

/// Rounds 4 i to 4 i + 3, and the words of the message that later ones need.
template <int i> ENVPM_SHA void four_rounds(Lane& lane, __m128i constants, __m128i byte_order) {
    __m128i* const words = lane.words;
    if constexpr (i < 4) {
        const auto* const from = reinterpret_cast<const __m128i*>(lane.next);
        words[i] = _mm_shuffle_epi8(_mm_loadu_si128(from + i), byte_order);
    }
    const __m128i sums = _mm_add_epi32(words[i % 4], constants);
    lane.cdgh = _mm_sha256rnds2_epu32(lane.cdgh, lane.abef, sums);
    if constexpr (i >= 3 && i < 15) {
        __m128i& due = words[(i + 1) % 4];
        const __m128i seven_back = _mm_alignr_epi8(words[i % 4], words[(i + 3) % 4], 4);
        due = _mm_sha256msg2_epu32(_mm_add_epi32(due, seven_back), words[i % 4]);
    }
    lane.abef = _mm_sha256rnds2_epu32(lane.abef, lane.cdgh, _mm_shuffle_epi32(sums, 0x0E));
    if constexpr (i >= 1 && i < 13) {
        words[(i + 3) % 4] = _mm_sha256msg1_epu32(words[(i + 3) % 4], words[i % 4]);
    }
}

/// Of both in turns, so that neither waits for its own results.
template <int... i>
ENVPM_SHA void all_rounds(Lane& a, Lane& b, __m128i byte_order,
                          std::integer_sequence<int, i...> /*rounds*/) {
    const auto* const constants = reinterpret_cast<const __m128i*>(round_constants.data());
    ((four_rounds<i>(a, _mm_load_si128(constants + i), byte_order),
      four_rounds<i>(b, _mm_load_si128(constants + i), byte_order)),
     ...);
}

__attribute__((target("sha,sse4.1"))) void compress_two(SHA256_CTX& a, const std::byte* bytes_a,
                                                        SHA256_CTX& b, const std::byte* bytes_b,
                                                        std::size_t blocks) {
    const __m128i byte_order = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
    Lane first{};
    Lane second{};
    load(first, a, bytes_a);
    load(second, b, bytes_b);
    for (; blocks > 0; --blocks) {
        const Lane before = first;
        const Lane before_b = second;
        all_rounds(first, second, byte_order, std::make_integer_sequence<int, 16>());
        first.abef = _mm_add_epi32(first.abef, before.abef);
        first.cdgh = _mm_add_epi32(first.cdgh, before.cdgh);
        second.abef = _mm_add_epi32(second.abef, before_b.abef);
        second.cdgh = _mm_add_epi32(second.cdgh, before_b.cdgh);
        first.next += block_bytes;
        second.next += block_bytes;
    }
    store(first, a);
    store(second, b);
}

#undef ENVPM_SHA

/// Until it stands at the beginning of a block; gives what is left of the bytes.
std::span<const std::byte> align(Sha256Hasher& hasher, const SHA256_CTX& context,
                                 std::span<const std::byte> bytes) {
    const std::size_t missing = (block_bytes - context.num) % block_bytes;
    const std::span<const std::byte> first = bytes.first(std::min(missing, bytes.size()));
    hasher.update(first);
    return bytes.subspan(first.size());
}

void count(SHA256_CTX& context, std::uint64_t bytes) {
    const std::uint64_t bits = (std::uint64_t{context.Nh} << 32U | context.Nl) + 8 * bytes;
    context.Nl = static_cast<SHA_LONG>(bits);
    context.Nh = static_cast<SHA_LONG>(bits >> 32U);
}

#endif

} // namespace

#if defined(__x86_64__)

bool hashes_two_faster() {
    // Asked once: a virtual machine's host answers, which takes its time.
    static const bool has_instructions = [] {
        unsigned eax = 0;
        unsigned ebx = 0;
        unsigned ecx = 0;
        unsigned edx = 0;
        const bool has_sse41 =
            __get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0 && (ecx & bit_SSE4_1) != 0;
        return has_sse41 && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 &&
               (ebx & bit_SHA) != 0;
    }();
    return has_instructions;
}

void update_two(Sha256Hasher& a, std::span<const std::byte> bytes_a, Sha256Hasher& b,
                std::span<const std::byte> bytes_b) {
    if (hashes_two_faster()) {
        bytes_a = align(a, *a.context_, bytes_a);
        bytes_b = align(b, *b.context_, bytes_b);
        const std::size_t blocks = std::min(bytes_a.size(), bytes_b.size()) / block_bytes;
        if (blocks > 0) {
            compress_two(*a.context_, bytes_a.data(), *b.context_, bytes_b.data(), blocks);
            count(*a.context_, blocks * block_bytes);
            count(*b.context_, blocks * block_bytes);
            bytes_a = bytes_a.subspan(blocks * block_bytes);
            bytes_b = bytes_b.subspan(blocks * block_bytes);
        }
    }
    a.update(bytes_a);
    b.update(bytes_b);
}

#else

bool hashes_two_faster() {
    return false;
}

void update_two(Sha256Hasher& a, std::span<const std::byte> bytes_a, Sha256Hasher& b,
                std::span<const std::byte> bytes_b) {
    a.update(bytes_a);
    b.update(bytes_b);
}

#endif

std::array<Sha256, 2> sha256_of_two_files(const std::filesystem::path& a,
                                          const std::filesystem::path& b) {
    FilePieces pieces_a(a);
    FilePieces pieces_b(b);
    Sha256Hasher hasher_a;
    Sha256Hasher hasher_b;
    std::span<const std::byte> next_a = pieces_a.next();
    std::span<const std::byte> next_b = pieces_b.next();
    while (!next_a.empty() || !next_b.empty()) {
        update_two(hasher_a, next_a, hasher_b, next_b);
        next_a = pieces_a.next();
        next_b = pieces_b.next();
    }
    return {hasher_a.finish(), hasher_b.finish()};
}

} // namespace envpm
