"""Every fault of the simulator, through the gateway: status, code, headers, record; and with a fallback behind it."""
import json
from urllib.parse import quote

import pytest

from harness.gateway import wait_until
from harness.sse import data_events, events

# Model ids carry the simulator's directives; each becomes a feature of its own, alone and with a fallback.
FAULTS = {
    "status-400": "status=400", "status-401": "status=401", "status-403": "status=403", "status-404": "status=404",
    "status-408": "status=408", "status-409": "status=409", "status-413": "status=413", "status-422": "status=422",
    "status-429": "status=429,retry-after=7", "status-500": "status=500", "status-503": "status=503", "status-529": "status=529",
    "hang": "hang", "drop": "drop", "garbage": "garbage,after=0", "reset": "reset,after=0", "truncate": "truncate,after=0",
    "cut": "cut,after=0", "stall": "stall,after=0", "error": "error,after=0", "error-not-a-stream": "error-not-a-stream",
    "slow": "first-token=20s", "refusal": "refusal", "late-refusal": "refusal,rate=40", "filtered": "finish=content_filter,tokens=0",
    # The same in the middle of the answer, paced: the first words have left when it fails, too late for a fallback.
    "late-reset": "reset,after=4,rate=40", "late-truncate": "truncate,after=4,rate=40", "late-cut": "cut,after=4,rate=40", "late-stall": "stall,after=4,rate=40",
    "late-garbage": "garbage,after=4,rate=40", "late-error": "error,after=4,rate=40",
    "burst-reset": "reset,after=4", "burst-truncate": "truncate,after=4", "burst-cut": "cut,after=4",
    "burst-garbage": "garbage,after=4", "burst-error": "error,after=4",
    "not-a-stream": "not-a-stream", "no-usage": "no-usage", "good": "tokens=6",
}
# What the client gets at the end of a chain without a fallback: status, code.
PASSED = {400: 400, 409: 409, 413: 413, 422: 422}
EXPECTED = {
    "status-400": (400, "upstream_rejected"), "status-401": (502, "upstream_unavailable"), "status-403": (502, "upstream_unavailable"),
    "status-404": (502, "upstream_unavailable"), "status-408": (504, "upstream_timeout"), "status-409": (409, "upstream_rejected"),
    "status-413": (413, "upstream_rejected"), "status-422": (422, "upstream_rejected"), "status-429": (429, "rate_limited"),
    "status-500": (502, "upstream_unavailable"), "status-503": (502, "upstream_unavailable"),
    "status-529": (502, "upstream_unavailable"), "hang": (504, "upstream_timeout"), "drop": (502, "upstream_unavailable"),
    "garbage": (502, "upstream_unavailable"), "reset": (502, "upstream_unavailable"), "truncate": (502, "upstream_unavailable"),
    "cut": (502, "upstream_unavailable"), "stall": (504, "upstream_timeout"), "error": (502, "upstream_unavailable"),
    "error-not-a-stream": (502, "upstream_unavailable"), "slow": (504, "upstream_timeout"),
}
# The reason that the fallback names. 400, 409, 413, 422 are the caller's: no fallback.
REASONS = {
    "status-401": {"error"}, "status-403": {"error"}, "status-404": {"error"}, "status-408": {"timeout"}, "status-429": {"rate_limit"},
    "status-500": {"error"}, "status-503": {"overloaded"}, "status-529": {"overloaded"},
    "hang": {"timeout"}, "drop": {"error"}, "garbage": {"malformed"}, "reset": {"error"}, "truncate": {"error", "malformed"}, "cut": {"malformed"}, "stall": {"timeout"},
    "error": {"error", "malformed", "overloaded"}, "error-not-a-stream": {"error", "malformed"}, "slow": {"timeout"}, "refusal": {"refusal"},
}
DIALECTS = ["openai", "anthropic"]
PRICE = "context: 128000, max_output: 4096, price: {input: 1.00, output: 2.00}"


def configuration(simulator):
    lines = ["providers:", simulator.providers("timeouts: {first_token: 1s, idle: 1s, total: 3s}"), "models:"]
    for dialect, provider in (("openai", "sim"), ("anthropic", "sim-anthropic")):
        for name, directives in FAULTS.items():
            # One for each test: an open circuit of one must not be seen by another.
            for model in (f"m-{dialect}-{name}{kind}" for kind in ("", "-stream", "-saved", "-saved-stream")):
                lines.append(f'  {model}: {{provider: {provider}, id: "{model}--{directives}", {PRICE}}}')
    lines.append("features:")
    for dialect in DIALECTS:
        for feature in (f"{dialect}-{name}{kind}" for name in FAULTS for kind in ("", "-stream")):
            lines.append(f"  {feature}: {{variants: {{only: {{model: m-{feature}}}}}, serve: only, timeout: {{total: 4s}}}}")
        for name in FAULTS:
            for kind in ("-saved", "-saved-stream"):
                lines.append(
                    f"  {dialect}-{name}{kind}: {{variants: {{first: {{model: m-{dialect}-{name}{kind}, fallback: [second, sorry]}}, "
                    f"second: {{model: m-{dialect}-good}}}}, answers: {{sorry: {{text: Sorry.}}}}, serve: first, "
                    f"timeout: {{attempt: 1500ms, first_token: 1s, total: 6s}}}}")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def gateway(simulator, binary, tmp_path_factory):
    from harness.gateway import Gateway
    gateway = Gateway(binary, tmp_path_factory.mktemp("faults"), configuration(simulator))
    gateway.begin()
    yield gateway
    gateway.end()


def ask(gateway, dialect, feature, **more):
    feature += "-stream" if more.get("stream") and feature.startswith(tuple(DIALECTS)) else ""
    return gateway.chat(feature, **more) if dialect == "openai" else gateway.message(feature, **more)


def shape_is_right(dialect, answer, code):
    body = answer.json()
    if code == "upstream_rejected":  # same dialect: the provider's own words
        return "[simulator]" in body["error"]["message"]
    if dialect == "openai":
        return set(body["error"]) >= {"message", "type", "param", "code"} and body["error"]["code"] == code
    return body["type"] == "error" and body["error"]["type"] and body["error"]["message"].split()[0].rstrip(":") == code


def text_of(dialect, answer):
    body = answer.json()
    return body["choices"][0]["message"]["content"] if dialect == "openai" else body["content"][0]["text"]


def cases(names):
    """A slow first token is a fault of streams only; the delta of a refusal is content, so it is passed on."""
    return [(dialect, stream, name) for name in names for stream in (False, True) for dialect in DIALECTS
            if (stream or name != "slow") and (name, stream, dialect) != ("refusal", True, "openai")]


@pytest.mark.parametrize("dialect,stream,name", cases(EXPECTED))
def test_a_fault_alone_becomes_an_error_of_the_dialect(gateway, dialect, stream, name):
    status, code = EXPECTED[name]
    answer = ask(gateway, dialect, f"{dialect}-{name}", stream=stream)
    assert (answer.status_code, answer.headers.get("x-tidegate-error")) == (status, code), answer.text
    assert shape_is_right(dialect, answer, code), answer.text
    if status == 429:
        assert answer.headers["retry-after"] == "7"
    record = gateway.wait_record(answer.headers["x-tidegate-call-id"])
    assert record["attempts"], record


@pytest.mark.parametrize("dialect,stream,name", cases(REASONS))
def test_a_fault_leads_to_the_fallback(gateway, dialect, stream, name):
    answer = ask(gateway, dialect, f"{dialect}-{name}-saved", stream=stream)
    assert answer.status_code == 200, answer.text
    fallback = answer.headers["x-tidegate-fallback"]
    entry, _, reason = fallback.partition(";reason=")
    expected = REASONS[name]
    if stream and name in ("hang", "slow", "stall"):
        expected = {"first_token_timeout"}
    assert entry == "second" and reason in expected, fallback
    assert answer.headers["x-tidegate-variant"] == "second"
    assert "[simulator]" in answer.text


def test_the_delta_of_a_refusal_is_content(gateway):
    answer = ask(gateway, "openai", "openai-late-refusal-saved", stream=True)
    assert answer.status_code == 200 and "x-tidegate-fallback" not in answer.headers
    assert '"refusal":"' in answer.text and data_events(answer.text)[-1] == "[DONE]"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_the_callers_fault_has_no_fallback(gateway, dialect, status):
    answer = ask(gateway, dialect, f"{dialect}-status-{status}-saved")
    assert answer.status_code == status
    assert "x-tidegate-fallback" not in answer.headers


LATE = ["late-reset", "late-truncate", "late-cut", "late-stall", "late-garbage", "late-error"]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", LATE)
def test_a_stream_that_fails_late_ends_with_an_error_event(gateway, dialect, name):
    answer = ask(gateway, dialect, f"{dialect}-{name}-saved", stream=True)
    assert answer.status_code == 200
    assert "x-tidegate-fallback" not in answer.headers
    assert "[simulator]" in answer.text, "what came before is passed on"
    if dialect == "openai":
        last = data_events(answer.text)[-1]
        assert "error" in json.loads(last), answer.text[-500:]
        assert "[DONE]" not in answer.text
    else:
        name_of_last, data = events(answer.text)[-1]
        assert name_of_last == "error" and json.loads(data)["type"] == "error", answer.text[-500:]
        assert "message_stop" not in answer.text
    record = gateway.wait_record(answer.headers["x-tidegate-call-id"])
    assert record["attempts"][-1]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", ["reset", "cut", "error", "garbage", "truncate"])
def test_a_stream_that_comes_and_fails_in_one_piece_loses_nothing(gateway, dialect, name):
    """Content and failure are read together: either a fallback answers, or the content is passed on before the error event."""
    answer = ask(gateway, dialect, f"{dialect}-burst-{name}-saved", stream=True)
    assert answer.status_code == 200
    assert "[simulator]" in answer.text, answer.text
    assert "x-tidegate-fallback" in answer.headers or "error" in answer.text


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", ["late-reset", "late-truncate", "late-cut", "late-stall", "late-error"])
def test_a_whole_answer_that_fails_late_leads_to_the_fallback(gateway, dialect, name):
    answer = ask(gateway, dialect, f"{dialect}-{name}-saved")
    assert answer.status_code == 200
    assert answer.headers["x-tidegate-fallback"].startswith("second;reason=")
    assert text_of(dialect, answer).startswith("[simulator]")


SAID = "Grüße, 港の波 🌊 и море, 👩‍👩‍👧 \"quoted\" back\\slash\nnew line."
SLICES = [1, 2, 3, 5, 7, 11, 64]


def streamed_text(dialect, answer):
    """The text of all deltas; the stream must have ended as it should."""
    if dialect == "openai":
        data = data_events(answer.text)
        assert data[-1] == "[DONE]", answer.text[-300:]
        return "".join(c["delta"].get("content") or "" for d in data[:-1] for c in json.loads(d)["choices"])
    parsed = [json.loads(data) for _, data in events(answer.text)]
    assert parsed[-1]["type"] == "message_stop", answer.text[-300:]
    return "".join(event["delta"].get("text", "") for event in parsed if event["type"] == "content_block_delta")


def test_a_stream_in_small_pieces_is_the_same_stream(start, simulator):
    """The provider's stream cut every few bytes, inside events and inside characters: same dialect and both crossings."""
    lines = ["providers:", simulator.providers(), "models:"]
    for provider in ("sim", "sim-anthropic"):
        for size in (0, *SLICES):
            lines.append(f'  {provider}-{size}: {{provider: {provider}, id: "same--slice={size},text={quote(SAID)}", {PRICE}}}')
    lines.append("features:")
    for provider in ("sim", "sim-anthropic"):
        for size in (0, *SLICES):
            lines.append(f"  f-{provider}-{size}: {{variants: {{only: {{model: {provider}-{size}}}}}, serve: only}}")
    gateway = start("\n".join(lines) + "\n")
    assert text_of("openai", ask(gateway, "openai", "f-sim-0")) == SAID
    for client in DIALECTS:
        for provider in ("sim", "sim-anthropic"):
            for size in SLICES:
                answer = ask(gateway, client, f"f-{provider}-{size}", stream=True)
                assert streamed_text(client, answer) == SAID, (client, provider, size)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_missing_usage_is_bounded_and_marked(gateway, dialect):
    answer = ask(gateway, dialect, f"{dialect}-no-usage")
    assert answer.status_code == 200
    record = gateway.wait_record(answer.headers["x-tidegate-call-id"])
    assert "bounded" in json.dumps(record), record


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_stream_answered_as_json_is_no_broken_stream(gateway, dialect):
    """Either it is turned into a stream, or it counts as malformed: never half of each."""
    answer = ask(gateway, dialect, f"{dialect}-not-a-stream", stream=True)
    if answer.status_code == 200:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "[simulator]" in answer.text
    else:
        assert (answer.status_code, answer.headers["x-tidegate-error"]) == (502, "upstream_unavailable")


def test_a_refused_connection_is_unavailable(start):
    gateway = start("""
        providers:
          closed: {dialect: openai, base_url: "http://127.0.0.1:1/v1", api_key: x, allow_private_address: true}
        models:
          m: {provider: closed, id: m-1, context: 128000, max_output: 4096, price: {input: 1.00, output: 2.00}}
        features:
          alone: {variants: {only: {model: m}}, serve: only}
          saved: {variants: {only: {model: m, fallback: [sorry]}}, answers: {sorry: {text: "We will answer."}}, serve: only}
        """)
    answer = gateway.chat("alone")
    assert (answer.status_code, answer.headers["x-tidegate-error"]) == (502, "upstream_unavailable")
    saved = gateway.chat("saved")
    assert saved.json()["choices"][0]["message"]["content"] == "We will answer."
    assert saved.headers["x-tidegate-fallback"].startswith("sorry;reason=")


def test_a_failing_provider_opens_the_circuit_and_a_probe_closes_it(start, own_simulator):
    gateway = start(f"providers:\n{own_simulator.providers()}" + """
models:
  bad: {provider: sim, id: "demo--status=500", context: 128000, max_output: 4096, price: {input: 1.00, output: 2.00}}
features:
  broken: {variants: {only: {model: bad, fallback: [sorry]}}, answers: {sorry: {text: Sorry.}}, serve: only}
""")
    reasons = []

    def opened():
        reasons.append(gateway.chat("broken").headers["x-tidegate-fallback"].partition("reason=")[2])
        return reasons[-1] == "circuit_open"

    wait_until(opened, 10, "an open circuit")
    before = own_simulator.statistics()["requests"]
    for _ in range(20):
        assert gateway.chat("broken").status_code == 200
    assert own_simulator.statistics()["requests"] - before <= 2, "an open circuit spares the provider, but for a probe"
    assert gateway.metric("tidegate_circuit_state", model="bad") > 0


def test_faults_leave_nothing_behind(gateway):
    wait_until(lambda: gateway.status()["upstream"]["in_flight"] == 0, 5, "the end of all upstream calls")
