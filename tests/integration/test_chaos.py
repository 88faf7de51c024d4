"""Everything at once, from a seed: kills, clients that leave, failing upstreams, reloads and a sink that goes away. Then the
accounts are made: with `strict` every acknowledged call is on record and in Kafka, and money agrees to the nano-dollar.

TIDEGATE_CHAOS_SEED repeats a run, TIDEGATE_CHAOS_SECONDS sets its length. CI runs it for seconds, script/soak for ten minutes.
"""
import asyncio
import collections
import contextlib
import os
import random
import time

from harness.gateway import wait_until
from harness.load import Load, abort_streams, chat_bytes, scaled
from test_budgets import MODEL, SMALL, accounts_of, wait_costs

try:
    from harness import kafka as kafka_server
    KAFKA_MISSING = kafka_server.missing()
except ImportError:
    KAFKA_MISSING = "no kafka-python (script/test-tools installs it)"

SECONDS = float(os.environ.get("TIDEGATE_CHAOS_SECONDS", scaled(0, 600)))
CONNECTIONS = 8
# Dollars. `f` is to call its dear model to the end: some 0.2 $ a second, and what a kill leaves leased is away for ten minutes
# (at most what ten seconds cost). `tight` is to reach its ceiling.
FAULTS = {"status": "status=500", "drop": "drop", "reset": "reset,after=2", "stall": "stall,after=2", "garbage": "garbage,after=2"}
CEILINGS = {"f": 50 + 5 * SECONDS, "g": 50, "tight": 0.002, **{f"faulty-{name}": 50 for name in FAULTS}}
TOPIC = "chaos"


def configuration(simulator, generation):
    """Reloads change a limit and a weight; nothing that needs a restart."""
    chain = "variants: {v: {model: %s, fallback: [cheap]}, cheap: {model: cheap}}, serve: v"
    return "\n".join([
        "guardrails: {mail: {kind: pii, categories: [email], output: redact}}",
        "providers:", simulator.providers("timeouts: {first_token: 1s, idle: 1s, total: 3s}"), "models:",
        f'  steady: {{provider: sim, id: "chaos-steady--tokens=12,latency=5ms~3ms", {MODEL}}}',
        f'  slow: {{provider: sim, id: "chaos-slow--tokens=12,latency=5ms~3ms,rate=400", {MODEL}}}',
        f'  cheap: {{provider: sim, id: "chaos-cheap--tokens=4", {SMALL}}}',
        *(f'  {name}: {{provider: sim, id: "chaos-{name}--{directives}", {MODEL}}}' for name, directives in FAULTS.items()),
        "features:",
        f"  f:",
        f"    variants: {{v: {{model: steady, max_output_tokens: {200 + generation % 50}, guardrails: [mail], fallback: [cheap]}}, "
        f"cheap: {{model: cheap}}}}",
        f"    serve: {{cheap: {1 + generation % 5}, v: {99 - generation % 5}}}",
        f"    budget: {{monthly_usd: {CEILINGS['f']}, at_ceiling: [cheap]}}",
        f"  g: {{{chain % 'slow'}, budget: {{monthly_usd: {CEILINGS['g']}}}}}",
        f"  tight: {{variants: {{v: {{model: slow, max_output_tokens: 20}}}}, serve: v, "
        f"budget: {{monthly_usd: {CEILINGS['tight']}, degrade_from: 100%, at_ceiling: [reject]}}}}",
        *(f"  faulty-{name}: {{{chain % name}, budget: {{monthly_usd: {CEILINGS['faulty-' + name]}}}}}" for name in FAULTS),
    ]) + "\n"


# One of these is played after the other, each in an order of its own; an outage of Kafka takes the longest.
DECK = ["kill"] * 4 + ["abort"] * 3 + ["fault"] * 3 + ["reload"] * 4 + ["spend"] * 2 + ["calm"] * 2 + ["outage"]


class Chaos:
    """One seeded run: the seed repeats the order of events, not the moments at which they meet the calls."""

    def __init__(self, seed, start, simulator, kafka, folder, events):
        self.random = random.Random(seed)
        self.start, self.simulator, self.kafka, self.folder, self.events = start, simulator, kafka, folder, events
        self.generation = 0
        self.counts = collections.Counter()
        self.answers = collections.Counter()  # of questions outside the load, by feature and status
        self.acknowledged = set()
        self.begin()

    def begin(self):
        self.gateway = self.start(configuration(self.simulator, self.generation), self.folder, events=self.events)
        self.load = Load(self.gateway.ports["api"], chat_bytes("f", headers={"x-tidegate-user": "u1"}), connections=CONNECTIONS)
        self.load.__enter__()

    def stop_load(self):
        self.load.__exit__(None, None, None)
        assert set(self.load.statuses) <= {200, 502, 503, 504}, self.load.summary()
        self.acknowledged.update(self.load.acknowledged)

    def ask(self, feature, allowed, **body):
        answer = self.gateway.chat(feature, **body)
        assert answer.status_code in allowed, (feature, answer.status_code, answer.text)
        self.answers[feature, answer.status_code] += 1
        if answer.status_code == 200:
            self.acknowledged.add(answer.headers["x-tidegate-call-id"])

    def play(self):
        for name in self.random.sample(DECK, len(DECK)):
            getattr(self, name)()
            self.counts[name] += 1

    def kill(self):
        time.sleep(self.random.uniform(0, 0.3))  # at a random moment
        self.gateway.kill()
        self.stop_load()
        self.begin()

    def abort(self):
        request = chat_bytes("g", stream=True)
        asyncio.run(abort_streams(self.gateway.ports["api"], request, 20, 10, lambda number: self.random.randrange(600)))

    def fault(self):
        """A fallback answers, or, where a stream had begun, an error event ends it."""
        for name in self.random.sample(list(FAULTS), len(FAULTS)):
            self.ask(f"faulty-{name}", {200, 502, 503, 504}, stream=self.random.random() < 0.5)

    def reload(self):
        self.generation += 1
        self.gateway.write_config(configuration(self.simulator, self.generation))
        assert self.gateway.reload().status_code == 200

    def spend(self):
        for _ in range(10):
            self.ask("tight", {200, 429, 503})

    def outage(self):
        if not self.kafka:
            return
        self.kafka.kill()
        time.sleep(self.random.uniform(0, 0.5))  # Kafka is away for a while
        self.kafka.begin()

    def calm(self):
        before = self.load.total
        wait_until(lambda: self.load.total > before + 20, 20, "calls")

    def finish(self):
        self.stop_load()
        return self.gateway


@contextlib.contextmanager
def broker(folder):
    """A Kafka with the topic, or None where there can be none."""
    if KAFKA_MISSING:
        yield None
        return
    with kafka_server.Kafka(folder) as kafka:
        kafka.create(TOPIC)
        yield kafka


def check_money(accounts, costs, asked, kills, note):
    """In nano-dollars. What the provider was asked is paid for, also where nobody was there any more to hear the answer."""
    spent = sum(figures[0] for figures in accounts.values())
    recorded = sum(cost for _, cost in costs.values())
    note(f"{len(costs)} records cost {recorded}, the ledger says (spent, forfeited, leased) {accounts}")
    assert spent == recorded
    for feature, ceiling in CEILINGS.items():
        assert sum(accounts[feature]) <= ceiling * 10**9, feature
    # Every question to `steady` is the same and costs the same.
    price = min(cost for model, cost in costs.values() if model == "steady" and cost > 0)
    note(f"the provider was asked {asked} times for {price} each")
    assert asked * price <= sum(accounts["f"])
    assert asked * price <= accounts["f"][0] + kills * CONNECTIONS * price, "only what a kill met on its way has no record"


def test_after_chaos_the_accounts_agree(start, own_simulator, tmp_path, note):
    seed = int(os.environ.get("TIDEGATE_CHAOS_SEED", random.randrange(1 << 30)))
    with broker(tmp_path / "kafka") as kafka:
        sink = f'{{kafka: {{brokers: "{kafka.brokers}", topic: {TOPIC}}}}}, ' if kafka else ""
        events = f"durability: strict, sinks: [{sink}{{jsonl: {{path: calls.jsonl, rotate_bytes: 64MiB, keep_files: 2}}}}]"
        deadline = time.monotonic() + SECONDS
        chaos = Chaos(seed, start, own_simulator, kafka, tmp_path / "data", events)
        chaos.play()
        while time.monotonic() < deadline:
            chaos.play()
        chaos.calm()
        gateway = chaos.finish()
        note(f"seed {seed}: {dict(chaos.counts)}, {len(chaos.acknowledged)} acknowledged calls, {dict(chaos.answers)}")
        patience = 60 + len(chaos.acknowledged) // 2000  # at the rate of a slow machine
        costs = wait_costs(gateway, chaos.acknowledged, patience)
        if kafka:
            with kafka.reader(TOPIC, keep=False) as reader:
                reader.wait_for(chaos.acknowledged, patience)
        else:
            note(f"without Kafka: {KAFKA_MISSING}")
        wait_until(lambda: gateway.status()["sinks"]["ledger"]["lag_seconds"] == 0, patience, "the ledger")
        gateway.end()
    asked = sum(count for name, count in own_simulator.statistics()["models"].items() if name.startswith("chaos-steady"))
    check_money(accounts_of(tmp_path / "data/data/tidegate.db"), costs, asked, chaos.counts["kill"], note)
