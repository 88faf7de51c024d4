"""Fixtures of the integration tests: the real binary against the simulator, aimock and real clients.

Environment: TIDEGATE_BINARY (the program), TIDEGATE_PRESET (its build), TIDEGATE_SOAK=1 (full counts instead of CI's),
TIDEGATE_DIRECT=1 (SDK tests talk to aimock itself: proof that the tests are right).
"""
import os
import pathlib

import pytest

from harness.gateway import Gateway
from harness.servers import Aimock, SimulatorProcess, binary_path


def pytest_report_header(config):
    soak = "soak" if os.environ.get("TIDEGATE_SOAK") else "CI counts"
    return f"tidegate: {binary_path()}, {soak}"


@pytest.fixture
def note(request):
    """note(text) puts what a test has counted into the report, passed or not."""
    def add(text):
        request.node.user_properties.append(("note", text))
    return add


def pytest_terminal_summary(terminalreporter):
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) != "call":
                continue
            for name, text in report.user_properties:
                if name == "note":
                    terminalreporter.write_line(f"{report.nodeid.rsplit('::')[-1]}: {text}")


@pytest.fixture(scope="session")
def binary():
    path = binary_path()
    if not path.exists():
        pytest.skip(f"no binary at {path}")
    return path


@pytest.fixture(scope="session")
def aimock():
    with Aimock() as server:
        yield server


@pytest.fixture(scope="session")
def simulator(binary, tmp_path_factory):
    """One simulator for all tests: look at differences of its counters, not at the counters."""
    with SimulatorProcess(binary, tmp_path_factory.mktemp("simulator")) as server:
        yield server


@pytest.fixture
def own_simulator(binary, tmp_path):
    """A simulator of this test alone."""
    with SimulatorProcess(binary, tmp_path) as server:
        yield server


@pytest.fixture
def start(binary, tmp_path):
    """start(yaml, **options) starts a gateway; all of them are stopped, and must end well, after the test."""
    started = []

    def make(config, directory: pathlib.Path | None = None, begin=True, **options):
        folder = directory or tmp_path / f"gateway{len(started)}"
        gateway = Gateway(binary, folder, config, **options)
        started.append(gateway)
        if begin:
            gateway.begin()
        return gateway

    yield make
    for gateway in started:
        gateway.end()
