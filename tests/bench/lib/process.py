"""Programs under measurement: each on one core, with its CPU time and memory as the kernel counts them."""
import contextlib
import os
import pathlib
import re
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.request

TICKS = os.sysconf("SC_CLK_TCK")


def end_with_children():
    """Makes the request to end an exception, so that what was started is ended too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def cores():
    """The first for what is measured, the rest for load and upstream; nothing is measured on one core."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        sys.exit("needs two cores: one for the target, one for load and upstream")
    return usable


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def allow_descriptors():
    """Raises this process's limit, and so its children's, as far as the machine lets it."""
    for count in (200000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
            return


def most_connections():
    """That a proxy can have to clients at once, with one to its upstream for each."""
    allow_descriptors()
    return min(50000, (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200) // 2)


def wait_for_port(port, process=None, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        if process and process.ended():
            raise RuntimeError(f"{process.name} ended at its start:\n{process.output()}")
        time.sleep(0.01)
    raise RuntimeError(f"nothing listens on {port} ({process.name if process else ''})")


def wait_for_url(url, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(url, timeout=5).read()
        time.sleep(0.01)
    raise RuntimeError(f"nothing answers at {url}")


class Process:
    """A program with the children it forks, ended with the block. Its output is kept in a file of its folder."""

    def __init__(self, name, command, folder, on_cores=None, environment=None):
        self.name = name
        self.log = pathlib.Path(folder) / f"{name}.log"
        pinned = ["taskset", "-c", ",".join(map(str, on_cores))] if on_cores else []
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([*pinned, *map(str, command)], cwd=folder, stdout=log, stderr=subprocess.STDOUT,
                                            env={**os.environ, **(environment or {})}, start_new_session=True)
        self.pid = self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Asks the group to end, then makes it."""
        for number, wait in ((signal.SIGTERM, 20), (signal.SIGKILL, 5)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(wait)
                break
        with contextlib.suppress(ProcessLookupError):  # what it forked
            os.killpg(self.pid, signal.SIGKILL)

    def ended(self):
        return self.process.poll() is not None

    def output(self, characters=2000):
        return self.log.read_text(errors="replace")[-characters:]

    def pids(self):
        """Its own and those of what it forked, by the session it leads."""
        out = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                    if int(fields[3]) == self.pid and fields[0] != "Z":
                        out.append(int(entry.name))
        return out or [self.pid]

    def cpu(self):
        """Seconds of CPU so far, all threads and children, kernel included. Nanoseconds exact where the scheduler tells."""
        return sum(self.cpu_by_thread().values())

    def cpu_by_thread(self):
        """Seconds of CPU so far by thread name, ended threads left out."""
        out = {}
        for pid in self.pids():
            with contextlib.suppress(OSError):
                for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                    with contextlib.suppress(OSError):
                        name = (task / "comm").read_text().strip()
                        out[name] = out.get(name, 0) + thread_seconds(task)
        return out

    def resident(self):
        """Bytes of memory that are its own: shared pages count by their share."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
                total += int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE).group(1)) * 1024
        return total

    def descriptors(self):
        return sum(len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir())) for pid in self.pids())


def thread_seconds(task):
    """The first figure of schedstat is nanoseconds on a CPU; stat has ticks of 10 ms, split by sampling."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int((task / "schedstat").read_text().split()[0]) / 1e9
    fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
