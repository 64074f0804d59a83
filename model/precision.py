"""Which number format the layers compute in; weights and statistics are float32 in all of them."""

from collections.abc import Collection, Sequence

PRECISIONS = ("float32", "bfloat16", "float16")
KERAS_POLICIES = {
    "float32": "float32",
    "bfloat16": "mixed_bfloat16",
    "float16": "mixed_float16",
}
# Without these, bfloat16 is emulated and slower than float32.
_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}


def choose(requested: str, cpu_flags: Collection[str], gpus: Sequence[tuple[int, int]] = ()) -> str:
    """Resolves "auto" to the fastest precision that trains as well as float32.

    Args:
        requested: "auto" or one of PRECISIONS, which is returned as it is.
        cpu_flags: Features of the processor, as /proc/cpuinfo names them; used without GPUs.
        gpus: Compute capabilities (major, minor) of the GPUs in use; the least decides.
    """
    if requested != "auto":
        return requested
    if gpus:
        major = min(gpus)[0]
        return "bfloat16" if major >= 8 else "float16" if major == 7 else "float32"
    return "bfloat16" if _BFLOAT16_FLAGS & set(cpu_flags) else "float32"


def cpu_flags(path: str = "/proc/cpuinfo") -> frozenset[str]:
    """Features of the first processor; empty where the system has no such file."""
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            lines = [line for line in file if line.startswith("flags")]
    except OSError:
        return frozenset()
    return frozenset(lines[0].partition(":")[2].split()) if lines else frozenset()
