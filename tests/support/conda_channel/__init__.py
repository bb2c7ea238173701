"""A conda channel of real software: Debian's, wheels of the public index, and made-up packages."""
