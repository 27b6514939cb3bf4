# SPDX-License-Identifier: GPL-2.0-or-later
"""Peers of a guest's network cards, on the host's loopback device.

EchoServer keeps each TCP stream that a guest sends and returns it; QEMU's user network
lets the guest reach it as the .2 of its network. Cable is a peer on a socket network
and returns every frame, changed.
"""

from __future__ import annotations

import socket
import struct
import threading

ETHERNET_HEADER = 14
COMPLEMENT = bytes(255 - byte for byte in range(256))


class Listener:
    """Listens, and serves in a thread of its own, until close()."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept_all, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        # close() alone would leave accept() waiting
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        finally:
            self._listener.close()

    def _accept_all(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        raise NotImplementedError


class EchoServer(Listener):
    """Serves one card, a connection at a time."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        super().__init__()

    def _serve(self, connection: socket.socket) -> None:
        """Receive all, then send all: a sender that does not read cannot block us."""
        try:
            with connection:
                connection.settimeout(120)
                data = bytearray()
                while block := connection.recv(1 << 16):
                    data += block
                self.received.append(bytes(data))
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            # the guest was killed; its stream is incomplete
            return


def changed(frame: bytes) -> bytes:
    """The reply to a frame: addresses swapped, payload complemented, so that a guest
    cannot mistake its own buffer for it."""
    addresses, rest = frame[6:12] + frame[0:6], frame[12:ETHERNET_HEADER]
    return addresses + rest + frame[ETHERNET_HEADER:].translate(COMPLEMENT)


class Cable(Listener):
    """Serves one card, which may be in one QEMU and then in another. QEMU's socket
    network is a stream of frames, each after its length."""

    def __init__(self) -> None:
        self.frames = 0
        self.bytes = 0
        super().__init__()

    def _serve(self, connection: socket.socket) -> None:
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
