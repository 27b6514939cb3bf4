# SPDX-License-Identifier: GPL-2.0-or-later
"""A Debian mirror on 127.0.0.1 that lists files which it does not serve."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote

from tests.lib.host.process import Closing

ARCH = "ppc64el"


class _Handler(SimpleHTTPRequestHandler):
    """Serves the files of the folder, except those that the mirror has lost."""

    def __init__(self, *args: Any, mirror: Mirror, **more: Any) -> None:
        self._mirror = mirror
        super().__init__(*args, directory=str(mirror.root), **more)

    def do_GET(self) -> None:
        """Answer 404 for a file that is listed and lost."""
        self._mirror.asked.append(self.path)
        if unquote(self.path).rpartition("/")[2] in self._mirror.lost:
            self.send_error(404)
        else:
            super().do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the test reads `asked`."""


class Mirror(Closing):
    """Serves while the with statement runs. ROOT is an empty folder for it; publish()
    fills a suite, and files whose names are in `lost` are not served."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lost: set[str] = set()
        self.asked: list[str] = []
        # of the last publication; HTTP has whole seconds
        self._clock = time.time() - 86400
        # a socket's path is short, and gpg's agent has one here
        self._home = Path(tempfile.mkdtemp(prefix="vdma-gpg-"))
        self._gpg("--passphrase", "", "--quick-generate-key", "mirror", "ed25519", "sign", "never")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, mirror=self))
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving, and gpg's agent."""
        self._server.shutdown()
        self._server.server_close()
        subprocess.run(["gpgconf", "--homedir", self._home, "--kill", "gpg-agent"], check=False)
        shutil.rmtree(self._home, ignore_errors=True)

    def apt_dir(self, folder: Path) -> Path:
        """Fill FOLDER like /etc/apt, with this mirror and its key."""
        folder.mkdir()
        uri = f"http://127.0.0.1:{self._server.server_address[1]}/"
        (folder / "sources.list").write_text(f"deb {uri} stable main\n", encoding="ascii")
        self._gpg("--output", folder / "debian-archive-keyring.gpg", "--export")
        return folder

    def publish(self, suite: str, packages: Iterable[str], codename: str = "") -> None:
        """Let a suite list PACKAGES, "NAME VERSION" each, and no others."""
        self._clock += 60
        text = "".join(self._package(*package.split()) for package in packages)
        folder = self.root / "dists" / suite
        index = folder / f"main/binary-{ARCH}/Packages"
        index.parent.mkdir(parents=True, exist_ok=True)
        index.write_text(text, encoding="ascii")
        release = folder / "Release"
        release.write_text(
            f"Origin: Debian\nSuite: {suite}\nCodename: {codename or suite}\n"
            f"Date: {formatdate(self._clock, usegmt=True)}\nArchitectures: {ARCH}\nComponents: main\n"
            f"SHA256:\n {_sha256(text.encode())} {len(text)} main/binary-{ARCH}/Packages\n",
            encoding="ascii",
        )
        self._gpg("--yes", "--output", folder / "InRelease", "--clearsign", release)
        for file in (index, folder / "InRelease"):
            os.utime(file, (self._clock, self._clock))

    def _package(self, name: str, version: str) -> str:
        """Put a package into the pool; its entry in a list."""
        file = self.root / "pool" / f"{name}_{version}_{ARCH}.deb"
        file.parent.mkdir(exist_ok=True)
        data = content(name, version)
        file.write_bytes(data)
        return (
            f"Package: {name}\nVersion: {version}\nArchitecture: {ARCH}\n"
            f"Maintainer: nobody\nDescription: {name}\nFilename: pool/{file.name}\n"
            f"Size: {len(data)}\nSHA256: {_sha256(data)}\n\n"
        )

    def _gpg(self, *args: str | Path) -> None:
        command: list[str | Path] = ["gpg", "--homedir", self._home, "--batch", "--quiet", *args]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)


def content(name: str, version: str) -> bytes:
    """The content of a package's file; "big" has a MiB."""
    return f"{name} {version}\n".encode() * (1 << 18 if name == "big" else 99)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
