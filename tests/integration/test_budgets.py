"""Ceilings through the gateway: what they let through, what serves instead, and what the ledger says afterwards."""
import asyncio
import collections
import random
import sqlite3
import time
from decimal import Decimal

import pytest

from harness.gateway import SLOW, wait_until
from harness.load import Load, chat_bytes, read_answer, scaled

MODEL = "context: 128000, max_output: 1000, price: {input: 2.00, output: 8.00}"
SMALL = "context: 128000, max_output: 1000, price: {input: 0.02, output: 0.04}"
TEXT = "What is the tide?"


def dollars(nanos):
    return f"{Decimal(nanos) / 10**9:.9f}"


def configuration(simulator, features, models="", store="sqlite:store.db"):
    return "\n".join([
        f'store: {{url: "{store}"}}', "providers:", simulator.providers(), "models:",
        f'  large: {{provider: sim, id: "large--tokens=20", {MODEL}}}',
        f'  small: {{provider: sim, id: "small--tokens=5", {SMALL}}}',
        f'  slow: {{provider: sim, id: "slow--tokens=20,latency={4 * SLOW}s", {MODEL}}}',
        models, "features:", features,
    ]) + "\n"


def worst_case(gateway, feature):
    """What is set aside for one call of `TEXT` as chat_bytes writes it: a token a byte."""
    async def ask():
        host, port = gateway.ports["api"].rsplit(":", 1)
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(chat_bytes(feature, TEXT))
        answer = await read_answer(reader)
        writer.close()
        return answer

    answer = asyncio.run(ask())
    assert answer.status == 200, answer.body
    return gateway.wait_record(answer.headers["x-tidegate-call-id"])["attempts"][0]["reserved_nano_usd"]


def test_from_a_share_of_the_ceiling_on_a_cheaper_entry_serves(simulator, start):
    gateway = start(configuration(simulator, """
  f:
    variants: {first: {model: large}, cheap: {model: small}}
    answers: {sorry: {text: Sorry.}}
    serve: first
    budget: {monthly_usd: 0.05, degrade_from: 50%, at_ceiling: [cheap, sorry]}
"""))
    answers = [gateway.chat("f", TEXT) for _ in range(180)]
    assert {answer.status_code for answer in answers} == {200}
    degraded = [answer for answer in answers if answer.headers.get("x-tidegate-degraded") == "budget"]
    assert degraded and answers[0] not in degraded
    assert {answer.headers["x-tidegate-variant"] for answer in degraded} == {"cheap"}
    spent = sum(Decimal(answer.headers["x-tidegate-cost-usd"]) for answer in answers if answer not in degraded)
    # The level is at most a second old, and what is set aside counts.
    assert Decimal("0.015") < spent <= Decimal("0.05")
    record = gateway.wait_record(degraded[0].headers["x-tidegate-call-id"])
    assert (record["outcome"], record["fallback_entry"], record["fallback_reason"]) == ("degraded", "cheap", "budget")
    gateway.wait_metric(len(degraded), "tidegate_budget_degraded_total", feature="f", action="cheap")


def test_behind_the_list_the_budget_is_exhausted(simulator, start):
    gateway = start(configuration(simulator, """
  f: {variants: {v: {model: large}}, serve: v, budget: {monthly_usd: 0.000001, at_ceiling: [reject]}}
  g: {variants: {v: {model: large}}, serve: v, budget: {monthly_usd: 0.000001}}
  h: {variants: {v: {model: large}}, answers: {sorry: {text: Sorry.}}, serve: v, budget: {monthly_usd: 0.000001, at_ceiling: [sorry]}}
"""))
    for feature in ("f", "g"):
        answer = gateway.chat(feature, TEXT)
        assert (answer.status_code, answer.headers["x-tidegate-error"]) == (429, "budget_exhausted")
        assert answer.headers["x-should-retry"] == "false" and int(answer.headers["retry-after"]) > 0
        assert answer.json()["error"]["code"] == "budget_exhausted"
        assert gateway.wait_record(answer.headers["x-tidegate-call-id"])["outcome"] == "rejected"
    message = gateway.message("f", TEXT)
    assert message.status_code == 429 and message.json()["error"]["message"].startswith("budget_exhausted")
    free = gateway.chat("h", TEXT)
    assert free.status_code == 200 and free.headers["x-tidegate-degraded"] == "budget"


def test_what_nothing_bounds_is_refused(simulator, start):
    gateway = start(configuration(simulator, """
  limited: {variants: {v: {model: large}}, serve: v, budget: {monthly_usd: 1}}
  metered: {variants: {v: {model: large}}, serve: v}
"""))
    search = {"web_search_options": {}}
    refused = gateway.chat("limited", TEXT, **search)
    assert (refused.status_code, refused.headers["x-tidegate-error"]) == (400, "invalid_request")
    assert "web_search" in refused.text
    assert gateway.chat("metered", TEXT, **search).status_code == 200


def test_thinking_between_tools_is_set_aside_beside_the_limit(simulator, start):
    gateway = start(configuration(simulator, "  f: {variants: {v: {model: claude}}, serve: v, budget: {monthly_usd: 5}}",
                                  models=f'  claude: {{provider: sim-anthropic, id: "thinks--tokens=20", {MODEL}}}'))

    def reserved(**body):
        answer = gateway.message("f", TEXT, **body)
        assert answer.status_code == 200, answer.text
        return gateway.wait_record(answer.headers["x-tidegate-call-id"])["attempts"][0]["reserved_nano_usd"]

    thinking = {"type": "enabled", "budget_tokens": 4000}
    tools = [{"name": "tide", "input_schema": {"type": "object"}}]
    apart = reserved(tools=tools)
    assert 4000 * 8000 <= reserved(tools=tools, thinking=thinking) - apart < 4000 * 8000 + 200 * 2000, "the budget and some bytes"
    assert reserved(thinking=thinking) - reserved() < 200 * 2000, "without tools it is part of the limit"


def test_a_fallback_that_does_not_fit_is_skipped(simulator, start):
    probe = start(configuration(simulator, "  f: {variants: {v: {model: large}}, serve: v}"))
    worst = worst_case(probe, "f")
    gateway = start(configuration(simulator, f"""
  f:
    variants: {{failing: {{model: broken, fallback: [dear, sorry]}}, dear: {{model: large}}}}
    answers: {{sorry: {{text: Sorry.}}}}
    serve: failing
    budget: {{monthly_usd: {dollars(worst // 2)}, degrade_from: 100%, at_ceiling: [reject]}}
""", models=f'  broken: {{provider: sim, id: "budget-broken--status=500", {SMALL}}}'))
    answer = gateway.chat("f", TEXT)
    assert answer.headers["x-tidegate-fallback"] == "sorry;reason=budget", answer.headers
    record = gateway.wait_record(answer.headers["x-tidegate-call-id"])
    assert [attempt["reason"] for attempt in record["attempts"]] == ["error", "budget"]


async def ask_all_at_once(addresses, request, count):
    """Statuses of `count` requests, all on their way before the first is answered."""
    async def one(number):
        host, port = addresses[number % len(addresses)].rsplit(":", 1)
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        answer = await read_answer(reader)
        writer.close()
        return answer.status

    return collections.Counter(await asyncio.gather(*(one(number) for number in range(count))))


@pytest.mark.parametrize("processes", [1, 2])
def test_as_many_as_there_is_room_for_and_no_more(simulator, start, tmp_path, note, processes):
    probe = start(configuration(simulator, "  f: {variants: {v: {model: slow}}, serve: v}"))
    worst = worst_case(probe, "f")
    rounds = scaled(2, 20)
    for number in range(rounds):
        config = configuration(
            simulator, f"""
  f: {{variants: {{v: {{model: slow}}}}, serve: v, budget: {{monthly_usd: {dollars(10 * worst)}, degrade_from: 100%, at_ceiling: [reject]}}}}
""", store=f"sqlite:{tmp_path}/shared-{number}.db")
        gateways = [start(config) for _ in range(processes)]
        statuses = asyncio.run(ask_all_at_once([gateway.ports["api"] for gateway in gateways],
                                               chat_bytes("f", TEXT), 256))
        note(f"{processes} process(es), round {number}: {dict(statuses)}")
        assert set(statuses) <= {200, 429}
        assert statuses[200] == 10 if processes == 1 else 0 < statuses[200] <= 10
        for gateway in gateways:
            gateway.end()


def accounts_of(path):
    """{account: (spent, forfeited, still leased)} over all months, in nano-dollars."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as store:
        rows = store.execute("SELECT account, SUM(spent), SUM(forfeited), SUM(leased) FROM ledger_months GROUP BY account").fetchall()
    return {name: tuple(figures) for name, *figures in rows}


def ledger_of(path):
    """(spent, forfeited, still leased) over all accounts and months, in nano-dollars."""
    return tuple(map(sum, zip(*accounts_of(path).values())))


def recorded_costs(gateway):
    """(model, cost in nano-dollars) of each call on record, by its id."""
    costs, before = {}, None
    while True:
        page = gateway.get_admin("/admin/v1/calls", params={"limit": 1000, **({"before": before} if before else {})}).json()
        costs.update((call["id"], (call.get("model"), call.get("cost_nano_usd", 0))) for call in page["calls"])
        before = page.get("next")
        if not before:
            return costs


def wait_costs(gateway, acknowledged, seconds=60):
    """recorded_costs, once the index has all of them. The log is in order: with the record of a last call every other is there."""
    wait_until(lambda: gateway.status()["io"]["tasks"] == 0, what="the end of every call")
    last = gateway.chat("f", TEXT).headers["x-tidegate-call-id"]
    wait_until(lambda: gateway.record(last), seconds, "the record of the last call")
    costs = recorded_costs(gateway)
    missing = acknowledged - costs.keys()
    assert not missing, f"{len(missing)} of {len(acknowledged)} acknowledged calls are not on record, e.g. {sorted(missing)[:3]}"
    return costs


def test_records_and_ledger_agree_after_kills(simulator, start, tmp_path, note):
    """With `strict` every acknowledged call is on record; the ledger is never below the records and, once the logs were
    read again, equal to them: what died unsettled stays `forfeited` beside."""
    folder = tmp_path / "data"
    config = configuration(simulator, """
  f: {variants: {v: {model: large}}, serve: v, budget: {monthly_usd: 20, degrade_from: 100%, at_ceiling: [reject]}}
""", models="")
    randomness = random.Random(7)
    acknowledged = set()
    kills = scaled(5, 100)
    for _ in range(kills):
        gateway = start(config, folder, events="durability: strict")
        load = Load(gateway.ports["api"], chat_bytes("f", TEXT), connections=16)
        with load:
            wait_until(lambda: load.total > 20, 20, "load")
            time.sleep(randomness.uniform(0, 0.3))  # the kill has to come at a random moment
            gateway.kill()
        acknowledged.update(load.acknowledged)
        assert set(load.statuses) <= {200}, load.summary()
    gateway = start(config, folder, events="durability: strict")
    costs = wait_costs(gateway, acknowledged)
    gateway.end()
    recorded, count = sum(cost for _, cost in costs.values()), len(costs)
    spent, forfeited, _ = ledger_of(folder / "store.db")
    note(f"{kills} kills, {len(acknowledged)} acknowledged, {count} on record, spent {spent}, forfeited {forfeited}")
    assert spent == recorded, "every settlement is on record, and every record is settled"
    assert spent + forfeited <= 20 * 10**9


def test_a_month_of_a_key_is_refused_and_of_others_is_not(simulator, start, binary):
    import hashlib
    digests = {name: hashlib.sha256(f"tg_{name}".encode()).hexdigest() for name in ("poor", "rich", "few")}
    gateway = start(configuration(simulator, "  f: {variants: {v: {model: large}}, serve: v}"), access=(
        "keys: ["
        f"{{name: poor, sha256: {digests['poor']}, features: [f], monthly_usd: 0.000001}}, "
        f"{{name: rich, sha256: {digests['rich']}, features: [f], monthly_usd: 10}}, "
        f"{{name: few, sha256: {digests['few']}, features: [f], tokens_per_minute: 1500}}]"))

    def ask(name):
        return gateway.chat("f", TEXT, headers={"authorization": f"Bearer tg_{name}"})

    refused = ask("poor")
    assert (refused.status_code, refused.headers["x-tidegate-error"]) == (429, "budget_exhausted"), refused.text
    assert refused.headers["x-should-retry"] == "false"
    assert ask("rich").status_code == 200
    # Its worst case counts while it runs, what it did not use comes back: many small calls fit in a row.
    answers = [ask("few") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    huge = gateway.chat("f", TEXT * 200, headers={"authorization": "Bearer tg_few"})
    assert (huge.status_code, huge.headers["x-tidegate-error"]) == (429, "rate_limited")
    assert "retry-after" in huge.headers


def test_a_ceiling_changes_with_a_reload(simulator, start):
    def config(monthly):
        return configuration(simulator, f"  f: {{variants: {{v: {{model: large}}}}, serve: v, budget: {{monthly_usd: {monthly}, at_ceiling: [reject]}}}}")

    gateway = start(config("0.000001"))
    assert gateway.chat("f", TEXT).status_code == 429
    gateway.write_config(config("5"))
    assert gateway.reload().status_code == 200
    assert gateway.chat("f", TEXT).status_code == 200
    # A configuration that is refused changes no ceiling.
    gateway.write_config(config("0.000001") + "nonsense: true\n")
    assert gateway.reload().status_code != 200
    assert gateway.chat("f", TEXT).status_code == 200
    gateway.wait_metric(5, "tidegate_budget_ceiling_usd", feature="f", account="users")


def test_a_lease_that_comes_too_late_is_no_spent_budget(simulator, start, tmp_path):
    """Somebody else holds the store: nobody knows yet whether the call fits, so another try is worth while."""
    gateway = start(configuration(simulator, """
  f: {variants: {v: {model: large}}, serve: v, budget: {monthly_usd: 5}}
  g: {variants: {v: {model: large}}, answers: {sorry: {text: Sorry.}}, serve: v, budget: {monthly_usd: 5, at_ceiling: [sorry]}}
""") + "\n", tmp_path / "late")
    with sqlite3.connect(tmp_path / "late/store.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        late = gateway.chat("f", TEXT)
        degraded = gateway.chat("g", TEXT)
        other.execute("ROLLBACK")
    assert (late.status_code, late.headers["x-tidegate-error"]) == (503, "overloaded"), late.text
    assert late.headers["retry-after"] == "1" and "x-should-retry" not in late.headers
    assert degraded.status_code == 200 and degraded.headers["x-tidegate-degraded"] == "budget"
    gateway.wait_metric(lambda late: late >= 2, "tidegate_budget_lease_late_total")
    wait_until(lambda: gateway.chat("f", TEXT).status_code == 200, 20, "a lease")


def test_spending_levels_are_announced_once_by_whoever_is_first_and_stay(simulator, start, tmp_path):
    config = configuration(simulator, """
  f: {variants: {v: {model: large, max_output_tokens: 30}}, serve: v, budget: {monthly_usd: 0.02, degrade_from: 100%, at_ceiling: [reject]}}
""", store=f"sqlite:{tmp_path}/shared.db")
    gateways = [start(config) for _ in range(2)]

    def level(gateway):
        return gateway.metric("tidegate_budget_level_percent", feature="f", account="users")

    def count(percent):
        return sum(gateway.metric("tidegate_budget_levels_total", feature="f", account="users", level=percent) for gateway in gateways)

    assert [level(gateway) for gateway in gateways] == [0, 0]
    assert 'tidegate_budget_levels_total{feature="f",account="users",level="50"}' in gateways[0].metrics(), "from 0 on"

    def spent():
        # The last level needs a call that does not fit.
        for gateway in gateways:
            gateway.chat("f", TEXT)
        return level(gateways[0]) == 100

    wait_until(spent, 60, "the last level")
    gateways[1].wait_metric(100, "tidegate_budget_level_percent", feature="f", account="users")
    # The last is counted behind the write that every process may have read already.
    for percent in (50, 80, 95, 100):
        wait_until(lambda: count(percent) == 1, what=f"one count of {percent} %")

    def told():
        lines = [line for gateway in gateways for line in gateway.log if "spending has reached a level: account=users name=f" in line]
        return sorted(int(line.split("level=")[1].split()[0]) for line in lines)

    wait_until(lambda: len(told()) >= 4, what="a line for each level")
    assert told() == [50, 80, 95, 100]

    first = gateways[0]
    first.end()
    again = start(config, first.folder)
    assert level(again) == 100
    again.wait_log("was announced before: account=users name=f level=100")
    assert again.chat("f", TEXT).status_code == 429
    assert again.metric("tidegate_budget_levels_total") == 0, "nothing is announced twice"
