#ifdef CODE
__asm__(".section .nv_fatbin,\"a\"\n.balign 8\n.incbin \"" CODE "\"\n.previous");
#endif
int NAME(void) { return 1; }
