"""Load with an exact account of every request: an HTTP/1.1 client over raw sockets, many connections on one thread."""
import asyncio
import collections
import dataclasses
import json
import os
import threading

SOAK = bool(os.environ.get("TIDEGATE_SOAK"))


def scaled(ci, soak):
    """The count of a test: CI's, or with TIDEGATE_SOAK=1 the whole."""
    return soak if SOAK else ci


class Cut(Exception):
    """The connection ended inside an answer."""


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    body: bytes


async def read_answer(reader):
    """None if the connection ended before the first byte."""
    head = b""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise Cut("in the head") from None
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = b""
    try:
        if headers.get("transfer-encoding") == "chunked":
            while True:
                size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
                chunk = await reader.readexactly(size + 2)
                if size == 0:
                    break
                body += chunk[:-2]
        else:
            body = await reader.readexactly(int(headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise Cut(f"in the body: {type(error).__name__}") from None
    return Answer(int(lines[0].split()[1]), headers, body)


def request_bytes(path, body, headers=None):
    data = json.dumps(body).encode()
    lines = [f"POST {path} HTTP/1.1", "host: gateway", "content-type: application/json", f"content-length: {len(data)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + data


def chat_bytes(model, text="What is the tide?", headers=None, **body):
    return request_bytes("/v1/chat/completions", {"model": model, "messages": [{"role": "user", "content": text}], **body}, headers)


class Load:
    """Closed-loop load from a thread of its own until `stop`, with every outcome counted.

    `answers` holds (call id, status, whole body was valid) of everything that was answered; `refused` counts connections that
    could not be made, `unanswered` requests whose connection ended before a byte of answer, `cut` those that ended inside.
    """

    def __init__(self, address, request, connections=16, check=None):
        self.host, port = address.rsplit(":", 1)
        self.port = int(port)
        self.request = request
        self.connections = connections
        self.check = check or (lambda answer: True)
        self.statuses = collections.Counter()
        self.acknowledged = []
        self.wrong = []
        self.refused = 0
        self.unanswered = 0
        self.cut = []
        self.stopping = False
        self.thread = threading.Thread(target=lambda: asyncio.run(self._all()), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.stopping = True
        self.thread.join(60)
        assert not self.thread.is_alive(), "a request never ended"

    @property
    def total(self):
        return sum(self.statuses.values())

    async def _all(self):
        await asyncio.gather(*(self._one(number) for number in range(self.connections)))

    async def _one(self, number):
        request = self.request if isinstance(self.request, bytes) else self.request(number)
        while not self.stopping:
            try:
                reader, writer = await asyncio.open_connection(self.host, self.port, limit=1 << 20)
            except OSError:
                self.refused += 1
                await asyncio.sleep(0.02)
                continue
            try:
                await self._converse(reader, writer, request)
            finally:
                writer.close()

    async def _converse(self, reader, writer, request):
        while not self.stopping:
            try:
                writer.write(request)
                await writer.drain()
                answer = await read_answer(reader)
            except Cut as error:
                self.cut.append(str(error))
                return
            except ConnectionError:
                answer = None
            if answer is None:
                self.unanswered += 1
                return
            self.statuses[answer.status] += 1
            if not self.check(answer):
                self.wrong.append(answer)
            elif answer.status == 200:
                self.acknowledged.append(answer.headers.get("x-tidegate-call-id", ""))
            if answer.headers.get("connection") == "close":
                return

    def summary(self):
        return (f"{self.total} answers {dict(self.statuses)}, {len(self.wrong)} wrong, {len(self.cut)} cut, "
                f"{self.unanswered} unanswered, {self.refused} refused")


async def abort_streams(address, request, count, concurrent, after_bytes):
    """Starts `count` requests and leaves each after about so many bytes of answer (0: at once). Returns how many were left."""
    host, port = address.rsplit(":", 1)
    gate = asyncio.Semaphore(concurrent)
    left = 0

    async def one(number):
        nonlocal left
        async with gate:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(request)
            await writer.drain()
            wanted = after_bytes(number)
            got = 0
            while got < wanted:
                data = await reader.read(4096)
                if not data:
                    break
                got += len(data)
            left += 1
            writer.transport.abort() if number % 2 else writer.close()

    await asyncio.gather(*(one(number) for number in range(count)))
    return left
