"""One run of the benchmarks: the upstream, the cores, interleaved rounds, and tables of medians."""
import contextlib
import dataclasses
import statistics
import sys
import time

from . import load, process


@dataclasses.dataclass
class Column:
    key: str
    title: str
    form: str = "{:,.1f}"


@dataclasses.dataclass
class Table:
    """`rows`: figures by who was measured. `compared`: the key whose ratio to the row `base` is shown."""
    name: str
    title: str
    columns: list
    rows: dict
    compared: str = ""
    base: str = "nginx"
    remarks: list = dataclasses.field(default_factory=list)

    def ratios(self):
        against = self.rows.get(self.base, {}).get(self.compared)
        return {name: row[self.compared] / against for name, row in self.rows.items()
                if against and against > 0 and row.get(self.compared) is not None}


# Threads of the gateway that serve the benchmark itself, which asks for metrics to see whether the index has caught up.
MEASURING = ("admin", "admin-query", "admin-change")


class Overloaded(Exception):
    """It cannot keep up with the load that was asked for."""


class Bench:
    def __init__(self, arguments, peers, folder):
        cores = process.cores()
        self.target_cores = cores[:1]
        self.load_cores = cores[1:2]
        self.upstream_cores = cores[2:3] or cores[1:2]
        self.arguments = arguments
        self.peers = peers  # by name, in the order in which they are measured
        self.own = peers.get("tidegate")
        self.folder = folder
        self.rounds, self.seconds = arguments.rounds, arguments.seconds
        self.upstream = None
        self.failures = []  # of the gateway: each ends the run with an error

    @contextlib.contextmanager
    def running(self):
        with load.Upstream(self.folder, self.upstream_cores) as self.upstream:
            yield self

    def direct(self):
        """The upstream itself, as a target: what the load and the machine add."""
        from .peers import Target
        return Target("direct", self.upstream.port)

    def start_all(self, stack, remarks, big_bodies=False):
        """The selected peers, ready. One that does not start is left out, and said."""
        out = []
        for name, peer in self.peers.items():
            try:
                options = {"big_bodies": True} if big_bodies and peer is not self.own else {}
                out.append(peer.start(stack, self.folder, self.target_cores, self.upstream.address, **options))
            except RuntimeError as error:
                self.leave_out(name, error, remarks)
        return out

    def start_own(self, stack, on_cores=None, **options):
        return self.own.start(stack, self.folder, on_cores or self.target_cores, self.upstream.address, **options)

    def run(self, target, data, unit="requests", **options):
        """One run of the load; its report with what the target spent for one of `unit`, in microseconds."""
        before = target.cpu()
        report = load.run(self.load_cores, target, data, **options)
        report["settle_seconds"] = target.settle() if target.process else 0
        count = max(1, report[unit])
        spent = {name: (used - before.get(name, 0)) / count * 1e6 for name, used in target.cpu().items()
                 if name not in MEASURING}
        report["per_second"] = report[unit] / report["seconds"]
        report["threads"] = {name: used for name, used in spent.items() if used >= 0.05}
        report["cpu_us"] = sum(used for name, used in spent.items() if name not in target.apart) or None
        report["apart_us"] = sum(used for name, used in spent.items() if name in target.apart) if target.apart else None
        return report

    def interleave(self, targets, one, remarks, rounds=None):
        """`one(target)` gives figures. Each target in turn, the order reversed every other round; {name: figures}."""
        results = {target.name: [] for target in targets}
        active = list(targets)
        count = rounds or self.rounds
        for number in range(count):
            for target in (active if number % 2 == 0 else list(reversed(active))):
                try:
                    figures = one(target)
                except (load.WrongAnswer, Overloaded, RuntimeError) as error:
                    active = [other for other in active if other is not target]
                    results[target.name].clear()
                    self.leave_out(target.name, error, remarks)
                    continue
                results[target.name].append(figures)
                self.say(f"  round {number + 1}/{count}  {target.name:22} "
                         + "  ".join(f"{key} {value:,.1f}" for key, value in figures.items() if isinstance(value, (int, float))))
        return {name: medians(figures) for name, figures in results.items() if figures}

    def warm(self, targets, data_of, remarks, **options):
        """A short run of each before the first that counts. Leaves out who cannot."""
        out = []
        for target in targets:
            try:
                begin(self.load_cores, target, data_of(target), chunks=options.get("chunks", 0))
                load.run(self.load_cores, target, data_of(target), **{**options, "seconds": 1})
                target.settle()
                out.append(target)
            except (load.WrongAnswer, RuntimeError) as error:
                self.leave_out(target.name, error, remarks)
        return out

    def leave_out(self, name, error, remarks):
        text = f"{name}: {error}".replace("\n", " ")[:400]
        self.say(f"  left out: {text}")
        remarks.append(f"left out: {text}")
        if name.startswith("tidegate"):
            self.failures.append(text)

    @staticmethod
    def say(text):
        print(text, file=sys.stderr, flush=True)


def begin(cores, target, data, chunks=0):
    """Asks until there is an answer: on a busy machine the first lease of the gateway's budget may come late, which is a 503."""
    for attempt in range(20):
        try:
            return load.run(cores, target, data, connections=1, seconds=0.001, chunks=chunks)
        except load.WrongAnswer:
            if attempt == 19 or not target.admin:
                raise
            time.sleep(0.2)
    return None


def medians(figures):
    """Of each figure that is a number; of CPU by thread, by name."""
    out = {}
    for key in figures[0]:
        values = [one[key] for one in figures if one.get(key) is not None]
        if not values:
            out[key] = None
        elif isinstance(values[0], dict):
            names = {name for value in values for name in value}
            out[key] = {name: round(statistics.median(value.get(name, 0) for value in values), 2) for name in sorted(names)}
        else:
            out[key] = statistics.median(values)
    return out


def threads_remark(rows):
    """CPU by thread of the gateway, in words."""
    return [f"{name}, CPU by thread (µs): " + ", ".join(f"{thread} {used:.1f}" for thread, used in row["threads"].items())
            for name, row in rows.items() if name.startswith("tidegate") and row.get("threads")]
