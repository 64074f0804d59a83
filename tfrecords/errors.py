"""The one error that a user is meant to read."""


class JobError(Exception):
    """A job cannot go on; the message is one line: what was got, where, and what to do.

    The front door prints it as ``semblante JOB: error: MESSAGE`` and exits with 1. Anything
    else that escapes a job is a bug and keeps its traceback.
    """
