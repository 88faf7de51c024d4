"""Answers without a call: earlier ones, and those that many wait for at the same time."""
import asyncio
import collections
import contextlib
import hashlib
import json
import random
import re
import socket

import pytest

from harness import plain
from harness.gateway import SLOW, wait_until
from harness.load import Load, chat_bytes, read_answer, request_bytes, scaled
from harness.redis import Redis
from harness.sse import data_events

PRICE = "context: 1000000, max_output: 900000, price: {input: 1.00, output: 2.00}"
MANY = 1000


def configuration(simulator, models, cache="ttl: 1h", top="", features=""):
    """A feature for each of `models` ({name: directives}), all with the cache; those on `a-…` speak Anthropic's dialect upstream."""
    lines = [top, "providers:", simulator.providers(), "models:"]
    for name, directives in models.items():
        provider = "sim-anthropic" if name.startswith("a-") else "sim"
        lines.append(f'  m-{name}: {{provider: {provider}, id: "m-{name}--{directives}", {PRICE}}}')
    lines += ["features:"]
    lines += [f"  {name}: {{variants: {{only: {{model: m-{name}}}}}, serve: only, cache: {{{cache}}}}}" for name in models]
    return "\n".join(lines) + "\n" + features


def word(answer):
    return answer.headers["x-tidegate-cache"]


def calls(simulator):
    return simulator.statistics()["requests"]


def stream_of(gateway, feature, dialect="openai", **body):
    ask = gateway.chat if dialect == "openai" else gateway.message
    answer = ask(feature, stream=True, **body)
    assert answer.status_code == 200, answer.text
    return answer


def test_a_hit_costs_nothing_and_says_so(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "tokens=6"}))
    first = gateway.chat("chat")
    assert (first.status_code, word(first)) == (200, "miss")
    again = gateway.chat("chat", headers={"x-tidegate-user": "somebody else"})
    assert (again.status_code, word(again)) == (200, "hit")
    assert again.content == first.content
    assert again.headers["x-tidegate-cost-usd"] == "0.000000000"
    assert again.headers["x-tidegate-variant"] == "only" and again.headers["x-tidegate-model"] == "m-chat"
    assert again.headers["x-tidegate-call-id"] != first.headers["x-tidegate-call-id"]
    assert again.headers["x-request-id"] == again.headers["x-tidegate-call-id"], "not the id of the other call"
    assert calls(own_simulator) == 1
    record = gateway.wait_record(again.headers["x-tidegate-call-id"])
    assert (record["outcome"], record["cache"], record["cost_nano_usd"]) == ("cached", "hit", 0)
    assert record["cached_from"] == first.headers["x-tidegate-call-id"]
    assert "attempts" not in record and "usage" not in record
    assert record["model"] == "m-chat"
    assert gateway.wait_record(first.headers["x-tidegate-call-id"])["cache"] == "miss"
    gateway.wait_metric(1, "tidegate_cache_requests_total", feature="chat", result="hit")
    gateway.wait_metric(1, "tidegate_cache_requests_total", feature="chat", result="miss")
    gateway.wait_metric(1, "tidegate_requests_total", feature="chat", outcome="cached")
    assert gateway.metric("tidegate_cache_entries") == 1 and gateway.metric("tidegate_cache_bytes") > 0
    paid = float(first.headers["x-tidegate-cost-usd"])
    gateway.wait_metric(pytest.approx(paid), "tidegate_cost_usd_total", feature="chat")
    assert "hit" in gateway.run_command("call", "show", again.headers["x-tidegate-call-id"]).stdout


def test_the_order_of_members_and_who_asks_do_not_matter(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "tokens=6"}))
    message = {"role": "user", "content": "What is the tide?"}
    bodies = [
        {"model": "chat", "messages": [message], "temperature": 0.5, "user": "ann"},
        {"temperature": 0.5, "messages": [dict(reversed(message.items()))], "model": "chat", "metadata": {"plan": "pro"}},
    ]
    words = [word(plain.post(gateway.api + "/v1/chat/completions", content=json.dumps(body, indent=2 * number)))
             for number, body in enumerate(bodies)]
    assert words == ["miss", "hit"]
    assert word(gateway.chat("chat", temperature=0.6)) == "miss"


@pytest.mark.parametrize("dialect,feature", [("openai", "chat"), ("openai", "a-chat"), ("anthropic", "a-chat"), ("anthropic", "chat")])
def test_a_stream_is_replayed_byte_for_byte(start, own_simulator, dialect, feature):
    gateway = start(configuration(own_simulator, {"chat": "tokens=30", "a-chat": "tokens=30"}))
    first = stream_of(gateway, feature, dialect)
    again = stream_of(gateway, feature, dialect)
    assert (word(first), word(again)) == ("miss", "hit")
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert calls(own_simulator) == 1
    whole = (gateway.chat if dialect == "openai" else gateway.message)(feature)
    assert word(whole) == "miss", "a stream is no whole answer"
    record = gateway.wait_record(again.headers["x-tidegate-call-id"])
    assert record["outcome"] == "cached" and record["stream"] and record["content"]["answer"]["text"] == first.text


def test_a_stream_has_the_usage_that_its_client_asked_for(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "tokens=6"}))
    for expected in ("miss", "hit"):
        plain_stream = stream_of(gateway, "chat")
        counted = stream_of(gateway, "chat", stream_options={"include_usage": True})
        assert (word(plain_stream), word(counted)) == (expected, expected)
        assert '"usage":{' not in plain_stream.text.replace(" ", "")
        assert '"usage":{' in counted.text.replace(" ", "")


def test_embeddings_are_kept(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "tokens=6"}, features=(
        "  search: {operation: embeddings, variants: {only: {model: m-chat}}, serve: only, cache: {ttl: 1h}}\n")))

    def embed(text):
        return plain.post(gateway.api + "/v1/embeddings", json={"model": "search", "input": [text]})

    first, again, other = embed("a"), embed("a"), embed("b")
    assert [word(answer) for answer in (first, again, other)] == ["miss", "hit", "miss"]
    assert again.content == first.content and other.content != first.content


def test_an_answer_dies_with_its_time(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "tokens=6"}, cache="ttl: 1s"))
    assert word(gateway.chat("chat")) == "miss"
    wait_until(lambda: word(gateway.chat("chat")) == "miss", 10, "the end of the answer's time")
    assert calls(own_simulator) == 2


def test_a_user_gets_no_answer_of_another(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "tokens=6"}, cache="ttl: 1h, scope: user"))
    ann, bob = ({"x-tidegate-user": name} for name in ("ann", "bob"))
    assert [word(gateway.chat("chat", headers=who)) for who in (ann, bob, ann, bob)] == ["miss", "miss", "hit", "hit"]
    assert word(gateway.chat("chat", user="ann")) == "hit", "the body names the user as well"
    assert [word(gateway.chat("chat")) for _ in range(2)] == ["bypass", "bypass"], "nobody to keep it for"


@pytest.mark.parametrize("scope,shared", [("key", False), ("user", False), ("feature", True)])
def test_a_key_gets_no_answer_of_another(start, own_simulator, scope, shared):
    secrets = ["key-of-the-shop-with-128-bits", "key-of-the-desk-with-128-bits"]
    keys = ", ".join(f'{{name: k{number}, sha256: "{hashlib.sha256(secret.encode()).hexdigest()}", features: [chat]}}'
                     for number, secret in enumerate(secrets))
    gateway = start(configuration(own_simulator, {"chat": "tokens=6"}, cache=f"ttl: 1h, scope: {scope}"),
                    access=f"keys: [{keys}]")
    words = [word(gateway.chat("chat", headers={"authorization": f"Bearer {secret}", "x-tidegate-user": "ann"}))
             for secret in (*secrets, *secrets)]
    assert words == (["miss", "hit", "hit", "hit"] if shared else ["miss", "miss", "hit", "hit"])


def test_a_client_may_ask_for_no_part_in_it(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "tokens=6"}))

    def ask(directives):
        return word(gateway.chat("chat", headers={"cache-control": directives} if directives else None))

    assert ask("no-store") == "bypass"
    assert ask(None) == "miss", "nothing was kept"
    assert ask("no-store") == "bypass" and calls(own_simulator) == 3
    assert ask("no-cache") == "bypass" and calls(own_simulator) == 4
    assert ask(None) == "hit" and calls(own_simulator) == 4
    gateway.wait_metric(3, "tidegate_cache_requests_total", feature="chat", result="bypass")


def test_a_stream_for_a_client_without_cache_is_kept_for_others(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "tokens=6"}))
    fresh = stream_of(gateway, "chat", headers={"cache-control": "no-cache"})
    again = stream_of(gateway, "chat")
    assert (word(fresh), word(again)) == ("bypass", "hit") and again.content == fresh.content


def test_failures_and_fallbacks_are_not_kept(start, own_simulator):
    gateway = start(configuration(own_simulator, {"bad": "status=400", "good": "tokens=4", "broken": "cut,after=2,rate=50"}, features=(
        "  saved: {variants: {first: {model: m-bad2, fallback: [second]}, second: {model: m-good}}, serve: first, cache: {ttl: 1h}}\n"
        ).replace("m-bad2", "m-down")).replace("features:\n", f'  m-down: {{provider: sim, id: "m-down--status=500", {PRICE}}}\nfeatures:\n', 1))
    assert [gateway.chat("bad").status_code for _ in range(2)] == [400, 400]
    assert own_simulator.statistics()["models"]["m-bad--status=400"] == 2
    saved = [gateway.chat("saved") for _ in range(2)]
    assert [word(answer) for answer in saved] == ["miss", "miss"]
    assert all(answer.headers["x-tidegate-fallback"].startswith("second") for answer in saved)
    broken = [stream_of(gateway, "broken") for _ in range(2)]
    assert [word(answer) for answer in broken] == ["miss", "miss"] and '"error"' in broken[0].text


def test_an_answer_belongs_to_the_content_of_its_variant(start, own_simulator):
    prompt = "messages: [{role: system, content: %s}]\n"
    feature = "  chat: {variants: {only: {model: m-one, prompt: greet@%d, temperature: %s}}, serve: only, cache: {ttl: 1h}}\n"

    def config(version, temperature):
        return (f'prompts: {{directory: prompts}}\nproviders:\n{own_simulator.providers()}models:\n'
                f'  m-one: {{provider: sim, id: "m-one--tokens=4", {PRICE}}}\nfeatures:\n' + feature % (version, temperature))

    gateway = start(config(1, "0.2"), files={"prompts/greet/1.yaml": prompt % "one", "prompts/greet/2.yaml": prompt % "two"})

    def reload(*content):
        gateway.write_config(config(*content))
        assert gateway.reload().status_code == 200

    words = [word(gateway.chat("chat"))]
    for content in ((2, "0.2"), (1, "0.3"), (1, "0.2")):
        reload(*content)
        words.append(word(gateway.chat("chat")))
    assert words == ["miss", "miss", "miss", "hit"]


def test_guardrails_hold_for_answers_from_the_cache(start, own_simulator):
    guardrails = """
guardrails:
  pii: {kind: pii, categories: [%s], input: redact, output: redact}
  words: {kind: forbidden, patterns: ["never say this"], input: block}
"""

    def config(categories):
        return configuration(own_simulator, {"chat": "echo"}, top=guardrails % categories).replace(
            "{model: m-chat}", "{model: m-chat, guardrails: [pii, words]}")

    gateway = start(config("email"))
    said = "I am ann@example.com."
    first, again = gateway.chat("chat", said), gateway.chat("chat", said)
    assert [word(first), word(again)] == ["miss", "hit"] and again.content == first.content
    for answer in (first, again):
        assert "ann@example.com" not in answer.text
        record = gateway.wait_record(answer.headers["x-tidegate-call-id"])
        assert "ann@example.com" not in json.dumps(record) and "[email]" in json.dumps(record)
    blocked = [gateway.chat("chat", "never say this") for _ in range(2)]
    assert [(answer.status_code, word(answer)) for answer in blocked] == [(400, "miss")] * 2
    gateway.write_config(config("email, phone"))
    assert gateway.reload().status_code == 200
    assert word(gateway.chat("chat", said)) == "miss", "another guardrail, another answer"


def test_a_dead_answer_serves_where_the_budget_is_used_up(start, own_simulator):
    config = configuration(own_simulator, {"chat": "tokens=6"}, cache="ttl: 1s").replace(
        "{model: m-chat}", "{model: m-chat, max_output_tokens: 100}").replace(
        "serve: only,", "serve: only, budget: {monthly_usd: 0.0006, degrade_from: 1%, at_ceiling: [cache, reject]},")
    gateway = start(config)
    first = gateway.chat("chat")
    assert (first.status_code, word(first)) == (200, "miss")
    assert gateway.chat("chat", "another question").status_code == 429
    stale = wait_until(lambda: (answer := gateway.chat("chat")).headers.get("x-tidegate-degraded") and answer, 10, "the answer's death")
    assert (stale.status_code, word(stale)) == (200, "hit") and stale.content == first.content
    assert stale.headers["x-tidegate-degraded"] == "budget"
    assert stale.headers["x-tidegate-fallback"] == "cache;reason=budget"
    assert stale.headers["x-tidegate-cost-usd"] == "0.000000000"
    record = gateway.wait_record(stale.headers["x-tidegate-call-id"])
    assert (record["outcome"], record["cache"]) == ("degraded", "stale")
    assert record["cached_from"] == first.headers["x-tidegate-call-id"]
    fresh = gateway.chat("chat", headers={"cache-control": "no-cache"})
    assert fresh.status_code == 429, "a client that takes no earlier answer gets none"
    assert calls(own_simulator) == 1
    gateway.wait_metric(lambda count: count >= 1, "tidegate_cache_requests_total", feature="chat", result="stale")


def test_a_reload_that_moves_the_cache_is_refused(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "tokens=4"}))
    gateway.write_config(configuration(own_simulator, {"chat": "tokens=4"}, top='cache: {url: "memory:1MiB"}'))
    answer = gateway.reload()
    assert answer.status_code != 200 and "cache has changed, which needs a restart" in answer.text


# Many at the same time.

class Crowd:
    """Raw connections that all send the same request; `words` counts what the cache did, `bodies` what came."""

    def __init__(self, gateway, request):
        host, port = gateway.ports["api"].rsplit(":", 1)
        self.address = (host, int(port))
        self.request = request

    async def ask(self):
        reader, writer = await asyncio.open_connection(*self.address, limit=1 << 20)
        try:
            writer.write(self.request)
            await writer.drain()
            return await read_answer(reader)
        finally:
            writer.close()

    async def _all(self, count):
        return await asyncio.gather(*(self.ask() for _ in range(count)))

    def run(self, count):
        return asyncio.run(self._all(count))


@pytest.mark.parametrize("stream", [False, True])
def test_a_thousand_misses_make_one_call(start, own_simulator, stream):
    gateway = start(configuration(own_simulator, {"chat": "tokens=60,rate=60"}), server="threads: 4")
    answers = Crowd(gateway, chat_bytes("chat", stream=stream)).run(MANY)
    assert calls(own_simulator) == 1
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    words = [answer.headers["x-tidegate-cache"] for answer in answers]
    assert words.count("miss") == 1 and words.count("hit") == MANY - 1
    if stream:
        assert data_events(answers[0].body.decode())[-1] == "[DONE]"

    def counted(result):
        return gateway.metric("tidegate_cache_requests_total", feature="chat", result=result)

    # An answer is counted after its last byte has left, which a client may read first.
    wait_until(lambda: counted("coalesced") + counted("hit") == MANY - 1, 10, "every follower counted")
    assert counted("coalesced") > 0
    gateway.wait_metric(MANY - 1, "tidegate_requests_total", feature="chat", outcome="cached")
    leader = next(answer for answer in answers if answer.headers["x-tidegate-cache"] == "miss")
    follower = next(answer for answer in answers if answer.headers["x-tidegate-cache"] == "hit")
    record = gateway.wait_record(follower.headers["x-tidegate-call-id"])
    assert record["cached_from"] == leader.headers["x-tidegate-call-id"] and record["cost_nano_usd"] == 0
    gateway.wait_metric(0, "tidegate_requests_inflight")


def test_different_requests_share_nothing(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "first-token=300ms,echo"}), server="threads: 4")

    async def all_of_them():
        return await asyncio.gather(*(Crowd(gateway, chat_bytes("chat", f"question {number % 20}")).ask() for number in range(200)))

    answers = asyncio.run(all_of_them())
    assert calls(own_simulator) == 20
    for number, answer in enumerate(answers):
        assert f"question {number % 20}" in answer.body.decode()


class Talk:
    """One request over a socket of its own, read as the test wants."""

    def __init__(self, gateway, request, receive_buffer=None):
        host, port = gateway.ports["api"].rsplit(":", 1)
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(60 * SLOW)
        self.socket.connect((host, int(port)))
        self.socket.sendall(request)
        self.bytes = b""

    def read_until(self, mark):
        while mark not in self.bytes:
            got = self.socket.recv(65536)
            assert got, self.bytes[-500:]
            self.bytes += got
        return self

    def read_to_the_end(self):
        self.read_until(b"\r\n\r\n")
        head, body = self.bytes.split(b"\r\n\r\n", 1)
        length = re.search(rb"content-length: (\d+)", head)
        if not length:
            return self.read_until(b"\r\n0\r\n\r\n")
        while len(body) < int(length[1]):
            got = self.socket.recv(65536)
            assert got, body[-500:]
            self.bytes += got
            body += got
        return self

    def leave(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()


def body_of(raw):
    """The body of an answer, chunked or whole."""
    head, rest = raw.split(b"\r\n\r\n", 1)
    body = b""
    if b"transfer-encoding: chunked" not in head:
        return rest
    while True:
        size, rest = rest.split(b"\r\n", 1)
        if int(size, 16) == 0:
            return body
        body += rest[:int(size, 16)]
        rest = rest[int(size, 16) + 2:]


def inflight(gateway):
    return gateway.metric("tidegate_requests_inflight")


def test_a_follower_reads_the_stream_as_it_comes(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "tokens=100,rate=20"}), server="threads: 2")
    request = chat_bytes("chat", stream=True)
    leader = Talk(gateway, request).read_until(b'"content"')
    followers = [Talk(gateway, request) for _ in range(4)]
    for follower in followers:
        follower.read_until(b'"content"')
    assert inflight(gateway) == 5, "none of them is complete yet"
    leader.read_to_the_end()
    for follower in followers:
        assert body_of(follower.read_to_the_end().bytes) == body_of(leader.bytes)
    assert calls(own_simulator) == 1


def test_when_the_leader_leaves_exactly_one_follower_leads(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "first-token=2s,tokens=5"}), server="threads: 4")
    request = chat_bytes("chat", stream=True)
    leader = Talk(gateway, request)
    wait_until(lambda: calls(own_simulator) == 1, 10, "the call")
    followers = [Talk(gateway, request) for _ in range(20)]
    wait_until(lambda: inflight(gateway) == 21, 10, "the followers")
    leader.leave()
    bodies = {body_of(follower.read_to_the_end().bytes) for follower in followers}
    assert len(bodies) == 1 and b"[DONE]" in bodies.pop()
    statistics = own_simulator.statistics()
    assert (statistics["requests"], statistics["abandoned"]) == (2, 1), "its call was cancelled, and one made anew"
    words = [follower.bytes.lower().split(b"x-tidegate-cache: ")[1].split(b"\r\n")[0] for follower in followers]
    assert words.count(b"miss") == 1 and words.count(b"hit") == 19


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
def test_when_the_leader_leaves_in_the_middle_its_followers_end_with_an_error(start, own_simulator, dialect):
    gateway = start(configuration(own_simulator, {"chat": "tokens=400,rate=20", "a-chat": "tokens=400,rate=20"}), server="threads: 2")
    if dialect == "openai":
        request = chat_bytes("chat", stream=True)
    else:
        request = request_bytes("/v1/messages", {"model": "a-chat", "max_tokens": 900, "stream": True,
                                                 "messages": [{"role": "user", "content": "x"}]}, {"anthropic-version": "2023-06-01"})
    leader = Talk(gateway, request).read_until(b"[simulator]")
    followers = [Talk(gateway, request).read_until(b"[simulator]") for _ in range(3)]
    leader.leave()
    for follower in followers:
        body = body_of(follower.read_to_the_end().bytes).decode()
        assert "[DONE]" not in body and "message_stop" not in body
        last = json.loads(data_events(body)[-1])
        assert "error" in last, body[-300:]
    wait_until(lambda: own_simulator.statistics()["abandoned"] == 1, 10, "the end of the call")
    assert calls(own_simulator) == 1


def test_a_follower_that_leaves_disturbs_nobody(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "tokens=60,rate=30"}), server="threads: 2")
    request = chat_bytes("chat", stream=True)
    leader = Talk(gateway, request).read_until(b'"content"')
    leaving = [Talk(gateway, request).read_until(b'"content"') for _ in range(3)]
    staying = Talk(gateway, request).read_until(b'"content"')
    for follower in leaving:
        follower.leave()
    assert body_of(staying.read_to_the_end().bytes) == body_of(leader.read_to_the_end().bytes)
    assert calls(own_simulator) == 1
    gateway.wait_metric(3, "tidegate_requests_total", feature="chat", outcome="cancelled")


def test_a_slow_follower_slows_nobody(start, own_simulator):
    """Its kernel buffers are full long before the leader's stream is complete; it gets all of it later."""
    gateway = start(configuration(own_simulator, {"chat": "tokens=40000,first-token=1s"}), server="threads: 2")
    request = chat_bytes("chat", stream=True)
    leader = Talk(gateway, request)
    wait_until(lambda: calls(own_simulator) == 1, 10, "the call")
    slow = Talk(gateway, request, receive_buffer=4096)
    wait_until(lambda: inflight(gateway) == 2, 10, "the follower")
    leader.read_to_the_end()
    assert len(leader.bytes) > 6 << 20
    wait_until(lambda: inflight(gateway) == 1, 10, "the end of the leader alone")
    assert body_of(slow.read_to_the_end().bytes) == body_of(leader.bytes)
    assert calls(own_simulator) == 1


def test_followers_share_a_fallback(start, own_simulator):
    gateway = start(configuration(own_simulator, {"good": "tokens=5,first-token=1s"}, features=(
        "  saved: {variants: {first: {model: m-down, fallback: [second]}, second: {model: m-good}}, serve: first, cache: {ttl: 1h}}\n"
        )).replace("features:\n", f'  m-down: {{provider: sim, id: "m-down--status=500", {PRICE}}}\nfeatures:\n', 1), server="threads: 4")
    answers = Crowd(gateway, chat_bytes("saved")).run(50)
    assert {answer.status for answer in answers} == {200} and calls(own_simulator) == 2
    assert {answer.headers["x-tidegate-fallback"] for answer in answers} == {"second;reason=error"}
    assert {answer.headers["x-tidegate-variant"] for answer in answers} == {"second"}
    assert word(gateway.chat("saved")) == "miss", "it was shared, not kept"


def test_when_the_leader_fails_the_others_try_one_after_the_other(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "status=500,latency=100ms"}), server="threads: 4")
    answers = Crowd(gateway, chat_bytes("chat")).run(50)
    assert {answer.status for answer in answers} == {502}
    assert calls(own_simulator) == 5, "as many as open the circuit, and no storm"


def test_a_follower_has_a_deadline_of_its_own(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "hang"}).replace("serve: only", "serve: only, timeout: {total: 2s}"),
                    server="threads: 2")
    answers = Crowd(gateway, chat_bytes("chat")).run(10)
    assert {(answer.status, answer.headers["x-tidegate-error"]) for answer in answers} == {(504, "upstream_timeout")}
    wait_until(lambda: inflight(gateway) == 0, 5, "the end of all")


def test_coming_and_going_leaves_nothing_behind(start, own_simulator):
    """Clients of one request come at any moment, and a third of them leave at any other: who stays gets an end of its stream."""
    gateway = start(configuration(own_simulator, {"chat": "tokens=20,rate=60"}, cache="ttl: 1ms"), server="threads: 4")
    crowd = Crowd(gateway, chat_bytes("chat", stream=True))
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    ends = collections.Counter()

    async def one(number, begin, patience):
        await asyncio.sleep(begin)
        try:
            answer = await asyncio.wait_for(crowd.ask(), patience)
        except asyncio.TimeoutError:
            ends["left"] += 1
            return
        last = data_events(answer.body.decode())[-1]
        ends["whole" if last == "[DONE]" else "error" if '"error"' in last else last] += 1

    async def all_of_them():
        await asyncio.gather(*(one(number, chance.random() * 3, chance.random() * 0.5 if number % 3 == 0 else 60 * SLOW)
                               for number in range(scaled(400, 4000))))

    asyncio.run(all_of_them())
    print(f"seed {seed}: {dict(ends)}, {calls(own_simulator)} calls")
    assert set(ends) <= {"left", "whole", "error"} and ends["whole"] > ends["error"], (seed, ends)
    assert calls(own_simulator) < scaled(400, 4000) / 4

    def quiet():
        status = gateway.status()
        idle = status["upstream"]["idle"]  # each has a timer that will close it
        return status["io"]["tasks"] == 0 and status["io"]["armed_timers"] <= idle and status["upstream"]["in_flight"] == 0

    wait_until(quiet, 10, "the end of every task and timer")
    gateway.wait_metric(0, "tidegate_requests_inflight")


def test_sigterm_ends_followers_like_everyone(start, own_simulator):
    gateway = start(configuration(own_simulator, {"chat": "tokens=3000,rate=20"}), server="threads: 2, timeouts: {drain: 1s}")
    request = chat_bytes("chat", stream=True)
    talks = [Talk(gateway, request).read_until(b'"content"') for _ in range(4)]
    gateway.send_signal(15)
    for talk in talks:
        assert '"error"' in data_events(body_of(talk.read_to_the_end().bytes).decode())[-1]
    assert gateway.wait_exit() == 0


# Redis.

@pytest.fixture
def redis(tmp_path):
    with Redis(tmp_path, password="pass@word") as server:
        yield server


def on_redis(simulator, models, redis, **more):
    return configuration(simulator, models, top='cache: {url: "redis://:${REDIS_PASSWORD}@127.0.0.1:%d/2"}' % redis.port, **more)


SECRET = {"REDIS_PASSWORD": "pass%40word"}


def test_redis_keeps_answers_for_other_processes(start, own_simulator, redis):
    config = on_redis(own_simulator, {"chat": "tokens=6", "a-chat": "tokens=20"}, redis)
    one, two = (start(config, environment=SECRET) for _ in range(2))
    first = one.chat("chat")
    assert word(first) == "miss"
    again = two.chat("chat")
    assert word(again) == "hit" and again.content == first.content
    assert two.wait_record(again.headers["x-tidegate-call-id"])["cached_from"] == first.headers["x-tidegate-call-id"]
    stream = stream_of(two, "a-chat")
    replayed = stream_of(one, "a-chat")
    assert (word(stream), word(replayed)) == ("miss", "hit") and replayed.content == stream.content
    one.end()
    third = start(config, environment=SECRET)
    assert word(third.chat("chat")) == "hit", "a restart loses nothing"
    assert calls(own_simulator) == 2
    assert redis.command("DBSIZE") == ":2"
    for gateway in (one, two, third):
        assert "pass" not in "".join(line for line in gateway.log if "edis" in line)
    assert "pass%40word" not in third.get_admin("/admin/v1/config").text


def test_redis_forgets_by_its_own_clock(start, own_simulator, redis):
    gateway = start(on_redis(own_simulator, {"chat": "tokens=6"}, redis, cache="ttl: 1s"), environment=SECRET)
    assert word(gateway.chat("chat")) == "miss"
    wait_until(lambda: word(gateway.chat("chat")) == "miss", 10, "the end of the answer's time")
    assert calls(own_simulator) == 2
    assert redis.command("DBSIZE") == ":1", "what is dead still serves where the budget allows nothing else"


def test_a_thousand_misses_make_one_call_with_redis(start, own_simulator, redis):
    gateway = start(on_redis(own_simulator, {"chat": "tokens=30,rate=30"}, redis), server="threads: 4", environment=SECRET)
    answers = Crowd(gateway, chat_bytes("chat", stream=True)).run(MANY)
    assert calls(own_simulator) == 1
    assert len({answer.body for answer in answers}) == 1 and {answer.status for answer in answers} == {200}


def test_redis_that_dies_costs_calls_and_no_errors(start, own_simulator, redis):
    gateway = start(on_redis(own_simulator, {"chat": "tokens=6"}, redis), server="threads: 2", environment=SECRET)
    assert word(gateway.chat("chat")) == "miss" and word(gateway.chat("chat")) == "hit"
    before = calls(own_simulator)
    with Load(gateway.ports["api"], chat_bytes("chat"), connections=8) as load:
        wait_until(lambda: load.total > 200, 20, "load")
        redis.kill()
        at_death = load.total
        wait_until(lambda: load.total > at_death + 200, 20, "load without Redis")
    assert set(load.statuses) == {200} and not load.cut and not load.wrong, load.summary()
    assert calls(own_simulator) > before, "each is a miss now"
    assert gateway.metric("tidegate_cache_failures_total") > 0
    gateway.wait_log("is away")
    assert word(gateway.chat("chat")) == "miss"
    redis.begin()
    wait_until(lambda: word(gateway.chat("chat", "a new question")) == "hit", 10, "Redis back in use")


def test_a_redis_that_was_never_there_is_no_obstacle(start, own_simulator, redis):
    redis.kill()
    gateway = start(on_redis(own_simulator, {"chat": "tokens=6"}, redis), environment=SECRET)
    for _ in range(5):
        answer = gateway.chat("chat")
        assert (answer.status_code, word(answer)) == (200, "miss")
    assert gateway.get_admin("/readyz").status_code == 200


def test_a_wrong_password_is_said_and_not_shown(start, own_simulator, redis):
    gateway = start(on_redis(own_simulator, {"chat": "tokens=6"}, redis), environment={"REDIS_PASSWORD": "hunter2"})
    assert [word(gateway.chat("chat")) for _ in range(2)] == ["miss", "miss"]
    gateway.wait_log("WRONGPASS")
    assert "hunter2" not in "\n".join(gateway.log)


def test_a_silent_redis_delays_nobody_for_long(start, own_simulator):
    """A port that accepts and says nothing."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(16)
        top = f'cache: {{url: "redis://127.0.0.1:{silent.getsockname()[1]}"}}'
        gateway = start(configuration(own_simulator, {"chat": "tokens=6"}, top=top))
        answers = [gateway.chat("chat") for _ in range(10)]
        assert {(answer.status_code, word(answer)) for answer in answers} == {(200, "miss")}
        silent.setblocking(False)
        connections = 0
        with contextlib.suppress(BlockingIOError):
            while silent.accept():
                connections += 1
        assert 0 < connections < len(answers), "after a failure it is not asked again for a moment"
