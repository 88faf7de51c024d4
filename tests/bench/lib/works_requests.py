"""Works without streams: closed loop, open loop, long prompts."""
import contextlib

from . import requests
from .bench import Column, Overloaded, Table, threads_remark

SPEND = [Column("cpu_us", "CPU per request (µs)"), Column("apart_us", "index, apart (µs)")]


def figures(report):
    return {"per_second": report["per_second"], "cpu_us": report["cpu_us"], "apart_us": report["apart_us"],
            "p50_us": report["latency"]["p50_us"], "p99_us": report["latency"]["p99_us"],
            "settle_seconds": report["settle_seconds"], "threads": report["threads"]}


def closed_loop(bench):
    """64 connections, 1 KB in and out."""
    remarks = []
    with contextlib.ExitStack() as stack:
        targets = bench.start_all(stack, remarks)
        targets = bench.warm(targets, requests.request, remarks, connections=64)
        rows = bench.interleave(targets, lambda target: figures(
            bench.run(target, requests.request(target), connections=64, seconds=bench.seconds)), remarks)
        for target in targets:
            if target.name in rows:
                rows[target.name]["resident_mib"] = target.process.resident() / (1 << 20)
    columns = [Column("per_second", "requests/s", "{:,.0f}"), *SPEND, Column("p50_us", "p50 (µs)", "{:,.0f}"),
               Column("p99_us", "p99 (µs)", "{:,.0f}"), Column("resident_mib", "resident (MiB)"),
               Column("settle_seconds", "index behind (s)")]
    return [Table("closed", "Closed loop, 64 connections, 1 KB in and out", columns, rows, "per_second",
                  remarks=remarks + threads_remark(rows))]


def open_loop(bench):
    """500 and 2,000 requests/s, an upstream that takes 20 ms; times from when a request was due."""
    tables = []
    with contextlib.ExitStack() as stack:
        started = []
        everybody = [bench.direct(), *bench.start_all(stack, started)]
        for rate in (500, 2000):
            remarks = list(started)

            def data(target):
                return requests.request(target, directives="l=20000")

            def one(target):
                seconds = max(bench.seconds, 2)
                report = bench.run(target, data(target), connections=1000, rate=rate, seconds=seconds, overload=True, wait=5)
                if report["unanswered"] or report["latency"]["p50_us"] > 500000:
                    raise Overloaded(f"cannot keep up with {rate} requests/s")
                return figures(report)

            targets = bench.warm(everybody, data, remarks, connections=1000, rate=rate, overload=True, wait=5)
            rows = bench.interleave(targets, one, remarks)
            base = rows.pop("direct", None)
            for row in rows.values():
                for name in ("p50_us", "p99_us"):
                    row[f"added_{name}"] = row[name] - base[name] if base else None
            if base:
                remarks.append(f"without a proxy: p50 {base['p50_us'] / 1000:.2f} ms, p99 {base['p99_us'] / 1000:.2f} ms")
            columns = [Column("added_p50_us", "added p50 (µs)", "{:,.0f}"), Column("added_p99_us", "added p99 (µs)", "{:,.0f}"), *SPEND]
            tables.append(Table(f"open-{rate}", f"Open loop, {rate:,} requests/s, an upstream that takes 20 ms", columns, rows,
                                "added_p50_us", remarks=remarks))
    return tables


def prompts(bench):
    """100 KB and 1 MB in, 1 KB out."""
    tables = []
    with contextlib.ExitStack() as stack:
        started = []
        everybody = bench.start_all(stack, started, big_bodies=True)
        for size, connections, title in ((100 << 10, 16, "100 KB"), (1 << 20, 4, "1 MB")):
            remarks = list(started)

            def data(target):
                return requests.request(target, size=size)

            targets = bench.warm(everybody, data, remarks, connections=connections)
            rows = bench.interleave(targets, lambda target: figures(
                bench.run(target, data(target), connections=connections, seconds=bench.seconds)), remarks)
            columns = [Column("per_second", "requests/s", "{:,.0f}"), *SPEND, Column("p50_us", "p50 (µs)", "{:,.0f}"),
                       Column("p99_us", "p99 (µs)", "{:,.0f}"), Column("settle_seconds", "index behind (s)")]
            tables.append(Table(f"prompts-{title.replace(' ', '')}", f"Prompts of {title}, {connections} connections", columns, rows,
                                "per_second", remarks=remarks + threads_remark(rows)))
    return tables
