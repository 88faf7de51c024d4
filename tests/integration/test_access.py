"""Access keys: made by the command line, sent by real SDKs, limited over all threads, replaced and removed by a reload."""
import asyncio
import hashlib
import json
import subprocess
import time

import anthropic
import httpx
import openai
import pytest

from harness import plain
from harness.configs import said
from harness.gateway import wait_until
from harness.load import Load, chat_bytes

HEADERS = ["authorization", "x-api-key", "api-key", "x-goog-api-key"]


def new_key(binary, name):
    made = subprocess.run([binary, "key", "new", name, "--json"], capture_output=True, text=True, check=True)
    return json.loads(made.stdout)


def entry(made, more):
    digests = ", ".join(f'"{key["sha256"]}"' for key in (made if isinstance(made, list) else [made]))
    name = (made[0] if isinstance(made, list) else made)["name"]
    return f"    - {{name: {name}, sha256: [{digests}], {more}}}\n"


def config(simulator, *entries, more=""):
    """Features `chat`, `other` and `slow` (a stream that stays open), the plain models `one` and `still`."""
    access = "access:\n  keys:\n" + "".join(entries) if entries else ""
    return (f"{access}providers:\n{simulator.providers('timeouts: {idle: 60s}')}"
            "models:\n"
            '  one: {provider: sim, id: "one--tokens=6", context: 128000, max_output: 4096, price: {input: 1.00, output: 2.00}}\n'
            '  still: {provider: sim, id: "still--stall,after=2", context: 128000, max_output: 4096, price: {input: 1.00, output: 2.00}}\n'
            '  broken: {provider: sim, id: "broken--status=500", context: 128000, max_output: 4096, price: {input: 1.00, output: 2.00}}\n'
            "features:\n"
            "  chat: {variants: {only: {model: one}}}\n"
            "  other: {variants: {only: {model: one}}}\n"
            "  slow: {variants: {only: {model: still}}}\n"
            "  failing: {variants: {only: {model: broken}}}\n" + more)


def apply(gateway, text):
    gateway.write_config(text)
    answer = gateway.reload()
    assert answer.status_code == 200, answer.text


def bearer(key):
    return {"authorization": f"Bearer {key['key']}"}


def sent_in(header, credential):
    return {header: f"Bearer {credential}" if header == "authorization" else credential}


def code(answer):
    return answer.status_code, answer.headers.get("x-tidegate-error")


# Making keys

def test_a_new_key_works_as_it_is_printed(start, binary, simulator):
    """The first line is the key, the rest goes into the configuration."""
    printed = subprocess.run([binary, "key", "new", "checkout-service"], capture_output=True, text=True, check=True).stdout
    key, rest = printed.split("\n", 1)
    yaml = rest[rest.index("access:"):].replace("[FEATURE]", "[chat]")
    gateway = start(yaml + config(simulator), access=None)
    answer = gateway.chat("chat", headers={"x-api-key": key})
    assert answer.status_code == 200
    assert gateway.wait_record(answer.headers["x-tidegate-call-id"])["key"] == "checkout-service"
    assert code(gateway.chat("chat", headers={"x-api-key": key[:-1]})) == (401, "unauthorized")


def test_any_secret_will_do(start, simulator):
    secret = "correct horse battery staple"
    digest = hashlib.sha256(secret.encode()).hexdigest()
    gateway = start(config(simulator, entry({"name": "app", "sha256": digest}, "features: [chat]")), access=None)
    assert gateway.chat("chat", headers={"x-api-key": secret}).status_code == 200
    assert gateway.chat("chat", headers={"x-api-key": digest}).status_code == 401


# Sending keys

def test_every_header_and_route_has_the_same_policy(start, binary, simulator):
    key = new_key(binary, "app")
    gateway = start(config(simulator, entry(key, "features: [chat]")), access=None)
    chat = {"model": "chat", "messages": [{"role": "user", "content": "Hi"}]}
    routes = [("POST", "/v1/chat/completions", chat), ("POST", "/v1/messages", {**chat, "max_tokens": 9}),
              ("POST", "/v1/embeddings", {"model": "chat", "input": "Hi"}), ("GET", "/v1/models", None),
              ("GET", "/v1/models/chat", None)]
    with httpx.Client(base_url=gateway.api, verify=False, timeout=30) as client:
        for method, path, body in routes:
            answers = set()
            for header in HEADERS:
                answers.add(client.request(method, path, json=body, headers=sent_in(header, key["key"])).status_code)
                for wrong in (key["key"][:-1], key["key"] + "0", key["sha256"], "tg_"):
                    answer = client.request(method, path, json=body, headers=sent_in(header, wrong))
                    assert code(answer) == (401, "unauthorized"), (path, header, wrong)
                    assert answer.headers["www-authenticate"] == "Bearer"
            assert answers == ({400} if path == "/v1/embeddings" else {200}), path
            assert code(client.request(method, path, json=body)) == (401, "unauthorized")
            assert code(client.request(method, path, json=body, params={"key": key["key"], "api_key": key["key"]})) == (401, "unauthorized")
            assert code(client.request(method, path, json=body, headers={"cookie": f"x-api-key={key['key']}"})) == (401, "unauthorized")
            twice = {"x-api-key": key["key"], "authorization": "Bearer other"}
            assert code(client.request(method, path, json=body, headers=twice)) == (400, "invalid_request")
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200


def test_the_sdks_send_their_key_as_ever(start, binary, simulator):
    key = new_key(binary, "app")
    gateway = start(config(simulator, entry(key, "features: [chat], models: [one]")), access=None)
    right = openai.OpenAI(base_url=gateway.api + "/v1", api_key=key["key"], max_retries=0, timeout=30)
    messages = [{"role": "user", "content": "hello"}]
    assert right.chat.completions.create(model="chat", messages=messages).choices[0].message.content
    assert {model.id for model in right.models.list()} == {"chat", "one"}
    with pytest.raises(openai.PermissionDeniedError):
        right.chat.completions.create(model="other", messages=messages)
    wrong = openai.OpenAI(base_url=gateway.api + "/v1", api_key="tg_wrong", max_retries=0, timeout=30)
    with pytest.raises(openai.AuthenticationError):
        wrong.chat.completions.create(model="chat", messages=messages)

    for credential in ({"api_key": key["key"]}, {"auth_token": key["key"]}):
        right = anthropic.Anthropic(base_url=gateway.api, max_retries=0, timeout=30, **credential)
        assert right.messages.create(model="chat", max_tokens=50, messages=messages).content[0].text
        with pytest.raises(anthropic.PermissionDeniedError):
            right.messages.create(model="other", max_tokens=50, messages=messages)
    wrong = anthropic.Anthropic(base_url=gateway.api, api_key="tg_wrong", max_retries=0, timeout=30)
    with pytest.raises(anthropic.AuthenticationError):
        wrong.messages.create(model="chat", max_tokens=50, messages=messages)


# What a key may use

def test_a_key_uses_what_it_names_and_finds_out_nothing_else(start, binary, simulator):
    key = new_key(binary, "app")
    gateway = start(config(simulator, entry(key, "features: [chat]")), access=None)
    refused = [gateway.chat(name, headers=bearer(key)) for name in ("other", "absent", "one", "direct")]
    assert {code(answer) for answer in refused} == {(403, "forbidden")}
    messages = [answer.json()["error"]["message"].replace(name, "NAME") for answer, name in
                zip(refused, ("other", "absent", "one", "direct"))]
    assert len(set(messages)) == 1
    listed = plain.get(gateway.api + "/v1/models", headers=bearer(key)).json()
    assert [model["id"] for model in listed["data"]] == ["chat"]
    for name in ("other", "absent", "one"):
        assert code(plain.get(f"{gateway.api}/v1/models/{name}", headers=bearer(key))) == (404, "unknown_feature")
    gateway.wait_metric(4, "tidegate_requests_rejected_total", reason="forbidden")


def test_a_plain_model_is_the_feature_direct(start, binary, simulator):
    key = new_key(binary, "app")
    gateway = start(config(simulator, entry(key, "models: [one]"), more="  direct: {timeout: {total: 30s}}\n"), access=None)
    answer = gateway.chat("one", headers=bearer(key))
    assert answer.status_code == 200
    assert (answer.headers["x-tidegate-feature"], answer.headers["x-tidegate-model"]) == ("direct", "one")
    record = gateway.wait_record(answer.headers["x-tidegate-call-id"])
    assert (record["feature"], record["variant"], record["model"], record["key"]) == ("direct", "one", "one", "app")
    assert record["cost_nano_usd"] > 0
    gateway.wait_metric(1, "tidegate_requests_total", feature="direct", variant="one", outcome="ok")
    assert "direct" in gateway.run_command("call", "list", "--feature", "direct").stdout
    assert code(gateway.chat("chat", headers=bearer(key))) == (403, "forbidden")


def test_nobody_is_served_without_a_key_as_soon_as_there_is_one(start, binary, simulator):
    key = new_key(binary, "app")
    keyed = config(simulator, entry(key, "features: [chat]")).replace("access:\n", "access:\n  anonymous: true\n")
    gateway = start(config(simulator), access="anonymous: true")
    assert gateway.chat("chat", headers={"authorization": "Bearer whatever"}).status_code == 200
    assert gateway.chat("one").status_code == 403, "anonymous callers name no plain model"
    gateway.base = gateway.base.replace("access: {anonymous: true}\n", "").replace("\naccess: {anonymous: true}", "")
    apply(gateway, keyed)
    assert code(gateway.chat("chat")) == (401, "unauthorized")
    assert gateway.chat("chat", headers=bearer(key)).status_code == 200
    gateway.wait_log("access.anonymous: is off")


# Replacing and removing

def test_a_key_is_replaced_without_a_refused_call(start, binary, simulator):
    old, new = new_key(binary, "app"), new_key(binary, "app")
    gateway = start(config(simulator, entry(old, "features: [chat]")), access=None)
    assert gateway.chat("chat", headers=bearer(new)).status_code == 401
    with Load(gateway.ports["api"], chat_bytes("chat", headers=bearer(old)), connections=4) as load:
        apply(gateway, config(simulator, entry([old, new], "features: [chat]")))
        for key in (old, new):
            assert gateway.chat("chat", headers=bearer(key)).status_code == 200
        wait_until(lambda: load.total > 100, 20, "some load")
    assert set(load.statuses) == {200}
    apply(gateway, config(simulator, entry(new, "features: [chat]")))
    assert gateway.chat("chat", headers=bearer(new)).status_code == 200
    assert gateway.chat("chat", headers=bearer(old)).status_code == 401


def test_a_removed_key_is_refused_from_the_reload_on(start, binary, simulator):
    gone, stays = new_key(binary, "gone"), new_key(binary, "stays")
    both = [entry(gone, "features: [chat, slow]"), entry(stays, "features: [chat]")]
    gateway = start(config(simulator, *both), access=None, server="threads: 4")
    chat = {"model": "chat", "messages": [{"role": "user", "content": "Hi"}]}
    connections = [httpx.Client(base_url=gateway.api, verify=False, timeout=30) for _ in range(16)]
    try:
        for connection in connections:  # kept alive, on every thread
            assert connection.post("/v1/chat/completions", json=chat, headers=bearer(gone)).status_code == 200
        body = {**chat, "model": "slow", "stream": True}
        with connections[0].stream("POST", "/v1/chat/completions", json=body, headers=bearer(gone)) as stream:
            lines = stream.iter_lines()
            first = next(lines)
            apply(gateway, config(simulator, both[1]))
            for connection in connections[1:]:
                assert connection.post("/v1/chat/completions", json=chat, headers=bearer(gone)).status_code == 401
                assert connection.post("/v1/chat/completions", json=chat, headers=bearer(stays)).status_code == 200
            assert first, "what had begun goes on"
            assert gateway.status()["upstream"]["in_flight"] == 1
    finally:
        for connection in connections:
            connection.close()


# Limits

def test_requests_beyond_the_minute_wait_as_long_as_they_are_told(start, binary, simulator):
    key, other = new_key(binary, "app"), new_key(binary, "other")
    gateway = start(config(simulator, entry(key, "features: [chat], requests_per_minute: 2"), entry(other, "features: [chat]")),
                    access=None)
    for _ in range(2):
        assert gateway.chat("chat", headers=bearer(key)).status_code == 200
    refused = gateway.chat("chat", headers=bearer(key))
    assert code(refused) == (429, "rate_limited")
    assert 25 <= int(refused.headers["retry-after"]) <= 30
    with pytest.raises(openai.RateLimitError):
        openai.OpenAI(base_url=gateway.api + "/v1", api_key=key["key"], max_retries=0).chat.completions.create(
            model="chat", messages=[{"role": "user", "content": "hello"}])
    with pytest.raises(anthropic.RateLimitError):
        anthropic.Anthropic(base_url=gateway.api, api_key=key["key"], max_retries=0).messages.create(
            model="chat", max_tokens=9, messages=[{"role": "user", "content": "hello"}])
    assert gateway.chat("chat", headers=bearer(other)).status_code == 200, "another key has its own"
    gateway.wait_metric(3, "tidegate_requests_rejected_total", reason="rate_limited")
    assert gateway.record(refused.headers["x-tidegate-call-id"]) is None, "a metric, but no record"


def test_a_changed_limit_holds_from_the_reload_on(start, binary, simulator):
    key = new_key(binary, "app")

    def limited(bound):
        return config(simulator, entry(key, f"features: [chat], requests_per_minute: {bound}"))

    gateway = start(limited(3), access=None)
    statuses = [gateway.chat("chat", headers=bearer(key)).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    apply(gateway, limited(5))
    statuses = [gateway.chat("chat", headers=bearer(key)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429], "the three of before count"
    apply(gateway, limited(1))
    assert gateway.chat("chat", headers=bearer(key)).status_code == 429


def test_the_requests_of_a_minute_are_counted_over_all_threads(start, binary, simulator):
    key = new_key(binary, "app")
    bound = 30  # one more every two seconds
    gateway = start(config(simulator, entry(key, f"features: [chat], requests_per_minute: {bound}")), access=None,
                    server="threads: 4")
    begun = time.monotonic()
    with Load(gateway.ports["api"], chat_bytes("chat", headers=bearer(key)), connections=32) as load:
        wait_until(lambda: load.total > 500, 30, "500 answers")
    most = bound + int((time.monotonic() - begun) * bound / 60) + 1
    assert set(load.statuses) == {200, 429}
    assert bound <= load.statuses[200] <= most


def test_exactly_as_many_calls_run_at_once_as_the_key_may_make(start, binary, own_simulator):
    key = new_key(binary, "app")
    gateway = start(config(own_simulator, entry(key, "features: [chat, slow], concurrent: 8")), access=None,
                    server="threads: 4")
    body = {"model": "slow", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}

    async def crowd():
        async with httpx.AsyncClient(base_url=gateway.api, verify=False, timeout=60) as client:
            requests = [client.build_request("POST", "/v1/chat/completions", json=body, headers=bearer(key)) for _ in range(64)]
            answers = await asyncio.gather(*(client.send(request, stream=True) for request in requests))
            statuses = sorted(answer.status_code for answer in answers)
            in_flight = own_simulator.statistics()["in_flight"]
            for answer in answers:
                await answer.aclose()
            return statuses, in_flight

    statuses, in_flight = asyncio.run(crowd())
    assert statuses == [200] * 8 + [429] * 56
    assert in_flight == 8
    # The places come back when the streams are gone.
    wait_until(lambda: gateway.status()["io"]["tasks"] == 0, what="the end of every request")
    assert gateway.chat("chat", headers=bearer(key)).status_code == 200
    wait_until(lambda: gateway.status()["io"]["tasks"] == 0, what="the end of every request")
    statuses, _ = asyncio.run(crowd())
    assert statuses.count(200) == 8


def test_the_tokens_of_a_minute_hold_the_worst_case_and_take_back_the_rest(start, binary, simulator):
    key = new_key(binary, "app")
    gateway = start(config(simulator, entry(key, "features: [chat], tokens_per_minute: 400")), access=None)
    for _ in range(5):  # each may take more than 100, and takes some ten
        assert gateway.chat("chat", headers=bearer(key), max_tokens=50).status_code == 200
    refused = gateway.chat("chat", headers=bearer(key), max_tokens=1000)
    assert code(refused) == (429, "rate_limited")
    record = gateway.wait_record(refused.headers["x-tidegate-call-id"])
    assert [attempt["reason"] for attempt in record["attempts"]] == ["key_limited"]
    assert record["attempts"][0].get("tries", 0) == 0, "no provider was asked"
    assert gateway.chat("chat", headers=bearer(key), max_tokens=50).status_code == 200


# What never leaves

def test_a_credential_is_nowhere_to_be_found(start, binary, own_simulator):
    key = new_key(binary, "app")
    gateway = start(config(own_simulator, entry(key, "features: [chat, slow, failing], models: [one], requests_per_minute: 9")),
                    access=None, events="sinks: [{jsonl: {path: calls.jsonl}}]")
    gateway.base = gateway.base.replace("level: info", "level: debug")
    gateway.write_config(gateway.config)
    assert gateway.reload().status_code == 200
    answers = []
    for header in HEADERS:
        headers = {**sent_in(header, key["key"]), "cookie": f"key={key['key']}"}
        answers += [gateway.chat("chat", headers=headers), gateway.message("one", headers=headers)]
    answers.append(gateway.chat("failing", headers=bearer(key)))
    answers.append(gateway.chat("chat", headers=bearer(key)))
    answers.append(gateway.chat("other", headers=bearer(key)))
    answers.append(gateway.chat("chat", headers={**bearer(key), "x-api-key": key["key"] + "1"}))
    answers.append(gateway.chat("chat", headers={"x-api-key": key["key"][1:]}))
    answers.append(plain.post(gateway.api + "/v1/chat/completions", content=b"{", headers=bearer(key), timeout=30))
    assert [answer.status_code for answer in answers] == [200] * 8 + [502, 429, 403, 400, 401, 400]
    recorded = [answer.headers["x-tidegate-call-id"] for answer in answers[:9]]
    texts = {"records": json.dumps([gateway.wait_record(call) for call in recorded]),
             "provider": json.dumps(own_simulator.last(50)), "metrics": gateway.get_admin("/metrics").text,
             "status": json.dumps(gateway.status()), "log": "\n".join(gateway.log),
             "answers": "\n".join(answer.text + str(answer.headers) for answer in answers),
             "calls": gateway.run_command("call", "list", "--json").stdout}
    wait_until(lambda: (gateway.folder / "calls.jsonl").exists() and
               len((gateway.folder / "calls.jsonl").read_text().splitlines()) >= 9, 10, "the lines")
    texts["lines"] = (gateway.folder / "calls.jsonl").read_text()
    assert '"app"' in texts["records"] and '"app"' in texts["lines"]
    for name, text in texts.items():
        assert key["key"][1:] not in text, name
    gateway.end()
    for path in gateway.folder.rglob("*"):
        if path.is_file():
            assert key["key"].encode() not in path.read_bytes(), path


STEERING = ["api_base", "base_url", "api_key", "custom_host", "extra_headers", "headers", "mock_response", "callbacks", "proxy",
            "organization", "api_version", "api_type", "provider", "custom_llm_provider", "user_api_key", "team_id", "role",
            "budget", "spend", "max_budget", "allowed_routes", "model_list", "litellm_params"]


@pytest.mark.parametrize("where", ["body", "header"])
def test_no_field_of_the_client_steers_the_call(start, binary, own_simulator, where):
    """Destination, credential and account are the configuration's, whatever a body or header says."""
    key = new_key(binary, "app")
    gateway = start(config(own_simulator, entry(key, "features: [chat]")), access=None)
    evil = "http://127.0.0.1:9/tg_evil"

    def call(headers={}, body={}):
        message = {"model": "chat", "messages": [{"role": "user", "content": "Hi"}]}
        answer = plain.post(gateway.api + "/v1/chat/completions", json={**message, **body}, headers={**bearer(key), **headers},
                            timeout=30)
        received = own_simulator.last()[0]
        record = gateway.wait_record(answer.headers["x-tidegate-call-id"])
        return (answer.status_code, said(answer), dict(received["headers"])["authorization"], received["target"],
                record["feature"], record["key"], record["cost_nano_usd"])

    expected = call()
    assert expected[0] == 200 and expected[2] == "Bearer sk-sim"
    for name in STEERING:
        if where == "body":
            assert call(body={name: evil}) == expected, name
        else:
            assert call(headers={name: evil}) == expected, name
    assert own_simulator.statistics()["requests"] == len(STEERING) + 1


# The configuration

@pytest.mark.parametrize("line,problem", [
    ("name: app, sha256: {digest}, features: [cat]", 'there is no feature "cat"; did you mean "chat"?'),
    ("name: app, sha256: {digest}, models: [none]", 'there is no model "none"'),
    ("name: app, sha256: {digest}", "may call nothing"),
    ("name: app, sha256: tg_secret, features: [chat]", "64 hexadecimal digits"),
    ("name: app, sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855, features: [chat]", "SHA-256 of nothing"),
])
def test_check_says_what_is_wrong_with_a_key(start, binary, simulator, line, problem):
    entry_line = "    - {" + line.format(digest="a" * 64) + "}\n"
    gateway = start(config(simulator, entry_line), access=None, begin=False)
    checked = subprocess.run([binary, "check", "--config", gateway.config_path], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 1
    assert problem in checked.stderr
    assert "tidegate.yaml:" in checked.stderr
