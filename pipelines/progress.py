"""Shows how far a pipeline is, from what it has written: the same on every runner."""

import contextlib
import logging
import sys
import threading
from collections.abc import Callable, Iterator

from tqdm import tqdm

_logger = logging.getLogger(__name__)

_BAR_SECONDS = 0.5  # between two looks where a terminal shows a bar
_LINE_SECONDS = 30.0  # between two lines where there is none


@contextlib.contextmanager
def watching(count: Callable[[], int], total: int | None, unit: str) -> Iterator[None]:
    """Shows `count()` of `total` while the body runs: a bar on a terminal, elsewhere plain lines.

    Args:
        count: Cheap to call, from another thread; usually counts finished files.
        total: None where it is not known.
        unit: What is counted, in the plural.
    """
    done = threading.Event()
    show = _show_bar if sys.stderr.isatty() else _show_lines
    thread = threading.Thread(target=show, args=(done, count, total, unit), daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _show_bar(
    done: threading.Event, count: Callable[[], int], total: int | None, unit: str
) -> None:
    with tqdm(total=total, unit=f" {unit}", leave=False) as bar:
        while not done.wait(_BAR_SECONDS):
            bar.update(count() - bar.n)


def _show_lines(
    done: threading.Event, count: Callable[[], int], total: int | None, unit: str
) -> None:
    while not done.wait(_LINE_SECONDS):
        _logger.info("%d%s %s", count(), "" if total is None else f" of {total}", unit)
