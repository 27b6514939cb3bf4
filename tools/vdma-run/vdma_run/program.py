# SPDX-License-Identifier: GPL-2.0-or-later
"""What commands have in common: wrong usage, trouble and signals become a line and a
status that `git bisect run` takes for what it is."""

from __future__ import annotations

import argparse
import signal
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

from tests.lib.build.parts import Missing, Unfit, Wrong
from vdma_run import status
from vdma_run.results import BadResults


class Parser(argparse.ArgumentParser):
    """argparse's own status 2 would be bad in a bisect."""

    def error(self, message: str) -> NoReturn:
        raise Wrong(message)


def stop(number: int, _frame: object) -> None:
    """End by way of the with statements, which end QEMU."""
    sys.exit(128 + number)


def guarded(name: str, command: Callable[[], int]) -> int:
    """Run a command; its status, or that of what came instead, with a line."""
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    try:
        return command()
    except KeyboardInterrupt:
        said, code = "interrupted", status.INTERRUPTED
    except (Missing, Unfit) as error:
        said, code = str(error), status.UNJUDGED
    except (Wrong, BadResults) as error:
        said, code = str(error), status.USAGE
    except OSError as error:
        where = f"cannot use {error.filename}: " if error.filename else ""
        said, code = where + (error.strerror or str(error)), status.USAGE
    except Exception:  # pylint: disable=broad-except # its status 1 would be bad
        traceback.print_exc()
        said, code = "internal error", status.INTERNAL
    print(f"vdma-run {name}: {said}", file=sys.stderr)
    return code
