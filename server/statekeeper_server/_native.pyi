# The native part of the server, written in C: the sources are in `native/`.

# The version of what this module offers.
def abi() -> int: ...
