    .section .rodata
    .global envpm_conda_pypi_names
    .global envpm_conda_pypi_names_end
envpm_conda_pypi_names:
    .incbin "pypi_names.txt"
envpm_conda_pypi_names_end:
    .section .note.GNU-stack, "", %progbits
