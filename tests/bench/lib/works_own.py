"""Works that ask about the gateway alone: dialects, starting and reloading."""
import contextlib
import json
import statistics
import threading
import time
import urllib.request

from . import load, requests
from .bench import Column, Table
from .works_requests import figures as request_figures

PAIRS = [("openai", "openai"), ("anthropic", "anthropic"), ("openai", "anthropic"), ("anthropic", "openai")]
CROSSED_CHUNKS = 50


def crossing(bench):
    """Crossing dialects against staying in one: 1 KB and 100 KB, answers and streams."""
    tables = []
    for size, title in ((900, "1 KB"), (100 << 10, "100 KB")):
        for stream in (False, True):
            tables.append(crossing_table(bench, size, title, stream))
    return tables


def crossing_table(bench, size, title, stream):
    remarks = []
    directives = f"n={CROSSED_CHUNKS} b=16" if stream else ""
    with contextlib.ExitStack() as stack:
        targets = [bench.start_own(stack, name=f"tidegate-{client}-to-{provider}", dialect=provider, client=client)
                   for client, provider in PAIRS]
        dialects = {target.name: client for target, (client, _) in zip(targets, PAIRS)}

        def data(target):
            return requests.request(target, size=size, directives=directives, stream=stream, dialect=dialects[target.name])

        def one(target):
            return request_figures(bench.run(target, data(target), connections=16, seconds=bench.seconds,
                                             chunks=CROSSED_CHUNKS if stream else 0))

        targets = bench.warm(targets, data, remarks, connections=16, chunks=CROSSED_CHUNKS if stream else 0)
        rows = bench.interleave(targets, one, remarks)
    base = "tidegate-openai-to-openai"
    columns = [Column("cpu_us", "CPU per request (µs)"), Column("apart_us", "index, apart (µs)"), Column("per_second", "requests/s", "{:,.0f}")]
    kind = f"streams of {CROSSED_CHUNKS} chunks" if stream else "answers"
    return Table(f"crossing-{title.replace(' ', '')}{'-stream' if stream else ''}", f"Crossing dialects, prompts of {title}, {kind}",
                 columns, rows, "cpu_us", base, remarks)


def big_configuration(bench):
    """1,000 features and 10,000 prompt versions."""
    return {"features": bench.arguments.features, "prompt_versions": 10}


def first_answer(bench, peer, **options):
    """Seconds from the start of the process to the end of its first answer."""
    with contextlib.ExitStack() as stack:
        started = time.monotonic()
        target = peer.start(stack, bench.folder, bench.target_cores, bench.upstream.address, **options)
        began = getattr(target.process, "started", started)
        load.run(bench.load_cores, target, requests.request(target), connections=1, seconds=0.001)
        return {"first_ms": (time.monotonic() - began) * 1000}


def start(bench):
    """From the start of the process to its first answer."""
    remarks = []
    rows = {}
    cases = [(name, peer, {}) for name, peer in bench.peers.items()]
    if bench.own:
        cases.append((f"tidegate, {bench.arguments.features:,} features", bench.own, big_configuration(bench)))
    for name, peer, options in cases:
        try:
            times = [first_answer(bench, peer, **options)["first_ms"] for _ in range(bench.rounds)]
            rows[name] = {"first_ms": statistics.median(times)}
            bench.say(f"  {name:30} {rows[name]['first_ms']:,.0f} ms")
        except (RuntimeError, load.WrongAnswer) as error:
            bench.leave_out(name, error, remarks)
    return [Table("start", "Start to first answer", [Column("first_ms", "ms", "{:,.0f}")], rows, "first_ms", remarks=remarks)]


def two_configurations(folder):
    """Texts to change between, made before anything is measured: making them takes a core for longer than a reload does."""
    config = json.loads((folder / "tidegate.yaml").read_text())
    texts = []
    for number in range(2):
        config["features"]["chat"]["serve"] = {"next": 10 + number, "stable": 90 - number}
        texts.append(json.dumps(config))
    return texts


def reload_once(target, folder, text):
    """Changes the configuration and asks for it; (seconds until every thread had it, seconds of CPU of the I/O threads)."""
    new = folder / "tidegate.new"
    new.write_text(text)
    before = io_seconds(target)
    new.rename(folder / "tidegate.yaml")
    began = time.monotonic()
    request = urllib.request.Request(f"http://{target.admin}/admin/v1/reload", b"", {"content-type": "application/json"}, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        if not json.load(answer)["reloaded"]:
            raise RuntimeError("the reload was refused")
    return time.monotonic() - began, io_seconds(target) - before


def io_seconds(target):
    return sum(used for name, used in target.cpu().items() if name.startswith("io-"))


def reload(bench):
    """Reloading 1,000 features and 10,000 prompt versions, and what it does to the p99 of 500 requests/s meanwhile."""
    remarks = []
    with contextlib.ExitStack() as stack:
        target = bench.start_own(stack, **big_configuration(bench))
        folder = target.process.log.parent
        texts = two_configurations(folder)
        data = requests.request(target)
        bench.warm([target], lambda _: data, remarks, connections=64)
        times, spent = zip(*(reload_once(target, folder, texts[number % 2]) for number in range(max(3, bench.rounds))))
        rows = {"reload": {"ms": statistics.median(times) * 1000, "io_ms": statistics.median(spent) * 1000}}
        calm, busy = [], []
        for _ in range(bench.rounds):
            calm.append(steady(bench, target, data, folder, ()))
            busy.append(steady(bench, target, data, folder, texts))
        for name, figures in (("500 requests/s", calm), ("500 requests/s, a reload each second", busy)):
            rows[name] = {key: statistics.median(one[key] for one in figures) for key in figures[0]}
            bench.say(f"  {name}: {rows[name]}")
    columns = [Column("ms", "reload (ms)", "{:,.0f}"), Column("io_ms", "of it CPU of I/O threads (ms)"),
               Column("p50_us", "p50 (µs)", "{:,.0f}"), Column("p99_us", "p99 (µs)", "{:,.0f}")]
    title = f"Reload of {bench.arguments.features:,} features and {10 * bench.arguments.features:,} prompt versions"
    return [Table("reload", title, columns, rows, "p99_us", "500 requests/s", remarks)]


def steady(bench, target, data, folder, texts):
    """500 requests/s, with a reload each second if there are texts to change between."""
    stop = threading.Event()
    errors = []

    def reloads():
        number = 0
        while not stop.wait(1):
            number += 1
            try:
                reload_once(target, folder, texts[number % 2])
            except (OSError, RuntimeError) as error:
                errors.append(error)
                return

    thread = threading.Thread(target=reloads)
    if texts:
        thread.start()
    try:
        report = load.run(bench.load_cores, target, data, connections=256, rate=500, seconds=max(5, bench.seconds))
    finally:
        stop.set()
        if texts:
            thread.join()
    if errors:
        raise RuntimeError(f"a reload under load failed: {errors[0]}")
    target.settle()
    return {"p50_us": report["latency"]["p50_us"], "p99_us": report["latency"]["p99_us"]}
