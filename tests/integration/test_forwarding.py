"""What leaves for a provider is one request to everybody: nginx and Go read it as we meant it, whatever the client sent.

Providers record the bytes of each connection. Afterwards these are given to both servers: method, target, host and length of
the body, and where one request ends and the next begins, must be the same for all.
"""
import asyncio
import json
import random
import re
import socket

import pytest
from harness import parsers
from harness.gateway import SLOW
from harness.load import Cut, chat_bytes, read_answer, request_bytes, scaled
from harness.provider import Provider

CHAT = {"id": "c", "object": "chat.completion", "created": 1, "model": "m-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "ebb"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "m-1", "content": [{"type": "text", "text": "ebb"}],
           "stop_reason": "end_turn", "stop_sequence": None, "usage": {"input_tokens": 1, "output_tokens": 1}}
EMBEDDING = {"object": "list", "model": "m-1", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}],
             "usage": {"prompt_tokens": 1, "total_tokens": 1}}
ANSWERS = {"chat/completions": CHAT, "messages": MESSAGE, "embeddings": EMBEDDING}


def read_head(head):
    """Method, target, host and length; ValueError if one of them is missing, or there twice."""
    lines = head.decode("latin-1").split("\r\n")[:-2]
    fields = [line.split(": ", 1) for line in lines[1:]]
    [length] = [int(value) for name, value in fields if name.lower() in ("content-length", "transfer-encoding")]
    [host] = [value for name, value in fields if name.lower() == "host"]
    method, target, _ = lines[0].split(" ")
    return method, target, host, length


class Recorder(Provider):
    """Keeps what each connection carried, and beside it what it takes for the requests."""

    def __init__(self, host):
        self.connections = []  # (bytes, [understood])
        self.unreadable = []  # heads that are not of the one form in which we write them, and bodies that are no JSON
        super().__init__(host)

    async def serve(self, reader, writer):
        carried, understood = bytearray(), []
        self.connections.append((carried, understood))
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            body = b""
            try:
                method, target, host, length = read_head(head)
                body = await reader.readexactly(length)
                stream = json.loads(body).get("stream", False)
            except ValueError:
                self.unreadable.append(head + body[:1000])
                return
            carried += head + body  # whole requests only: one that its client gave up may end anywhere
            understood.append(f"{method} {target} {host} {length}")
            self.answer(writer, target, stream)

    def answer(self, writer, target, stream):
        whole = json.dumps(next(answer for end, answer in ANSWERS.items() if target.endswith("/" + end)))
        kind = "application/json"
        if stream:
            chunk = json.dumps({**CHAT, "object": "chat.completion.chunk",
                                "choices": [{"index": 0, "delta": {"content": "ebb"}, "finish_reason": "stop"}]})
            kind, whole = "text/event-stream", f"data: {chunk}\n\ndata: [DONE]\n\n"
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(whole)}\r\n\r\n{whole}".encode())


def configuration(four, six):
    urls = {
        "plain": ("openai", f"http://127.0.0.1:{four}/v1"),
        "named": ("openai", f"http://LocalHost.:{four}/a//b%20c%2Fd/./v1/"),
        "six": ("openai", f"http://[::1]:{six}/v1"),
        "anthropic": ("anthropic", f"http://127.0.0.1:{four}/x"),
    }
    lines = ["providers:"]
    for name, (dialect, url) in urls.items():
        lines.append(f'  {name}: {{dialect: {dialect}, base_url: "{url}", api_key: sk, allow_private_address: true}}')
    lines.append("models:")
    for name in urls:
        lines.append(f"  m-{name}: {{provider: {name}, id: m-1, context: 128000, max_output: 100, price: {{input: 1.00, output: 2.00}}}}")
    lines.append("features:")
    for name in urls:
        lines.append(f"  {name}: {{variants: {{only: {{model: m-{name}}}}}, serve: only}}")
    lines.append("  search: {operation: embeddings, variants: {only: {model: m-plain}}, serve: only}")
    return "\n".join(lines) + "\n"


# What providers must be asked, by nothing but the configuration.
EXPECTED = re.compile(r"POST (/v1/chat/completions|/v1/embeddings) (127\.0\.0\.1|\[::1\]):\d+ \d+"
                      r"|POST /a//b%20c%2Fd/\./v1/chat/completions localhost:\d+ \d+"
                      r"|POST /x/v1/messages 127\.0\.0\.1:\d+ \d+")


def replaced(request, old, new):
    assert request.count(old) >= 1
    return request.replace(old, new, 1)


def chunked(request, size):
    """The same request with its body in chunks."""
    head, body = request.split(b"\r\n\r\n", 1)
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[at:at + size] for at in range(0, len(body), size)))
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"content-length")]
    return b"\r\n".join([*lines, b"transfer-encoding: chunked"]) + b"\r\n\r\n" + pieces + b"0\r\n\r\n"


def well_formed():
    """Requests that are right and unusual; each is answered with 200."""
    text = "flut \u00e4\u6f6e \\ \" \r\n\r\nPOST /x HTTP/1.1\r\nhost: in.the.body\r\ncontent-length: 3\r\n\r\nabc"
    messages = [{"role": "user", "content": text}]
    for model in ("plain", "named", "six", "anthropic"):
        for stream in (False, True) if model != "anthropic" else (False,):
            yield chat_bytes(model, text, stream=stream)
        yield request_bytes("/v1/messages", {"model": model, "max_tokens": 9, "messages": messages})
        yield chat_bytes(model, text * 3000)
        for size in (1, 7, 5000):
            yield chunked(chat_bytes(model, text), size)
    yield request_bytes("/v1/embeddings", {"model": "search", "input": text})
    chat = chat_bytes("plain", text)
    for target in (b"http://gateway/v1/chat/completions", b"/v1/%63hat/completions", b"/v1/chat/completions?a=b&c=%20d"):
        yield replaced(chat, b"/v1/chat/completions", target)
    for fields in (b"host: GATEWAY:8080", b"host: gateway\r\nconnection: x-request-id, te\r\nte: trailers\r\nx-request-id: r-1",
                   b"host: gateway\r\nx-forwarded-host: other\r\nforwarded: host=other\r\nx-original-url: /other",
                   b"host: gateway\r\nidempotency-key:  a b\tc  \r\nanthropic-beta: one,\ttwo\r\nanthropic-version: 2023-06-01",
                   b"host: gateway\r\nx-stainless-retry-count: 0\r\ncookie: a=b; c=d\r\nauthorization: Bearer sk-of-client"):
        yield replaced(chat, b"host: gateway", fields)


LINES = (b"Content-Length: 5", b"content-length: 0", b"content-length : 9", b"Transfer-Encoding: chunked", b"transfer-encoding: identity",
         b"Transfer-Encoding:\tchunked", b"transfer-encoding: chunked, gzip", b"Host: other", b"host:", b"connection: close, content-length",
         b"connection: transfer-encoding", b"expect: 100-continue", b"upgrade: h2c", b" folded", b"idempotency-key: a\x00b",
         b"idempotency-key: \x80\xff", b"anthropic-beta: a\rb", b"anthropic-beta: a\nhost: b", b"x-http-method-override: GET", b"trailer: host")
BYTES = (b"\r", b"\n", b"\r\n", b"\t", b" ", b"\x00", b"\x0b", b"\x85", b"\xa0", b":", b",", b";", b"#", b"?", b"%0d%0a", b"\\", b"/", b"\"", b"\r\n\r\n")


def mutated(generator):
    """A chat request, whole or in chunks, with something wrong or strange in its head or between its chunks."""
    request = chat_bytes("plain", "flut", {"idempotency-key": "k", "anthropic-beta": "b"})
    if generator.random() < 0.4:
        request = chunked(request, 40)
    for _ in range(generator.randint(1, 3)):
        head, _, body = request.partition(b"\r\n\r\n")
        way = generator.randrange(5)
        if way == 0:
            lines = head.split(b"\r\n")
            lines.insert(generator.randint(1, len(lines)), generator.choice(LINES))
            request = b"\r\n".join(lines) + b"\r\n\r\n" + body
        elif way == 1:
            at = generator.randint(0, len(head))
            request = request[:at] + generator.choice(BYTES) + request[at:]
        elif way == 2:
            at = generator.randint(0, len(head))
            request = request[:at] + bytes([generator.randrange(256)]) + request[at + 1:]
        elif way == 3:
            lines = head.split(b"\r\n")
            lines.append(generator.choice(lines[1:] or lines))
            request = b"\r\n".join(lines) + b"\r\n\r\n" + body
        else:
            at = generator.randint(0, len(request))
            request = request[:at] + generator.choice(BYTES) + request[at:]
    return request


async def ask(address, request, patience):
    """The answer's status; 0 if there was none within so many seconds, as where the gateway waits for more."""
    reader, writer = await asyncio.open_connection(*address, limit=1 << 22)
    try:
        writer.write(request)
        answer = await asyncio.wait_for(read_answer(reader), patience)
        return answer.status if answer else 0
    except (TimeoutError, asyncio.TimeoutError, Cut, ConnectionError):
        return 0
    finally:
        writer.close()


def ask_all(gateway, requests, concurrent, patience):
    host, port = gateway.ports["api"].rsplit(":", 1)

    async def everything():
        gate = asyncio.Semaphore(concurrent)

        async def one(request):
            async with gate:
                return await ask((host, int(port)), request, patience)

        return await asyncio.gather(*(one(request) for request in requests))

    return asyncio.run(everything())


@pytest.fixture(scope="module")
def judges(tmp_path_factory):
    if parsers.missing():
        pytest.skip(f"needs {' and '.join(parsers.missing())}")
    folder = tmp_path_factory.mktemp("parsers")
    with parsers.nginx(folder / "nginx") as nginx, parsers.go(folder / "go") as go:
        yield {"nginx": nginx, "go": go}


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.fixture
def providers():
    if not has_ipv6():
        pytest.skip("needs ::1")
    with Recorder("::1") as six, Recorder("127.0.0.1") as four:
        yield four, six


def disagreements(providers, judges):
    """(what we meant, what a server understood, the bytes), and how many requests were compared."""
    wrong, count = [], 0
    for provider in providers:
        provider.close()
        wrong += [("one request", "not readable by the provider", request) for request in provider.unreadable]
        for carried, meant in provider.connections:
            count += len(meant)
            wrong += [(line, "asked of a provider", b"") for line in meant if not EXPECTED.fullmatch(line)]
            for name, judge in judges.items():
                understood = judge.understood(bytes(carried))
                if understood != meant:
                    wrong.append((meant, f"{name}: {understood}", bytes(carried[:2000])))
    return wrong, count


# What each server does not take for the one request that it resembles. nginx 1.22 reads over a second length.
@pytest.mark.parametrize("connection, noticing", [
    (b"POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabcdef", {"nginx", "go"}),
    (b"POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd", {"go"}),
    (b"POST /v1/x HTTP/1.1\r\nhost: a\r\nhost: b\r\ncontent-length: 3\r\n\r\nabc", {"nginx", "go"}),
    (b"POST /v1/x HTTP/1.1\r\nhost: b\r\ncontent-length: 3\r\n\r\nabc", {"nginx", "go"}),
    (b"POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nx: y\r\n\r\nabcGET /v2 HTTP/1.1\r\nhost: a\r\n\r\n", {"nginx", "go"}),
])
def test_the_servers_notice_what_differs(judges, connection, noticing):
    for name, judge in judges.items():
        assert judge.understood(b"POST /v1/x HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabc") == ["POST /v1/x a 3"]
        if name in noticing:
            assert judge.understood(connection) != ["POST /v1/x a 3"]


def test_what_is_forwarded_is_read_alike_by_nginx_and_go(start, providers, judges, note):
    gateway = start(configuration(providers[0].port, providers[1].port))
    requests = list(well_formed())
    statuses = ask_all(gateway, requests, concurrent=4, patience=60)
    refused = [(status, request[:90]) for status, request in zip(statuses, requests) if status != 200]
    assert not refused, "\n".join(map(str, refused))
    wrong, count = disagreements(providers, judges)
    note(f"{count} requests forwarded")
    assert wrong == []
    assert count == len(requests)


def test_no_malformed_request_makes_one_that_servers_read_apart(start, providers, judges, note):
    seed = random.randrange(1 << 32)
    note(f"seed {seed}")
    generator = random.Random(seed)
    gateway = start(configuration(providers[0].port, providers[1].port))
    requests = [mutated(generator) for _ in range(scaled(1500, 20_000))]
    statuses = ask_all(gateway, requests, concurrent=64, patience=SLOW)
    wrong, count = disagreements(providers, judges)
    note(f"{len(requests)} requests, {statuses.count(200)} answered with 200, {count} forwarded")
    assert wrong == []
    assert statuses.count(200) <= count < len(requests)
    assert count > 0
