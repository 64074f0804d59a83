"""Turns what a runner raises into one line that says what failed and what to do."""

import re

from tfrecords.errors import JobError

# Runners hand on a worker's exception as text; its last line holds the class and the message.
_STEP = re.compile(r"\[while running '([^']+)'\]")
_RAISED = re.compile(r"^(?:[\w.]+\.)?(\w+): (.*)$")

_CURES = {
    "No space left on device": "free some space or write to another disk",
    "Disk quota exceeded": "free some space or write to another disk",
    "Permission denied": "check the permissions of that path",
    "default credentials": "run `gcloud auth application-default login` or set "
    "GOOGLE_APPLICATION_CREDENTIALS",
}


def job_error(error: BaseException) -> JobError | None:
    """Returns the error to show for what `pipeline.run()` raised; None where it is a bug.

    A bug keeps its traceback. Known are our own `JobError`, wherever it was raised, and failures
    of the machine: OSError in any step, missing credentials.
    """
    if isinstance(error, JobError):
        return JobError(_STEP.sub("", str(error)).strip())  # Beam adds the step in place
    kind, message = _last_raised(error)
    if kind == "JobError" or kind == "ContractMismatch":
        return JobError(message)
    cure = next((cure for sign, cure in _CURES.items() if sign in message), None)
    if cure is None and kind not in _os_error_names():
        return None
    step = _STEP.search(str(error))
    where = f" in step {step[1].partition('-ptransform')[0]}" if step else ""
    return JobError(f"{message}{where}" + (f"; {cure}" if cure else ""))


def _last_raised(error: BaseException) -> tuple[str, str]:
    """Returns the class name and the message of the exception that started it all."""
    text = _STEP.sub("", str(error)).strip()
    for line in reversed(text.splitlines()):
        if match := _RAISED.match(line.strip()):
            return match[1], match[2].strip()
    return type(error).__name__, text


def _os_error_names() -> set[str]:
    names = {"OSError", "IOError"}
    pending = [OSError]
    while pending:
        pending.extend(found := pending.pop().__subclasses__())
        names.update(kind.__name__ for kind in found)
    return names
