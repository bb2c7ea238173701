    .section .rodata
    .global envpm_gpu_facts
    .global envpm_gpu_facts_end
envpm_gpu_facts:
    .incbin "gpu-facts.toml"
envpm_gpu_facts_end:
    .section .note.GNU-stack, "", %progbits
