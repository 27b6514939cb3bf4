# SPDX-License-Identifier: GPL-2.0-or-later
"""A host's end of a guest's network, on the loopback device."""

from __future__ import annotations

import socket
import threading


class Listener:
    """Listens, and serves in a thread of its own, until close()."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        # close() alone would leave accept() waiting
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        finally:
            self._listener.close()

    def _serve(self) -> None:
        raise NotImplementedError
