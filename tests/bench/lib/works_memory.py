"""What a connection costs in memory while nothing happens on it."""
import contextlib
import time

from . import load, process, requests
from .bench import Column, Table

SETTLE = 1.0  # seconds


def resident(target):
    """When it has stopped to change by more than 1 %: allocators give back late."""
    before = target.process.resident()
    for _ in range(15):
        time.sleep(SETTLE)
        after = target.process.resident()
        if abs(after - before) < before / 100:
            break
        before = after
    return after


def grown(bench, target, data, **options):
    """Resident KiB for each connection held, more than after some requests on one."""
    count = min(bench.arguments.held, process.most_connections() - 700)  # some stay open for reuse
    target.settle()
    before = resident(target)
    with load.Held(bench.load_cores, target, data, bench.folder, connections=count, seconds=60, wait=1,
                   spread=count / 5000, **options) as held:
        during = resident(target)
    if held.count < count * 0.99:
        raise RuntimeError(f"only {held.count} of {count} were held: {held.report.get('first_error', '')[:200]}")
    target.settle()
    return {"count": held.count, "kib": (during - before) / held.count / 1024}


def memory(bench):
    """Idle connections and open streams, 10,000 of each (fewer with --held, or where descriptors are short)."""
    tables = []
    shapes = (("idle", "Idle connections that have asked once", dict(), lambda target: requests.request(target)),
              ("open-streams", "Open streams after their first chunk", dict(chunks=1000, hold_chunks=1),
               lambda target: requests.request(target, stream=True, directives="i=1000 n=1000 h=1")))
    for name, title, options, data in shapes:
        remarks = []
        with contextlib.ExitStack() as stack:
            targets = bench.start_all(stack, remarks)
            targets = bench.warm(targets, requests.request, remarks, connections=1)
            rows = bench.interleave(targets, lambda target: grown(bench, target, data(target), **options), remarks, rounds=1)
        columns = [Column("kib", "KiB each"), Column("count", "held", "{:,.0f}")]
        tables.append(Table(name, title, columns, rows, "kib", remarks=remarks))
    return tables
