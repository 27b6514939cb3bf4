# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands for a guest's shell from what is no terminal: a pipe or a file.

QEMU would hand them over at once, but SLOF takes keys away while it starts. So they
are held back until the guest is ready. QEMU does not tell a guest either that its
input has ended: a Ctrl-D does (tests/linux/boot.sh).
"""

from __future__ import annotations

import os
from threading import Thread

END_OF_FILE = b"\4"


class Typist:
    """Stands between standard input and QEMU, which has to be started after it."""

    def __init__(self) -> None:
        self._source = os.dup(0)
        theirs, self._keys = os.pipe()
        os.dup2(theirs, 0)
        os.close(theirs)

    def start(self) -> None:
        """Type, in the background; there is somebody who reads."""
        Thread(target=self._type, daemon=True).start()

    def _type(self) -> None:
        last = b"\n"
        while text := os.read(self._source, 1024):
            self._press(text)
            last = text[-1:]
        # at the end of a line only, it is the end
        self._press(END_OF_FILE if last == b"\n" else b"\n" + END_OF_FILE)

    def _press(self, keys: bytes) -> None:
        while keys:
            keys = keys[os.write(self._keys, keys) :]
