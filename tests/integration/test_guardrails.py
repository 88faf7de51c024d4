"""Guardrails through the gateway, against the simulator: what the provider gets, what the client gets, what is kept."""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.sse import data_events

PRICE = "context: 128000, max_output: 4096, price: {input: 1.00, output: 2.00}"
SECRET = "jane.doe@example.com"
DIALECTS = ["openai", "anthropic"]


class Moderation:
    """An HTTP service that remembers what it was asked and answers as it is told."""

    def __init__(self):
        self.answer = {"flagged": False}
        self.questions = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                outer.questions.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                body = json.dumps(outer.answer).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def moderation():
    service = Moderation()
    yield service
    service.close()


def configuration(simulator, moderation):
    def models():
        for dialect, provider in (("openai", "sim"), ("anthropic", "sim-anthropic")):
            for name, directives in {
                "echo": "echo", "leak": "text=Write%20to%20jane.doe%40example.com%20today,chunk=1,slice=3",
                "promise": "text=You%20get%20a%20full%20refund%20guaranteed%20at%20once,chunk=1",
                "unsure": "logprob=-3", "sure": "logprob=-0.1", "good": "tokens=6",
                "verdict": 'text=%7B%22flagged%22%3Atrue%7D', "nonsense": "text=no%20verdict",
            }.items():
                yield f'  m-{dialect}-{name}: {{provider: {provider}, id: "m-{dialect}-{name}--{directives}", {PRICE}}}'

    def features():
        for dialect in DIALECTS:
            yield f"  {dialect}-redact-input: {{variants: {{v: {{model: m-{dialect}-echo, guardrails: [pii-in]}}}}, serve: v}}"
            yield f"  {dialect}-block-input: {{variants: {{v: {{model: m-{dialect}-echo, guardrails: [pii-block]}}}}, serve: v}}"
            yield f"  {dialect}-redact-output: {{variants: {{v: {{model: m-{dialect}-leak, guardrails: [pii-out]}}}}, serve: v}}"
            yield f"  {dialect}-observe: {{variants: {{v: {{model: m-{dialect}-leak, guardrails: [pii-observe]}}}}, serve: v}}"
            for name, guardrail in (("fallback", "promise"), ("buffer", "promise-buffer")):
                yield (f"  {dialect}-{name}: {{variants: {{v: {{model: m-{dialect}-promise, guardrails: [{guardrail}], fallback: [second]}}, "
                       f"second: {{model: m-{dialect}-good}}}}, serve: v}}")
            yield f"  {dialect}-blocked: {{variants: {{v: {{model: m-{dialect}-promise, guardrails: [promise-block]}}}}, serve: v}}"
            yield (f"  {dialect}-unsure: {{low_confidence: {{mean_logprob_below: -1.2}}, variants: {{v: {{model: m-{dialect}-unsure, "
                   f"fallback: [second]}}, second: {{model: m-{dialect}-sure}}}}, serve: v}}")
            yield f"  {dialect}-moderated: {{variants: {{v: {{model: m-{dialect}-good, guardrails: [moderated]}}}}, serve: v}}"
            yield (f"  {dialect}-judged: {{variants: {{v: {{model: m-{dialect}-good, guardrails: [judged], fallback: [sorry]}}}}, "
                   f"answers: {{sorry: {{text: Sorry.}}}}, serve: v}}")
        yield "  broken-judge: {variants: {v: {model: m-openai-good, guardrails: [broken]}}, serve: v}"

    return "\n".join([
        f"outbound: {{allow_private: [127.0.0.1]}}",
        "guardrails:",
        "  pii-in: {kind: pii, categories: [email], input: redact}",
        "  pii-block: {kind: pii, categories: [email], input: block}",
        "  pii-out: {kind: pii, categories: [email], output: redact}",
        "  pii-observe: {kind: pii, categories: [email], output: block, stream: observe}",
        '  promise: {kind: forbidden, patterns: ["full refund guaranteed"], output: fallback}',
        '  promise-buffer: {kind: forbidden, patterns: ["full refund guaranteed"], output: fallback, stream: buffer}',
        '  promise-block: {kind: forbidden, patterns: ["refund guaranteed"], output: block}',
        f"  moderated: {{kind: http, url: {moderation.url}/check, input: block, output: block}}",
        "  judged: {kind: judge, model: m-openai-verdict, rubric: Find anything, output: fallback}",
        "  broken: {kind: judge, model: m-openai-nonsense, rubric: Find anything, output: block}",
        "providers:", simulator.providers(), "models:", *models(), "features:", *features(),
    ]) + "\n"


@pytest.fixture(scope="module")
def gateway(simulator, moderation, binary, tmp_path_factory):
    from harness.gateway import Gateway
    gateway = Gateway(binary, tmp_path_factory.mktemp("guardrails"), configuration(simulator, moderation))
    gateway.begin()
    yield gateway
    gateway.end()


def ask(gateway, dialect, feature, text="Hello", **more):
    name = f"{dialect}-{feature}"
    return gateway.chat(name, text, **more) if dialect == "openai" else gateway.message(name, text, **more)


def streamed_text(dialect, answer):
    """The text that an SDK would put together."""
    out = ""
    for data in data_events(answer.text):
        if data == "[DONE]":
            continue
        event = json.loads(data)
        if dialect == "openai":
            out += "".join(choice["delta"].get("content") or "" for choice in event.get("choices", []))
        elif event["type"] == "content_block_delta":
            out += event["delta"].get("text", "")
    return out


def text_of(dialect, answer, stream):
    if stream:
        return streamed_text(dialect, answer)
    body = answer.json()
    return body["choices"][0]["message"]["content"] if dialect == "openai" else body["content"][0]["text"]


def trips(gateway, answer):
    record = gateway.wait_record(answer.headers["x-tidegate-call-id"])
    return [(trip["guardrail"], trip["category"], trip["direction"], trip["action"])
            for attempt in record["attempts"] for trip in attempt.get("trips", [])]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_redacted_in_a_request_reaches_neither_provider_nor_record(gateway, simulator, dialect, stream):
    answer = ask(gateway, dialect, "redact-input", f"Write to {SECRET} please", stream=stream)
    assert answer.status_code == 200, answer.text
    assert "Write to [email] please" in text_of(dialect, answer, stream)
    assert SECRET not in json.dumps(simulator.last(1))
    assert trips(gateway, answer) == [("pii-in", "email", "input", "redact")]
    record = gateway.get_admin(f"/admin/v1/calls/{answer.headers['x-tidegate-call-id']}")
    assert SECRET not in record.text and "[email]" in record.text
    assert SECRET not in gateway.log_text(1000)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_blocked_request_never_leaves(gateway, simulator, dialect):
    before = simulator.last(1)
    answer = ask(gateway, dialect, "block-input", f"Write to {SECRET} please")
    assert (answer.status_code, answer.headers["x-tidegate-error"]) == (400, "guardrail_blocked")
    assert SECRET not in answer.text
    assert simulator.last(1) == before
    record = gateway.wait_record(answer.headers["x-tidegate-call-id"])
    assert record["outcome"] == "blocked" and SECRET not in json.dumps(record)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_answer_is_redacted_however_it_was_cut(gateway, dialect, stream):
    answer = ask(gateway, dialect, "redact-output", stream=stream)
    text = text_of(dialect, answer, stream)
    assert "Write to [email] today" in text, text
    # No piece of it either: each token of the address came in an event of its own.
    assert "jane" not in answer.text and "example.com" not in answer.text
    assert trips(gateway, answer) == [("pii-out", "email", "output", "redact")]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_observing_holds_nothing_and_records(gateway, dialect):
    answer = ask(gateway, dialect, "observe", stream=True)
    assert SECRET in streamed_text(dialect, answer)
    assert trips(gateway, answer) == [("pii-observe", "email", "output", "record")]


@pytest.mark.parametrize("feature,stream", [("fallback", False), ("buffer", True)])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_tripped_answer_leads_to_the_fallback(gateway, dialect, feature, stream):
    answer = ask(gateway, dialect, feature, stream=stream)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-tidegate-fallback"] == "second;reason=guardrail"
    assert "refund" not in answer.text


@pytest.mark.parametrize("feature", ["fallback", "blocked"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_stream_whose_beginning_was_let_go_ends_with_an_error_event(gateway, dialect, feature):
    answer = ask(gateway, dialect, feature, stream=True)
    text = streamed_text(dialect, answer)
    assert "guaranteed" not in answer.text.replace("guardrail", "")
    if "x-tidegate-fallback" in answer.headers:  # the whole answer came before anything could be let go
        assert feature == "fallback"
        return
    assert "guardrail_blocked" in answer.text, answer.text
    assert "refund guaranteed" not in text
    assert gateway.wait_record(answer.headers["x-tidegate-call-id"])["outcome"] == "blocked"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_blocked_answer_is_an_error_of_the_dialect(gateway, dialect):
    answer = ask(gateway, dialect, "blocked")
    assert (answer.status_code, answer.headers["x-tidegate-error"]) == (400, "guardrail_blocked")
    assert "refund" not in answer.text
    record = gateway.wait_record(answer.headers["x-tidegate-call-id"])
    assert record["cost_nano_usd"] > 0, "what was answered is paid for"


def test_an_unsure_answer_leads_to_the_fallback(gateway):
    answer = ask(gateway, "openai", "unsure")
    assert answer.headers["x-tidegate-fallback"] == "second;reason=low_confidence"
    # Asked for by the gateway, so the client does not see them.
    assert answer.json()["choices"][0].get("logprobs") is None
    record = gateway.wait_record(answer.headers["x-tidegate-call-id"])
    assert [attempt["reason"] for attempt in record["attempts"]] == ["low_confidence", "ok"]
    assert record["attempts"][0]["mean_logprob"] < -1.2


def test_an_unsure_stream_is_recorded_only(gateway):
    answer = ask(gateway, "openai", "unsure", stream=True)
    assert "x-tidegate-fallback" not in answer.headers
    assert '"logprobs":{' not in answer.text.replace(" ", "")
    record = gateway.wait_record(answer.headers["x-tidegate-call-id"])
    assert record["attempts"][0]["mean_logprob"] < -1.2


def test_a_client_that_asks_for_log_probabilities_gets_them(gateway):
    answer = ask(gateway, "openai", "unsure", logprobs=True)
    assert answer.json()["choices"][0]["logprobs"]["content"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_moderation_service_decides(gateway, moderation, dialect):
    moderation.questions.clear()
    moderation.answer = {"flagged": False}
    assert ask(gateway, dialect, "moderated", "Is this fine?").status_code == 200
    assert len(moderation.questions) == 2 and "Is this fine?" in moderation.questions[0]["text"]
    moderation.answer = {"flagged": True, "categories": ["hate"]}
    blocked = ask(gateway, dialect, "moderated", "Is this fine?")
    assert (blocked.status_code, blocked.headers["x-tidegate-error"]) == (400, "guardrail_blocked")
    # No verdict is no pass.
    moderation.answer = {"nothing": "known"}
    unknown = ask(gateway, dialect, "moderated", "Is this fine?")
    assert (unknown.status_code, unknown.headers["x-tidegate-error"]) == (400, "guardrail_blocked")
    assert trips(gateway, unknown) == [("moderated", "unavailable", "input", "block")]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_judge_decides_and_is_paid_for(gateway, dialect, stream):
    answer = ask(gateway, dialect, "judged", stream=stream)
    assert answer.headers["x-tidegate-fallback"] == "sorry;reason=guardrail", answer.text
    call_id = answer.headers["x-tidegate-call-id"]
    gateway.wait_record(call_id)
    listed = gateway.get_admin("/admin/v1/calls", params={"conversation": call_id}).json()["calls"]
    assert [call["model"] for call in listed] == ["m-openai-verdict"]
    assert listed[0]["cost_nano_usd"] > 0


def test_a_judge_without_a_verdict_is_no_pass(gateway):
    answer = gateway.chat("broken-judge")
    assert (answer.status_code, answer.headers["x-tidegate-error"]) == (400, "guardrail_blocked")


def test_trips_are_counted(gateway):
    ask(gateway, "openai", "redact-input", f"{SECRET} and {SECRET}")
    gateway.wait_metric(lambda trips: trips > 0, "tidegate_guardrail_trips_total", feature="openai-redact-input",
                        guardrail="pii-in", category="email", direction="input")


def test_redacted_records_hold_nothing_that_any_guardrail_matches(simulator, start):
    config = f"""
        guardrails: {{mail: {{kind: pii, categories: [email], input: record, output: record}}}}
        providers:
        {simulator.providers().replace(chr(10), chr(10) + "        ")}
        models: {{m: {{provider: sim, id: "redacted--echo", {PRICE}}}}}
        features: {{f: {{variants: {{v: {{model: m, guardrails: [mail]}}}}, serve: v}}}}
    """
    gateway = start(config, records="content: redacted")
    answer = gateway.chat("f", f"Write to {SECRET} please")
    assert SECRET in answer.text, "recording alone changes nothing for the client"
    gateway.wait_record(answer.headers["x-tidegate-call-id"])
    shown = gateway.run_command("call", "show", answer.headers["x-tidegate-call-id"], "--json")
    assert SECRET not in shown.stdout and "[email]" in shown.stdout
