# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest's network card talks to: keeps what it gets and sends it back.

It listens on the host's loopback device; QEMU's user network lets the guest
reach it as the .2 of its network.
"""

from __future__ import annotations

import socket

from tests.lib.listener import Listener


class Peer(Listener):
    """For one card."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        super().__init__()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self._echo(connection)
                except OSError:
                    # a guest that was killed; what it sent is not whole
                    continue

    def _echo(self, connection: socket.socket) -> None:
        """All in, then all out: a sender that does not read cannot block us."""
        connection.settimeout(120)
        data = bytearray()
        while block := connection.recv(1 << 16):
            data += block
        self.received.append(bytes(data))
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
