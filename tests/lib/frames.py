# SPDX-License-Identifier: GPL-2.0-or-later
"""The other end of a network card's cable: sends every frame back, changed.

QEMU's socket network is a stream of frames, each behind its length. What
comes back has the two addresses exchanged and each byte of the payload
complemented: a guest can't take its own buffer for it.
"""

from __future__ import annotations

import socket
import struct
import threading

from tests.lib.listener import Listener

HEADER = 14
COMPLEMENT = bytes(255 - byte for byte in range(256))


def changed(frame: bytes) -> bytes:
    """What goes back for a frame."""
    return frame[6:12] + frame[0:6] + frame[12:HEADER] + frame[HEADER:].translate(COMPLEMENT)


class Cable(Listener):
    """For one card, which may be in one QEMU and then in another."""

    def __init__(self) -> None:
        self.frames = 0
        self.bytes = 0
        super().__init__()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._echo, args=(connection,), daemon=True).start()

    def _echo(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while len(length := stream.read(4)) == 4:
                    frame = stream.read(struct.unpack(">I", length)[0])
                    self.frames += 1
                    self.bytes += len(frame)
                    connection.sendall(length + changed(frame))
            except OSError:
                # the guest is off
                return
