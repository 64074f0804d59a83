"""Runs a pipeline to its end, and makes of its failure one line where that is possible."""

import logging

import apache_beam as beam
from apache_beam.runners.runner import PipelineState

from pipelines.errors import job_error
from tfrecords.errors import JobError


def run(pipeline: beam.Pipeline) -> None:
    """Runs a pipeline and waits for it.

    Raises:
        JobError: where it failed for a reason that a user can mend; bugs keep their traceback.
    """
    # It logs the traceback of what it raises as well.
    logging.getLogger("apache_beam").setLevel(logging.CRITICAL)
    try:
        state = pipeline.run().wait_until_finish()
    except Exception as error:
        if known := job_error(error):
            raise known from error
        raise
    if state != PipelineState.DONE:
        raise JobError(f"the runner ended the job as {state}; its log says why")
