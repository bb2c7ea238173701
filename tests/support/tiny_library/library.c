// -DCODE="FILE": device code. -DHAS=name: a function, -DCALLS=name: one that another library has.
// -DTEXT="…": a constant in its data. -DCUDNN=9,26,0: the version of a part of cuDNN.
// -DNOTE: the note of a libcuda for forward compatibility.
#ifdef CODE
__asm__(".section .nv_fatbin,\"a\"\n.balign 8\n.incbin \"" CODE "\"\n.previous");
#endif
#ifdef NOTE
__asm__(".section .note.cuda.fwd_compatibility,\"a\",@note\n.align 4\n.long 19\n.long 2f-1f\n"
        ".long 1\n.asciz \"NVIDIA Corporation\"\n.align 4\n"
        "1: .asciz \"{\\\"CUDA version\\\":\\\"13.1\\\",\\\"driver\\\":[535,550,570]}\"\n"
        "2: .align 4\n.previous");
#endif
#ifdef CUDNN
#define LAST_FIRST(major, minor, patch) {patch, minor, major, 0}
#define REVERSED(numbers) LAST_FIRST(numbers)
const unsigned char cudnn_ops_infer_version[4] = REVERSED(CUDNN);
#endif
#ifdef HAS
int HAS(void) { return 2; }
#endif
#ifdef CALLS
int CALLS(void);
int call(void) { return CALLS(); }
#endif
#ifdef TEXT
const char *NAME(void) { return TEXT; }
#else
int NAME(void) { return 1; }
#endif
