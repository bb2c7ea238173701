    .section .rodata
    .global envpm_torch_steps
    .global envpm_torch_steps_end
envpm_torch_steps:
    .incbin "torch_steps.py"
envpm_torch_steps_end:
    .section .note.GNU-stack, "", %progbits
