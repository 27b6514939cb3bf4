# SPDX-License-Identifier: GPL-2.0-or-later
"""A folder of logs for each test, named when the test fails; and what vdma-run asks of
pytest: to run the tests of a list, and to tell of each as it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import zlib
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.lib.build import policy
from tests.lib.build.parts import BUILD, Missing, Wrong
from tests.lib.host import runs

FOLDER = pytest.StashKey[Path]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What vdma-run gives; strings and numbers, for xdist hands them to its workers."""
    group = parser.getgroup("vdma-run")
    group.addoption("--only", metavar="FILE", help="run tests whose ids are in FILE, one a line")
    group.addoption("--events", metavar="FD", type=int, help="write there what becomes of each")


class Events:
    """A line of JSON for each phase of each test."""

    def __init__(self, descriptor: int) -> None:
        self._stream = os.fdopen(descriptor, "w", encoding="utf-8")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """In the process that has started the workers, if there are any."""
        properties = {name: str(value) for name, value in report.user_properties}
        unjudged = report.failed and "unjudged" in properties
        event = {
            "id": report.nodeid,
            "when": report.when,
            "outcome": "unjudged" if unjudged else report.outcome,
            "seconds": report.duration,
            "log": properties.get("log", ""),
            "details": report.longreprtext if report.failed else "",
        }
        self._stream.write(json.dumps(event) + "\n")
        self._stream.flush()


def pytest_configure(config: pytest.Config) -> None:
    """Tell vdma-run of tests, unless this is a worker. What tests start can be interrupted,
    even where the shell that started us ignores Ctrl-C for its children, as it does for
    `make check &` in a script."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # a make that tests start is not the calling make's child
    for name in policy.CALLERS:
        os.environ.pop(name, None)
    if config.option.events is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Events(config.option.events))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Create a folder for all tests of this run; workers use the same."""
    config = session.config
    if hasattr(config, "workerinput"):
        config.stash[FOLDER] = Path(config.workerinput["folder"])
    elif not config.option.collectonly:
        stack = ExitStack()
        config.stash[FOLDER] = stack.enter_context(runs.fresh(BUILD / "tests"))
        config.add_cleanup(stack.close)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist's."""
    node.workerinput["folder"] = str(node.config.stash[FOLDER])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep those that were asked for. Shuffle, in the same order in each worker: a worker
    gets tests in rows, and one would get all long ones while the others wait."""
    if config.option.only is not None:
        asked = set(Path(config.option.only).read_text(encoding="utf-8").splitlines())
        config.hook.pytest_deselected(items=[i for i in items if i.nodeid not in asked])
        items[:] = [item for item in items if item.nodeid in asked]
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: zlib.crc32(item.nodeid.encode()))


@pytest.fixture
def run(request: pytest.FixtureRequest) -> Path:
    """An empty folder for this test's files."""
    name = re.sub(r"[^\w.-]+", "-", request.node.nodeid.removeprefix("tests/"))
    # what makes two cases differ may not be fit for a name
    folder = runs.create(request.config.stash[FOLDER], name.strip("-"))
    request.node.user_properties.append(("log", str(folder)))
    return folder


def booted(folder: str) -> list[tuple[str, str]]:
    """Versions and build-ids of the guests that a test has left in its folder."""
    found = {}
    for file in sorted(Path(folder).rglob("versions.json")) if folder else []:
        for part, facts in json.loads(file.read_text(encoding="utf-8")).items():
            for key, value in facts.items():
                found.setdefault(f"{part}.{key}", []).append(value)
    return [(name, " ".join(dict.fromkeys(values))) for name, values in found.items()]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.CallInfo[None], None]:
    """Add the folder to the report of a failed test, and to each report, for JUnit, its id,
    the versions that it booted, and whether it could not be judged."""
    if call.when == "setup":
        item.user_properties.append(("id", item.nodeid))
    elif call.when == "call":
        item.user_properties += booted(dict(item.user_properties).get("log", ""))
    if call.excinfo is not None and call.excinfo.errisinstance((Missing, Wrong)):
        item.user_properties.append(("unjudged", "yes"))
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if report.failed:
        for key, value in item.user_properties:
            if key == "log":
                report.sections.append(("logs", value))
