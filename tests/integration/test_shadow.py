"""The shadow lane: what it repeats, what it drops, what it costs and says - and that no user ever notices it."""
import json
import signal

import pytest

from harness import plain
from harness.configs import said
from harness.gateway import wait_until
from harness.load import Load, chat_bytes, scaled

PRICE = "context: 128000, max_output: 1000, price: {input: 1.00, output: 2.00}"
SHADOW = "sample: 100%, noise_sample: 0%, timeout: 5s, minimum_time: 1ms"


def config(simulator, live="tokens=6", candidate="tokens=6", shadow="", feature="", more=""):
    """One feature `chat`: `stable` on the model `one` serves, `next` on the model `two` is the candidate."""
    lane = f"    shadow: {{variant: next, {shadow or SHADOW}}}\n" if shadow != "off" else ""
    return (f"{more}providers:\n{simulator.providers()}"
            "models:\n"
            f'  one: {{provider: sim, id: "one--{live}", {PRICE}}}\n'
            f'  two: {{provider: sim, id: "two--{candidate}", {PRICE}}}\n'
            "features:\n"
            "  chat:\n"
            "    budget: {monthly_usd: 100}\n"
            "    variants: {stable: {model: one}, next: {model: two}}\n"
            "    serve: stable\n" + lane + feature)


def outcomes(gateway, variant="next"):
    """{'ok': 3, …} of the runs of a variant, without zeros."""
    found = {}
    for series, value in gateway.metrics().items():
        if series.startswith("tidegate_shadow_calls_total{") and f'variant="{variant}"' in series and value:
            found[series.split('outcome="')[1].split('"')[0]] = int(value)
    return found


def wait_outcomes(gateway, count, variant="next", seconds=15):
    return wait_until(lambda: sum(outcomes(gateway, variant).values()) >= count and outcomes(gateway, variant), seconds,
                      f"{count} runs of {variant}, of which there are {outcomes(gateway, variant)}")


def runs(gateway, count, **filters):
    """The records of shadow runs, newest first, once there are so many."""
    def listed():
        calls = gateway.get_admin("/admin/v1/calls", params={"shadow": "true", "limit": 1000, **filters}).json()["calls"]
        return calls if len(calls) >= count else None
    return [gateway.record(call["id"]) for call in wait_until(listed, 15, f"{count} records of shadow runs")]


def calls(gateway):
    return gateway.get_admin("/admin/v1/calls", params={"limit": 1000}).json()["calls"]


def report(gateway, **filters):
    return gateway.get_admin("/admin/v1/shadow/chat", params=filters).json()


def wait_report(gateway, pairs):
    """The report once so many pairs are in it."""
    return wait_until(lambda: (found := report(gateway))["pairs"]["compared"] >= pairs and found, 15, f"{pairs} pairs")


def spent(gateway, account):
    return gateway.metric("tidegate_budget_spent_usd", feature="chat", account=account)


# No user notices it

@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_an_answer_is_the_same_byte_for_byte(start, own_simulator, stream):
    """Bodies but for the second in which they were made; headers but for those of the call, the time and the framing."""
    def ask(gateway, text):
        answer = gateway.chat("chat", text, stream=stream)
        assert answer.status_code == 200
        headers = {name: value for name, value in answer.headers.items()
                   if name not in ("date", "server-timing", "x-tidegate-call-id", "x-request-id", "content-length", "transfer-encoding")}
        body = b"\n".join(line for line in answer.content.split(b"\n") if line)
        for chunk in set(part.split(b",")[0].split(b"}")[0] for part in body.split(b'"created":')[1:]):
            body = body.replace(b'"created":' + chunk, b'"created":0')
        return headers, body

    without = start(config(own_simulator, shadow="off"))
    shadowed = start(config(own_simulator, candidate="hang"))
    for number in range(5):
        assert ask(without, f"question {number}") == ask(shadowed, f"question {number}")
    wait_until(lambda: own_simulator.statistics()["models"].get("two--hang"), what="a run")


def test_users_have_their_answers_while_the_candidate_hangs(start, simulator):
    """Every run hangs until its timeout, the lane is full, and calls are answered all the same."""
    gateway = start(config(simulator, candidate="hang", shadow="sample: 100%, noise_sample: 0%, timeout: 60s, concurrent: 4"))
    for number in range(20):
        assert gateway.chat("chat", f"question {number}").status_code == 200
    assert wait_outcomes(gateway, 16) == {"dropped_busy": 16}


def test_nothing_of_the_users_counts_a_run(start, simulator):
    """The candidate breaks, and users whose variant it is have a closed circuit, their own figures and their own money."""
    targeting = "    targeting: [{name: beta, when: {plan: beta}, serve: next}]\n"
    gateway = start(config(simulator, candidate="status=500", feature=targeting))
    for number in range(15):
        assert gateway.chat("chat", f"question {number}").status_code == 200
    wait_outcomes(gateway, 15)
    assert outcomes(gateway) == {"failed": 5, "dropped_unavailable": 10}, "the lane's own circuit opened"
    gateway.wait_metric(15, "tidegate_requests_total", variant="stable", outcome="ok")
    assert gateway.metric("tidegate_circuit_state", model="two") == 0
    assert gateway.metric("tidegate_upstream_attempts_total", model="two") == 0
    assert gateway.metric("tidegate_requests_total", variant="next") == 0
    answer = gateway.chat("chat", metadata={"plan": "beta"})
    assert answer.status_code == 502
    gateway.wait_metric(1, "tidegate_upstream_attempts_total", model="two", outcome="error")  # users still try it
    wait_until(lambda: len(calls(gateway)) == 16, what="the users' records")
    assert {call["variant"] for call in calls(gateway)} == {"stable", "next"}
    assert len(runs(gateway, 5)) == 5


def test_a_judge_that_runs_ask_is_not_worn_out_for_users(start, own_simulator):
    """It fails whenever it is asked: the lane stops asking it, users have all its tries and figures to themselves."""
    judge = 'guardrails: {rude: {kind: judge, model: verdict, rubric: "Is it rude?", output: block, on_failure: allow}}\n'
    text = config(own_simulator, more=judge, feature="  judged: {variants: {only: {model: one, guardrails: [rude]}}, serve: only}\n")
    text = text.replace("{model: two}", "{model: two, guardrails: [rude]}").replace(
        "features:\n", f'  verdict: {{provider: sim, id: "verdict--status=500", {PRICE}}}\nfeatures:\n')

    def asked():
        return own_simulator.statistics()["models"].get("verdict--status=500", 0)

    gateway = start(text)
    for number in range(15):
        assert gateway.chat("chat", f"question {number}").status_code == 200
    assert wait_outcomes(gateway, 15) == {"ok": 15}, "without a verdict the text passes"
    by_runs = asked()
    assert by_runs >= 5
    assert gateway.metric("tidegate_circuit_state", model="verdict") == 0
    assert gateway.metric("tidegate_upstream_attempts_total", model="verdict") == 0
    assert gateway.chat("chat", "one more").status_code == 200
    wait_outcomes(gateway, 16)
    assert asked() == by_runs, "the lane's own circuit opened"
    assert gateway.chat("judged").status_code == 200
    assert asked() > by_runs, "users still ask it"
    gateway.wait_metric(1, "tidegate_upstream_attempts_total", model="verdict", outcome="error")


def test_keys_and_their_limits_do_not_know_of_runs(start, simulator, binary):
    import subprocess
    made = json.loads(subprocess.run([binary, "key", "new", "app", "--json"], capture_output=True, text=True, check=True).stdout)
    access = f'access: {{keys: [{{name: app, sha256: ["{made["sha256"]}"], features: [chat], requests_per_minute: 5}}]}}\n'
    gateway = start(config(simulator, more=access), access=None)
    headers = {"authorization": f"Bearer {made['key']}"}
    statuses = [gateway.chat("chat", f"question {number}", headers=headers).status_code for number in range(6)]
    assert statuses == [200] * 5 + [429]
    assert wait_outcomes(gateway, 5) == {"ok": 5}
    assert runs(gateway, 5)[0]["key"] == "app"
    for number in range(3):
        assert baseline(gateway, headers=headers).status_code == 202, "not a call of the key's"
    assert baseline(gateway).status_code == 401
    assert baseline(gateway, model="other", headers=headers).status_code == 403


# Its bounds

def test_its_money_is_its_own_and_ends_at_its_ceiling(start, simulator):
    """A run costs some 45 µ$ and sets 2 m$ aside: the lane ends within 10 m$, users go on."""
    gateway = start(config(simulator, candidate="tokens=20", shadow=SHADOW + ", monthly_usd: 0.01"))
    for number in range(400):
        assert gateway.chat("chat", f"question {number}").status_code == 200
        if wait_outcomes(gateway, number + 1).get("dropped_budget", 0) > 3:
            break
    found = outcomes(gateway)
    assert found["ok"] > 100 and found["dropped_budget"] > 3, found
    assert gateway.chat("chat").status_code == 200
    records = runs(gateway, found["ok"])
    cost = sum(record["cost_nano_usd"] for record in records) / 1e9
    assert cost <= 0.01
    assert all(attempt["account"] == "shadow" for record in records for attempt in record["attempts"])
    wait_until(lambda: abs(spent(gateway, "shadow") - cost) < 1e-9, what=f"{cost} spent by the lane")
    wait_until(lambda: len(calls(gateway)) == number + 2, what="the records of all calls of users")
    users = sum(call["cost_nano_usd"] for call in calls(gateway)) / 1e9
    gateway.wait_metric(pytest.approx(users, abs=1e-9), "tidegate_cost_usd_total")  # no run in the users' cost


def test_a_run_ends_at_its_timeout(start, simulator):
    gateway = start(config(simulator, candidate="hang", shadow="sample: 100%, noise_sample: 0%, timeout: 300ms"))
    assert gateway.chat("chat").status_code == 200
    assert wait_outcomes(gateway, 1) == {"timeout": 1}
    record = runs(gateway, 1)[0]
    assert record["outcome"] == "timeout" and record["shadow"]["disagrees"] is True
    assert record["usage_kind"] == "bounded", "it may have cost something"


def test_the_sample_is_a_share_of_the_calls(start, simulator):
    count = scaled(600, 6000)
    # Without a ceiling of the users: whether their leases come in time is another test's matter.
    without_ceiling = config(simulator, shadow="sample: 20%, noise_sample: 5%, concurrent: 200").replace("    budget: {monthly_usd: 100}\n", "")
    gateway = start(without_ceiling)
    with Load(gateway.ports["api"], chat_bytes("chat"), connections=4) as load:
        wait_until(lambda: load.total >= count, 120)
    total = load.total
    assert len(load.acknowledged) == total, load.summary()
    wait_until(lambda: gateway.status()["io"]["tasks"] == 0, what="the end of all runs")
    candidate, noise = outcomes(gateway), outcomes(gateway, "stable")
    deviation = 6 * (total * 0.2 * 0.8) ** 0.5
    assert abs(sum(candidate.values()) - total * 0.2) < deviation, (candidate, total)
    assert abs(sum(noise.values()) - total * 0.05) < deviation, (noise, total)


def test_a_variant_that_a_reload_removed_is_dropped_and_counted(start, simulator):
    """The call is in progress when its lane goes; it keeps its own configuration and answers."""
    gateway = start(config(simulator, live="latency=2s,tokens=6"))
    import threading
    answers = []
    thread = threading.Thread(target=lambda: answers.append(gateway.chat("chat")))
    thread.start()
    gateway.wait_metric(1, "tidegate_requests_inflight")
    gateway.write_config(config(simulator, live="latency=2s,tokens=6", shadow="off"))
    assert gateway.reload().status_code == 200
    thread.join()
    assert answers[0].status_code == 200
    assert wait_outcomes(gateway, 1) == {"dropped_gone": 1}
    assert gateway.get_admin("/admin/v1/shadow/chat").status_code == 404


def test_a_run_in_progress_at_the_end_is_recorded(start, simulator, tmp_path):
    folder = tmp_path / "kept"
    gateway = start(config(simulator, candidate="stall,after=3"), folder)
    assert gateway.chat("chat", stream=True).status_code == 200
    wait_until(lambda: gateway.status()["upstream"]["in_flight"] == 1, what="the run")
    gateway.send_signal(signal.SIGTERM)
    assert gateway.wait_exit() == 0, gateway.log_text()
    gateway = start(config(simulator), folder)
    record = runs(gateway, 1)[0]
    assert record["outcome"] == "cancelled"
    assert record["shadow"].get("counts") is None and "disagrees" not in record["shadow"]
    assert record["cost_nano_usd"] > 0


def test_with_strict_records_a_run_waits_for_the_answer(start, simulator):
    gateway = start(config(simulator), events="durability: strict")
    for number in range(3):
        assert gateway.chat("chat", f"question {number}").status_code == 200
    assert wait_outcomes(gateway, 3) == {"ok": 3}
    assert len(runs(gateway, 3)) == 3


# What is compared

def test_streams_and_whole_answers_are_compared(start, simulator):
    same = "text=At%20noon%20the%20tide%20is%20high"
    gateway = start(config(simulator, live=same, candidate=same))
    for stream in (False, True):
        assert gateway.chat("chat", stream=stream).status_code == 200
    for record in runs(gateway, 2):
        shadow = record["shadow"]
        assert shadow["disagrees"] is False and shadow["role"] == "candidate"
        live = gateway.wait_record(shadow["live"]["call"])
        assert live["variant"] == "stable" and live["cost_nano_usd"] == shadow["live"]["cost_nano_usd"]
        assert live["usage"] == shadow["live"]["usage"]
        assert record["stream"] if live.get("stream") else "stream" not in record
        assert "At noon" in json.dumps(record["content"]["answer"]).replace('"}}]}', "") or record["stream"]
        assert "request" not in record["content"], "the live call's record has it"


def test_tool_calls_are_compared_and_not_run(start, simulator):
    tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]
    gateway = start(config(simulator, live="tool", candidate="tool"))
    for stream in (False, True):
        assert gateway.chat("chat", "weather?", tools=tools, stream=stream).status_code == 200
    for record in runs(gateway, 2):
        found = {comparison["comparator"]: comparison for comparison in record["shadow"]["comparisons"]}
        assert found["tool_calls"]["similarity"] == 1 and record["shadow"]["disagrees"] is False
    gateway = start(config(simulator, live="tool", candidate="text=It%20is%20sunny"))
    assert gateway.chat("chat", "What is it like?", tools=tools).status_code == 200
    assert runs(gateway, 1)[0]["shadow"]["disagrees"] is True


def test_both_dialects_and_a_crossing(start, simulator):
    """The live side speaks OpenAI to its provider, the candidate Anthropic; the client either."""
    same = "text=At%20noon%20the%20tide%20is%20high"
    text = config(simulator, live=same, candidate=same).replace('two: {provider: sim,', 'two: {provider: sim-anthropic,')
    gateway = start(text)
    for stream in (False, True):
        assert gateway.chat("chat", stream=stream, max_tokens=100).status_code == 200
        assert gateway.message("chat", stream=stream).status_code == 200
    records = runs(gateway, 4)
    assert {record["dialect"] for record in records} == {"openai", "anthropic"}
    assert [record["shadow"]["disagrees"] for record in records] == [False] * 4


def test_the_noise_sample_repeats_the_live_variant(start, own_simulator):
    gateway = start(config(own_simulator, shadow="sample: 0%, noise_sample: 100%, concurrent: 50"))
    for number in range(10):
        assert gateway.chat("chat", f"question {number}").status_code == 200
    assert wait_outcomes(gateway, 10, "stable") == {"ok": 10}
    assert outcomes(gateway) == {}
    models = own_simulator.statistics()["models"]
    assert models == {"one--tokens=6": 20}
    for record in runs(gateway, 10):
        assert record["variant"] == "stable" and record["shadow"]["role"] == "noise"
        assert record["attempts"][0]["account"] == "shadow"
    assert gateway.metric("tidegate_shadow_disagreement_ratio", variant="stable") == 0


def test_guardrails_keep_their_word_in_runs(start, simulator):
    """An address that the guardrail redacts reaches neither the candidate's provider nor the record."""
    guardrails = "guardrails: {pii: {kind: pii, categories: [email], input: redact, output: redact, stream: buffer}}\n"
    text = config(simulator, candidate="echo", more=guardrails).replace("{model: one}", "{model: one, guardrails: [pii]}").replace(
        "{model: two}", "{model: two, guardrails: [pii]}")
    gateway = start(text)
    assert gateway.chat("chat", "Write to jane.doe@example.com please").status_code == 200
    assert baseline(gateway, "I wrote to jane.doe@example.com", "Write to jane.doe@example.com please").status_code == 202
    records = runs(gateway, 2)
    assert all(record["shadow"].get("trips") for record in records), json.dumps(records)
    assert "jane.doe" not in json.dumps(records)
    assert "jane.doe" not in json.dumps(simulator.last(4)[:1])
    assert report(gateway)["candidate"]["trip_rate"]["value"] == 1


# An existing system

def baseline(gateway, answer="At noon.", text="When is high tide?", model="chat", headers=None, **more):
    body = {"model": model, "messages": [{"role": "user", "content": text}], "tidegate": {"baseline": answer}, **more}
    return plain.post(gateway.api + "/v1/shadow", json=body, headers=headers, timeout=30)


def test_an_existing_system_is_the_live_side(start, own_simulator):
    gateway = start(config(own_simulator, candidate="text=At%20noon."))
    answer = baseline(gateway)
    assert answer.status_code == 202 and answer.json()["accepted"] is True
    record = gateway.wait_record(answer.json()["id"])
    assert answer.headers["x-tidegate-call-id"] == record["id"]
    assert record["shadow"]["role"] == "baseline" and record["shadow"]["disagrees"] is False
    assert record["content"]["live_answer"]["text"] == "At noon."
    assert "When is high tide?" in record["content"]["request"]["text"]
    sent = json.dumps(own_simulator.last())
    assert "When is high tide?" in sent and "baseline" not in sent
    baseline(gateway, "At six.", max_tokens=50, headers={"anthropic-version": "2023-06-01"})
    found = wait_report(gateway, 2)
    assert found["by_live"] == [{"live": None, "compared": 2, "disagreed": 1}]
    assert calls(gateway) == [], "no call of a user"
    assert gateway.metric("tidegate_requests_total") == 0


def test_a_baseline_is_refused_with_what_is_missing(start, simulator):
    gateway = start(config(simulator))
    for body, words in (({"model": "chat", "messages": [{"role": "user", "content": "?"}]}, "tidegate.baseline"),
                        ({"model": "chat", "messages": [], "tidegate": {"baseline": 5}}, "string"),
                        ({"model": "none", "messages": [], "tidegate": {"baseline": "x"}}, "none")):
        answer = plain.post(gateway.api + "/v1/shadow", json=body)
        assert answer.status_code in (400, 404) and words in answer.text, answer.text
    gateway = start(config(simulator, shadow="off"))
    assert "no shadow lane" in baseline(gateway).text


# The verdict

def test_the_report_passes_fails_or_says_what_is_missing(start, simulator):
    same = "text=At%20noon%20the%20tide%20is%20high"
    shadow = SHADOW + ", minimum_pairs: 60, concurrent: 100"
    gateway = start(config(simulator, live=same, candidate=same, shadow=shadow))
    found = report(gateway)
    assert found["verdict"] == "not_enough_data" and found["missing"]["pairs"] == 60
    for number in range(59):
        gateway.chat("chat", f"question {number}")
    found = wait_report(gateway, 59)
    assert found["verdict"] == "not_enough_data" and found["missing"]["pairs"] == 1
    gateway.chat("chat")
    found = wait_report(gateway, 60)
    assert found["verdict"] == "pass", found
    assert found["disagreement"]["high"] < 0.15 and found["candidate"]["p95_seconds"]["high"] < 3
    assert found["candidate"]["cost_per_call_usd"]["value"] > 0
    shown = gateway.run_command("shadow", "report", "chat")
    assert shown.returncode == 0 and "verdict       pass" in shown.stdout, shown.stdout + shown.stderr
    assert json.loads(gateway.run_command("shadow", "report", "chat", "--json").stdout)["verdict"] == "pass"

    # Another content of the candidate begins anew; half of its answers differ from the live ones.
    gateway.write_config(config(simulator, live=same, candidate="text=I%20cannot%20say%20anything%20about%20that", shadow=shadow))
    assert gateway.reload().status_code == 200
    assert report(gateway)["pairs"]["compared"] == 0
    for number in range(60):
        gateway.chat("chat", f"question {number}")
    found = wait_report(gateway, 60)
    assert found["verdict"] == "fail" and "disagreement is above 15.0 %" in found["reasons"][0]
    gateway.wait_metric(0.5, "tidegate_shadow_disagreement_ratio", variant="next")
    assert "verdict       fail" in gateway.run_command("shadow", "report", "chat").stdout


def test_a_report_waits_for_its_time(start, simulator):
    same = "text=At%20noon%20the%20tide%20is%20high"
    gateway = start(config(simulator, live=same, candidate=same,
                           shadow="sample: 100%, noise_sample: 0%, minimum_pairs: 60, concurrent: 100"))
    for number in range(60):
        gateway.chat("chat", f"question {number}")
    found = wait_report(gateway, 60)
    assert found["verdict"] == "not_enough_data"
    assert 13 * 86400 < found["missing"]["seconds"] <= 14 * 86400
    assert "of 14.0 days have passed" in found["reasons"][0]


def test_a_slow_candidate_fails_by_its_p95(start, simulator):
    same = "text=At%20noon%20the%20tide%20is%20high"
    shadow = SHADOW + ", minimum_pairs: 60, concurrent: 100, thresholds: {p95: 100ms}"
    gateway = start(config(simulator, live=same, candidate=same + ",latency=200ms", shadow=shadow))
    for number in range(60):
        gateway.chat("chat", f"question {number}")
    found = wait_report(gateway, 60)
    assert found["verdict"] == "fail" and "p95 is above 0.100 s" in found["reasons"][0]
    assert found["disagreement"]["value"] == 0


def test_a_report_needs_a_lane(start, simulator):
    gateway = start(config(simulator, shadow="off"))
    assert gateway.get_admin("/admin/v1/shadow/chat").status_code == 404
    shown = gateway.run_command("shadow", "report", "chat")
    assert shown.returncode == 1 and "no shadow lane" in shown.stderr
