#pragma once

namespace gpuprobe {

/// A kernel as PTX, which every driver compiles for its own GPU.
struct Kernel {
    const char* version; ///< of the PTX instruction set, for the answer
    const char* text;
};

/// `out[i] = (i * factor + 1729) ^ i` for i below `count`. PTX 6.0 is that of CUDA 9.0, so every
/// driver that can run a CUDA of today knows it; sm_50 is the oldest architecture of CUDA 12, and
/// PTX is compiled for each later one.
#define ENVPM_PROBE_KERNEL_BODY                                                                    \
    ".address_size 64\n"                                                                           \
    ".visible .entry envpm_probe(.param .u64 out, .param .u32 factor, .param .u32 count)\n"        \
    "{\n"                                                                                          \
    "  .reg .pred %outside;\n"                                                                     \
    "  .reg .b32 %index, %block, %width, %thread, %factor, %count, %value;\n"                      \
    "  .reg .b64 %base, %offset, %address;\n"                                                      \
    "  ld.param.u64 %base, [out];\n"                                                               \
    "  ld.param.u32 %factor, [factor];\n"                                                          \
    "  ld.param.u32 %count, [count];\n"                                                            \
    "  mov.u32 %block, %ctaid.x;\n"                                                                \
    "  mov.u32 %width, %ntid.x;\n"                                                                 \
    "  mov.u32 %thread, %tid.x;\n"                                                                 \
    "  mad.lo.u32 %index, %block, %width, %thread;\n"                                              \
    "  setp.ge.u32 %outside, %index, %count;\n"                                                    \
    "  @%outside bra DONE;\n"                                                                      \
    "  cvta.to.global.u64 %base, %base;\n"                                                         \
    "  mul.wide.u32 %offset, %index, 4;\n"                                                         \
    "  add.u64 %address, %base, %offset;\n"                                                        \
    "  mad.lo.u32 %value, %index, %factor, 1729;\n"                                                \
    "  xor.b32 %value, %value, %index;\n"                                                          \
    "  st.global.u32 [%address], %value;\n"                                                        \
    "DONE:\n"                                                                                      \
    "  ret;\n"                                                                                     \
    "}\n"

/// The second is for a driver that no longer takes sm_50: tried if it refuses the first.
inline constexpr Kernel kernels[] = {
    {"6.0", ".version 6.0\n.target sm_50\n" ENVPM_PROBE_KERNEL_BODY},
    {"6.3", ".version 6.3\n.target sm_75\n" ENVPM_PROBE_KERNEL_BODY},
};

#undef ENVPM_PROBE_KERNEL_BODY

} // namespace gpuprobe
