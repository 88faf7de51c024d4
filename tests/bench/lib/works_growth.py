"""Whether a request costs the same with more threads, connections, features and records."""
import contextlib

from . import load, process, requests
from .bench import Column, Table, threads_remark
from .works_requests import figures

COLUMNS = [Column("cpu_us", "CPU per request (µs)"), Column("apart_us", "index, apart (µs)"),
           Column("per_second", "requests/s", "{:,.0f}"), Column("p99_us", "p99 (µs)", "{:,.0f}")]


def threads(bench):
    """CPU per request with 1 and 2 threads. The rate says something only where there are cores for the load, too."""
    remarks = []
    cores = process.cores()
    if len(cores) < 4:
        remarks.append(f"{len(cores)} cores: the second thread shares its core with load and upstream, so only the CPU per request counts")
    with contextlib.ExitStack() as stack:
        targets = [bench.start_own(stack, on_cores=cores[:count], name=f"tidegate-{count}-threads", threads=count) for count in (1, 2)]
        rows = closed(bench, targets, remarks, lambda _: 64)
    return [Table("threads", "Threads", COLUMNS, rows, "cpu_us", "tidegate-1-threads", remarks + threads_remark(rows))]


def closed(bench, targets, remarks, connections):
    targets = bench.warm(targets, requests.request, remarks, connections=64)
    return bench.interleave(targets, lambda target: figures(bench.run(
        target, requests.request(target), connections=connections(target), seconds=bench.seconds)), remarks)


def connections(bench):
    """Closed loop with 1 to 10,000 connections, with nginx beside it."""
    tables, most = [], min(bench.arguments.held, process.most_connections() - 700)
    with contextlib.ExitStack() as stack:
        started = []
        targets = [target for target in bench.start_all(stack, started) if target.name in ("nginx", "tidegate")]
        for count in [count for count in (1, 10, 100, 1000) if count < most] + [most]:
            remarks = list(started)
            rows = closed(bench, targets, remarks, lambda _, count=count: count)
            tables.append(Table(f"connections-{count}", f"Closed loop, {count:,} connection{'s' if count > 1 else ''}", COLUMNS, rows, "cpu_us", remarks=remarks))
    return tables


def features(bench):
    """1 to 1,000 features; the last of them is asked."""
    remarks = []
    with contextlib.ExitStack() as stack:
        targets = []
        for count in (1, 10, 100, 1000):
            target = bench.start_own(stack, name=f"tidegate-{count}-features", features=count)
            target.model = f"chat-{count - 1}" if count > 1 else "chat"
            targets.append(target)
        rows = closed(bench, targets, remarks, lambda _: 64)
    return [Table("features", "Features", COLUMNS, rows, "cpu_us", "tidegate-1-features", remarks)]


def records(bench):
    """Records in the log and the index: measured at each power of ten up to --records."""
    remarks, rows, stored, mark = [], {}, 0, 1000
    with contextlib.ExitStack() as stack:
        target = bench.start_own(stack)
        while mark <= bench.arguments.records:
            while stored < mark:
                report = load.run(bench.load_cores, target, requests.request(target), connections=64,
                                  seconds=min(5, max(0.02, (mark - stored) / 50000)))
                stored += report["requests"]
                target.settle()
            name = f"tidegate, {mark:,} records"
            target.name = name
            found = bench.interleave([target], lambda one: figures(bench.run(
                one, requests.request(one), connections=64, seconds=bench.seconds)), remarks)
            rows.update(found)
            stored += int(found.get(name, {}).get("per_second", 0) * bench.seconds * bench.rounds)
            mark *= 10
    first = next(iter(rows), "")
    return [Table("records", "Stored records", COLUMNS, rows, "cpu_us", first, remarks)]
