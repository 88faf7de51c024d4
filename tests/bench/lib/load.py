"""The load and the upstream of tests/bench/load: built when their sources are newer, run on the cores beside the target."""
import json
import pathlib
import subprocess
import tempfile

from . import process
from .gateway import ROOT

SOURCES = ROOT / "tests/bench/load"
BUILT = ROOT / "build/bench"
PROGRAMS = {"load": ["load", "answer_check", "statistics", "message", "sockets"],
            "upstream": ["upstream", "answers", "message", "sockets"]}


class WrongAnswer(Exception):
    """What came back was not what was asked for."""


def build():
    BUILT.mkdir(parents=True, exist_ok=True)
    newest = max(path.stat().st_mtime for path in SOURCES.iterdir())
    for name, parts in PROGRAMS.items():
        program = BUILT / name
        if not program.exists() or program.stat().st_mtime < newest:
            subprocess.run(["clang++-19", "-std=c++20", "-O2", "-Wall", "-Wextra", "-o", program,
                            *(SOURCES / f"{part}.cpp" for part in parts)], check=True)


class Upstream(process.Process):
    def __init__(self, folder, on_cores):
        self.port = process.free_port()
        self.address = f"127.0.0.1:{self.port}"
        super().__init__("upstream", [BUILT / "upstream", self.port], folder, on_cores)
        process.wait_for_port(self.port, self)


def command(port, file, **options):
    out = [BUILT / "load", "--port", port, "--request", file]
    for name, value in options.items():
        if value is True:
            out.append("--" + name.replace("_", "-"))
        elif value:
            out += ["--" + name.replace("_", "-"), value]
    return [str(part) for part in out]


def checked(name, result, overload=False):
    """Refuses a run in which any answer was not true. `overload`: answers that never came are the caller's to judge."""
    wrong = {key: result[key] for key in ("wrong_status", "wrong_answer", "lost") if result[key]}
    if not overload and result["unanswered"]:
        wrong["unanswered"] = result["unanswered"]
    if wrong:
        raise WrongAnswer(f"{name}: {wrong}: {result['first_error'][:900]}")
    return result


def run(on_cores, target, data, overload=False, **options):
    """One run of the load against a target; what it reports, checked."""
    with tempfile.NamedTemporaryFile(prefix="tidegate-bench-") as file:
        file.write(data)
        file.flush()
        pinned = ["taskset", "-c", ",".join(map(str, on_cores))]
        done = subprocess.run([*pinned, *command(target.port, file.name, **options)], capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise WrongAnswer(f"{target.name}: the load ended with {done.returncode}: {done.stderr[-300:]}")
    return checked(target.name, json.loads(done.stdout), overload)


class Held:
    """Connections that stay open until the block ends; `count` of them. Each has asked once."""

    def __init__(self, on_cores, target, data, folder, **options):
        file = pathlib.Path(folder) / f"held-{target.name}.request"
        file.write_bytes(data)
        self.process = subprocess.Popen(["taskset", "-c", ",".join(map(str, on_cores)),
                                         *command(target.port, file, hold=True, **options)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.count = int(line.split()[1]) if line.startswith("held") else 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.report = json.loads(self.process.stdout.readline() or "{}")
        self.process.wait(60)
        self.process.stdout.close()
        self.process.stderr.close()
