"""Works with streams: paced, as fast as they go, and with guardrails that hold text back."""
import contextlib

from . import requests
from .bench import Column, Overloaded, Table, threads_remark

PACE = 20000  # microseconds between the chunks of a stream: 50 a second
PACED_CHUNKS = 100
FLAT_STREAMS, FLAT_CHUNKS, FLAT_BATCH = 8, 2000, 16
SPEND = [Column("cpu_us", "CPU per chunk (µs)", "{:,.2f}"), Column("apart_us", "index, apart (µs)", "{:,.2f}")]


def figures(report):
    return {"per_second": report["per_second"], "cpu_us": report["cpu_us"], "apart_us": report["apart_us"],
            "first_p50_us": report["first_chunk"]["p50_us"], "first_p99_us": report["first_chunk"]["p99_us"],
            "delay_p50_us": report["chunk_delay"]["p50_us"], "delay_p99_us": report["chunk_delay"]["p99_us"],
            "together": report["together"] / report["chunks"] * 1e6, "threads": report["threads"]}


def paced_request(target):
    return requests.request(target, stream=True, directives=f"l=20000 i={PACE} n={PACED_CHUNKS}")


def flat_request(target):
    return requests.request(target, stream=True, directives=f"n={FLAT_CHUNKS} b={FLAT_BATCH}")


def run_paced(bench, target, streams):
    report = bench.run(target, paced_request(target), unit="chunks", connections=streams, chunks=PACED_CHUNKS,
                       spread=PACED_CHUNKS * PACE / 1e6, seconds=max(3, bench.seconds), overload=True, wait=20)
    if report["unanswered"] or report["chunk_delay"]["p50_us"] > 500000:
        raise Overloaded(f"cannot keep up with {streams} streams")
    return figures(report)


def run_flat(bench, target):
    return figures(bench.run(target, flat_request(target), unit="chunks", connections=FLAT_STREAMS, chunks=FLAT_CHUNKS,
                             seconds=bench.seconds))


def paced(bench):
    """500 streams at 50 tokens/s each."""
    remarks, streams = [], bench.arguments.streams
    with contextlib.ExitStack() as stack:
        targets = [bench.direct(), *bench.start_all(stack, remarks)]
        targets = bench.warm(targets, paced_request, remarks, connections=16, chunks=PACED_CHUNKS)
        rows = bench.interleave(targets, lambda target: run_paced(bench, target, streams), remarks)
    base = rows.pop("direct", None)
    for row in rows.values():
        row["added_first_us"] = row["first_p50_us"] - base["first_p50_us"] if base else None
    if base:
        remarks.append(f"without a proxy: first chunk p50 {base['first_p50_us'] / 1000:.2f} ms, chunk p50 {base['delay_p50_us']:.0f} µs, "
                       f"p99 {base['delay_p99_us']:.0f} µs, together {base['together']:.1f} in a million")
    columns = [*SPEND, Column("added_first_us", "added to the first chunk, p50 (µs)", "{:,.0f}"),
               Column("delay_p50_us", "sent to received, p50 (µs)", "{:,.0f}"), Column("delay_p99_us", "p99 (µs)", "{:,.0f}"),
               Column("together", "joined though ≥ 1 ms apart, in a million")]
    return [Table("streams", f"{streams} streams at 50 chunks/s", columns, rows, "cpu_us", remarks=remarks + threads_remark(rows))]


def flat(bench):
    """Streams as fast as they go, 16 chunks a write."""
    remarks = []
    with contextlib.ExitStack() as stack:
        targets = bench.start_all(stack, remarks)
        targets = bench.warm(targets, flat_request, remarks, connections=2, chunks=FLAT_CHUNKS)
        rows = bench.interleave(targets, lambda target: run_flat(bench, target), remarks)
    columns = [*SPEND, Column("per_second", "chunks/s", "{:,.0f}")]
    return [Table("flat", f"{FLAT_STREAMS} streams as fast as they go, {FLAT_BATCH} chunks a write", columns, rows, "cpu_us",
                  remarks=remarks + threads_remark(rows))]


def guardrails(bench):
    """The gateway's streams with `pii` and `forbidden` on hold, against its own without."""
    variants = {"tidegate": (), "tidegate pii": ("pii",), "tidegate forbidden": ("forbidden",),
                "tidegate pii+forbidden": ("pii", "forbidden")}
    streams = min(200, bench.arguments.streams)
    remarks = []
    with contextlib.ExitStack() as stack:
        targets = [bench.start_own(stack, name=name.replace(" ", "-"), held=held) for name, held in variants.items()]
        targets = bench.warm(targets, paced_request, remarks, connections=16, chunks=PACED_CHUNKS)
        slow = bench.interleave(targets, lambda target: run_paced(bench, target, streams), remarks)
        fast = bench.interleave(targets, lambda target: run_flat(bench, target), remarks)
    tables = []
    for name, title, rows in (("guardrails", f"Guardrails on hold, {streams} streams at 50 chunks/s", slow),
                              ("guardrails-flat", f"Guardrails on hold, {FLAT_STREAMS} streams as fast as they go", fast)):
        for row in rows.values():
            row["more_us"] = row["cpu_us"] - rows["tidegate"]["cpu_us"] if "tidegate" in rows else None
        columns = [*SPEND, Column("more_us", "more than without (µs)", "{:,.2f}"),
                   Column("delay_p50_us", "sent to received, p50 (µs)", "{:,.0f}")]
        tables.append(Table(name, title, columns, rows, "cpu_us", "tidegate", remarks))
    return tables
