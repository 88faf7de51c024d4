"""One client and its provider in one thread: each step begins when the one before is over, so that a run repeats itself."""
import json
import selectors
import socket
import time

from . import gateway

WORDS = "Where is my parcel? "
REQUEST = {"model": "chat", "user": "user-42", "temperature": 0.7, "messages": [{"role": "user", "content": WORDS * 45}]}
ANSWER = {"id": "chatcmpl-bench", "object": "chat.completion", "created": 1700000000, "model": gateway.MODEL,
          "choices": [{"index": 0, "message": {"role": "assistant", "content": "tide " * 110}, "logprobs": None, "finish_reason": "stop"}],
          "usage": {"prompt_tokens": 200, "completion_tokens": 110, "total_tokens": 310}}
CHUNKS = 32  # of a stream, between its first and its last two
TIMEOUT = 60  # seconds for any one step


def chunk(delta, finish=None, usage=None, choices=True):
    data = {"id": "chatcmpl-bench", "object": "chat.completion.chunk", "created": 1700000000, "model": gateway.MODEL,
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}] if choices else []}
    if usage:
        data["usage"] = usage
    return ("data: " + json.dumps(data) + "\n\n").encode()


def events():
    """Of one answer: CHUNKS pieces of text, end, usage with the end of the stream."""
    for number in range(CHUNKS):
        yield chunk({"content": f"tide {number:03} ", **({} if number else {"role": "assistant"})})
    yield chunk({}, "stop")
    yield chunk({}, usage={"prompt_tokens": 200, "completion_tokens": CHUNKS, "total_tokens": 200 + CHUNKS}, choices=False) + b"data: [DONE]\n\n"


def http_chunk(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def request_bytes(body):
    text = json.dumps(body).encode()
    return (f"POST /v1/chat/completions HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {gateway.KEY}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n").encode() + text


def answer_bytes(body):
    return (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)) + body


STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class RefusedError(Exception):
    """The gateway answered by itself; with its answer."""


class Upstream:
    """Listens; `take` waits for one whole request and gives its connection, on which `sendall` answers it."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]

    def take(self, client):
        """Fails if the client gets an answer although nobody has asked the provider."""
        self.selector.register(client, selectors.EVENT_READ)
        try:
            while True:
                ready = self.selector.select(TIMEOUT)
                if not ready:
                    raise TimeoutError("the gateway did not ask the provider")
                connection = self.look(ready, client)
                if connection:
                    return connection
        finally:
            self.selector.unregister(client)

    def look(self, ready, client):
        for key, _ in ready:
            if key.fileobj is client:
                raise RefusedError(read_message(client))
            if key.fileobj is self.listener:
                connection, _ = self.listener.accept()
                connection.settimeout(TIMEOUT)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.selector.register(connection, selectors.EVENT_READ)
            elif read_message(key.fileobj):
                return key.fileobj
            else:
                self.selector.unregister(key.fileobj)
                key.fileobj.close()
        return None

    def close(self):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()


def read_message(connection):
    """Head and body of a message with a length; empty at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(1 << 20)
        if not more:
            return b""
        data += more
    head, body = data.split(b"\r\n\r\n", 1)
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(1 << 20)
    return head + b"\r\n\r\n" + body


def read_until(connection, end):
    data = b""
    while not data.endswith(end):
        more = connection.recv(1 << 20)
        if not more:
            raise ConnectionError(f"the connection ended after {data[-200:]}")
        data += more
    return data


class Client:
    def __init__(self, address, upstream):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.upstream = upstream
        self.plain = request_bytes(REQUEST)
        self.long = request_bytes({**REQUEST, "messages": [{"role": "user", "content": WORDS * 5000}]})
        self.streamed = request_bytes({**REQUEST, "stream": True, "stream_options": {"include_usage": True}})

    def begin(self):
        """Asks until there is an answer: on a busy machine the first lease of a budget may come late, which is a 503."""
        for attempt in range(20):
            try:
                return self.chat(0)
            except RefusedError as error:
                if attempt == 19 or b" 503 " not in error.args[0]:
                    raise
                time.sleep(0.2)

    def chat(self, number, long=False):
        """One question (1 KB, or 100 KB) with an answer that carries its number."""
        self.socket.sendall(self.long if long else self.plain)
        body = json.dumps({**ANSWER, "id": f"chatcmpl-{number:08}"}).encode()
        self.upstream.take(self.socket).sendall(answer_bytes(body))
        got = read_message(self.socket)
        assert got.startswith(b"HTTP/1.1 200") and got.endswith(body), got

    def stream(self, number, together=1):
        """A stream, `together` chunks a write, the next written once the ones before have arrived."""
        self.socket.sendall(self.streamed)
        provider = self.upstream.take(self.socket)
        provider.sendall(STREAM_HEAD)
        pieces = list(events())
        for begin in range(0, len(pieces), together):
            batch = pieces[begin:begin + together]
            last = begin + together >= len(pieces)
            provider.sendall(b"".join(map(http_chunk, batch)) + (b"0\r\n\r\n" if last else b""))
            got = read_until(self.socket, b"0\r\n\r\n" if last else batch[-1] + b"\r\n")
            assert all(piece.split(b"\n\n")[0] in got for piece in batch), (number, got)

    def close(self):
        self.socket.close()
