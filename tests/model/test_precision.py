"""Which precision which machine gets."""

import pytest

from model import precision


@pytest.mark.parametrize(
    "requested, flags, gpus, expected",
    [
        ("auto", ["avx2", "avx512_bf16"], [], "bfloat16"),
        ("auto", ["amx_bf16"], [], "bfloat16"),
        ("auto", ["avx2", "avx512f"], [], "float32"),
        ("auto", [], [], "float32"),
        ("auto", [], [(9, 0)], "bfloat16"),
        ("auto", [], [(8, 0), (8, 6)], "bfloat16"),
        ("auto", ["avx512_bf16"], [(7, 5)], "float16"),
        ("auto", [], [(7, 0), (8, 0)], "float16"),
        ("auto", ["avx512_bf16"], [(6, 1)], "float32"),
        ("float32", ["avx512_bf16"], [], "float32"),
        ("bfloat16", [], [], "bfloat16"),
        ("float16", [], [(9, 0)], "float16"),
    ],
)
def test_choice(requested, flags, gpus, expected):
    assert precision.choose(requested, flags, gpus) == expected


def test_reads_the_flags_of_the_first_processor(tmp_path):
    path = tmp_path / "cpuinfo"
    path.write_text("processor\t: 0\nflags\t\t: fpu avx512_bf16\n\nflags\t\t: fpu\n")
    assert precision.cpu_flags(str(path)) == {"fpu", "avx512_bf16"}


@pytest.mark.parametrize("content", [None, "", "Features : fp asimd\n"])
def test_no_flags_where_the_system_tells_none(tmp_path, content):
    path = tmp_path / "cpuinfo"
    if content is not None:
        path.write_text(content)
    assert precision.cpu_flags(str(path)) == frozenset()


def test_each_precision_has_a_policy():
    assert tuple(precision.KERAS_POLICIES) == precision.PRECISIONS
