"""An answer by the application's own HTTP hook."""
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.sse import data_events

PRICE = "context: 128000, max_output: 4096, price: {input: 1.00, output: 2.00}"


class Hook:
    def __init__(self):
        self.status, self.body, self.questions, self.hang = 200, b'{"text": "From the search."}', [], threading.Event()
        self.hang.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                outer.questions.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                outer.hang.wait(30)
                self.send_response(outer.status)
                self.send_header("content-length", str(len(outer.body)))
                self.end_headers()
                self.wfile.write(outer.body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.hang.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def hook():
    hook = Hook()
    yield hook
    hook.close()


@pytest.fixture
def gateway(hook, simulator, start):
    return start(f"""
        outbound: {{allow_private: [127.0.0.1]}}
        providers:
        {simulator.providers().replace(chr(10), chr(10) + "        ")}
        models: {{failing: {{provider: sim, id: "hook--status=503", {PRICE}}}}}
        features:
          f:
            variants: {{v: {{model: failing, fallback: [search, sorry]}}}}
            answers: {{search: {{http: "http://127.0.0.1:{hook.server.server_port}/ask", timeout: 700ms}}, sorry: {{text: Sorry.}}}}
            serve: v
    """)


def test_the_hook_is_told_what_was_asked_and_answers(gateway, hook):
    answer = gateway.chat("f", "Where is my parcel?", headers={"x-tidegate-user": "u1"})
    assert answer.headers["x-tidegate-fallback"] == "search;reason=overloaded"
    assert answer.json()["choices"][0]["message"]["content"] == "From the search."
    asked = hook.questions[0]
    assert asked == {"call_id": answer.headers["x-tidegate-call-id"], "feature": "f", "user": "u1", "conversation": "",
                     "reason": "overloaded", "text": "Where is my parcel?"}
    attempts = gateway.wait_record(answer.headers["x-tidegate-call-id"])["attempts"]
    assert [(attempt["entry"], attempt["reason"]) for attempt in attempts] == [("v", "overloaded"), ("search", "ok")]


def test_a_stream_gets_the_answer_as_a_stream(gateway):
    answer = gateway.chat("f", stream=True)
    assert "From the search." in answer.text and data_events(answer.text)[-1] == "[DONE]"


def test_json_is_for_clients_that_ask_for_it(gateway, hook):
    hook.body = b'{"json": {"answer": 7}}'
    answer = gateway.chat("f", response_format={"type": "json_object"})
    assert json.loads(answer.json()["choices"][0]["message"]["content"]) == {"answer": 7}
    hook.body = b'{"text": "prose"}'
    answer = gateway.chat("f", response_format={"type": "json_object"})
    assert answer.status_code == 502, "neither prose nor the static text may break the client's parser"


@pytest.mark.parametrize("status,body", [(500, b"{}"), (200, b"not JSON"), (200, b'{"other": 1}'), (302, b"")])
def test_a_hook_that_fails_leads_on(gateway, hook, status, body):
    hook.status, hook.body = status, body
    answer = gateway.chat("f")
    assert answer.headers["x-tidegate-fallback"].startswith("sorry;")


def test_a_hook_that_hangs_is_left(gateway, hook):
    hook.hang.clear()
    answer = gateway.chat("f")
    assert answer.headers["x-tidegate-fallback"].startswith("sorry;")
    attempts = gateway.wait_record(answer.headers["x-tidegate-call-id"])["attempts"]
    assert attempts[1]["reason"] == "timeout"
