"""Flags of the Beam jobs: what a job does not know goes to Beam, and must be known there.

Beam itself only warns of a misspelt flag and runs without it. Import it after the job's own flags
are parsed: it takes seconds that `--help` need not pay.
"""

import difflib
from collections.abc import Sequence

from apache_beam.options.pipeline_options import (
    PipelineOptions,
    SetupOptions,
    _BeamArgumentParser,
)

# DirectRunner would fetch Prism over the network and, where there is none, fall back to this one.
LOCAL_RUNNER = "FnApiRunner"


def beam_options(flags: Sequence[str], job: str) -> PipelineOptions:
    """Checks the flags meant for Beam and returns them as options.

    Raises:
        SystemExit: with code 2 and one line, for flags that Beam does not know or that lose data.
    """
    parser = _beam_parser(job)
    known, unknown = parser.parse_known_args(list(flags))
    if unknown:
        _refuse_unknown(parser, unknown[0])
    if getattr(known, "direct_running_mode", None) == "multi_threading":
        parser.error(
            "--direct_running_mode=multi_threading loses records in Beam 2.77; "
            "use multi_processing, or leave it out"
        )
    options = PipelineOptions(list(flags), runner=_runner(known.runner))
    options.view_as(SetupOptions).save_main_session = False
    return options


def is_local(options: PipelineOptions) -> bool:
    """Tells whether the pipeline runs on this machine, inside this process or its children."""
    return options.get_all_options()["runner"] == LOCAL_RUNNER


def _runner(asked: str | None) -> str:
    return LOCAL_RUNNER if asked in (None, "DirectRunner") else asked


def _beam_parser(job: str) -> _BeamArgumentParser:
    parser = _BeamArgumentParser(
        f"semblante {job}",
        usage=f"semblante {job} ... [Beam flags]",
        allow_abbrev=False,
        add_help=False,
    )
    for views in {view.__name__: view for view in PipelineOptions.__subclasses__()}.values():
        views._add_argparse_args(parser)
    return parser


def _refuse_unknown(parser: _BeamArgumentParser, argument: str) -> None:
    flag = argument.partition("=")[0]
    known = [option for action in parser._actions for option in action.option_strings]
    near = difflib.get_close_matches(flag, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    parser.error(f"neither this job nor Beam knows {flag}{hint}")
