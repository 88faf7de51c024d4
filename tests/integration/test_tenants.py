"""Two tenants at one provider's host, each with a key of its own: nothing of one reaches the other."""
import asyncio
import json
import random

from harness.load import chat_bytes, read_answer
from harness.provider import Provider

KEYS = {"one": "sk-of-one", "two": "sk-of-two"}
CONCURRENT = 32


class Host(Provider):
    """Answers each request with the key and the question that it came with, a moment later."""

    def __init__(self):
        self.mixed = []  # requests with another tenant's key
        self.answered = 0
        super().__init__()

    async def serve(self, reader, writer):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
            body = json.loads(await reader.readexactly(int(fields["content-length"])))
            question = body["messages"][-1]["content"]
            key = fields["authorization"].removeprefix("bearer ")
            if key != KEYS[question.split()[0]]:
                self.mixed.append((key, question))
            await asyncio.sleep(random.random() * 0.004)
            await self.answer(writer, body.get("stream", False), f"{key} {question}")
            self.answered += 1

    async def answer(self, writer, stream, text):
        if not stream:
            said = json.dumps({"id": "c", "object": "chat.completion", "created": 1, "model": "m-1",
                               "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                               "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}).encode()
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(said) + said)
            await writer.drain()
            return
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for delta, finish in (({"role": "assistant", "content": text}, None), ({"content": " " + text}, None), ({}, "stop")):
            event = "data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m-1",
                                           "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}) + "\n\n"
            writer.write(f"{len(event):x}\r\n{event}\r\n".encode())
            await writer.drain()
            await asyncio.sleep(random.random() * 0.002)
        writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
        await writer.drain()


def configuration(port):
    return f"""
    providers:
      p-one: {{dialect: openai, base_url: "http://127.0.0.1:{port}/v1", api_key: {KEYS["one"]}, allow_private_address: true}}
      p-two: {{dialect: openai, base_url: "http://127.0.0.1:{port}/v1", api_key: {KEYS["two"]}, allow_private_address: true}}
    models:
      m-one: {{provider: p-one, id: m-1, context: 128000, max_output: 100, price: {{input: 1.00, output: 2.00}}}}
      m-two: {{provider: p-two, id: m-1, context: 128000, max_output: 100, price: {{input: 1.00, output: 2.00}}}}
    features:
      one: {{variants: {{only: {{model: m-one}}}}, serve: only}}
      two: {{variants: {{only: {{model: m-two}}}}, serve: only}}
    """


async def ask(address, tenant, number, stream, leave):
    """The answer's body; nothing if the client leaves before it."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(chat_bytes(tenant, f"{tenant} {number}", stream=stream))
        await writer.drain()
        if leave:
            await asyncio.sleep(random.random() * 0.006)
            return None
        answer = await read_answer(reader)
        assert answer is not None and answer.status == 200, answer
        return answer.body.decode()
    finally:
        writer.close()


def test_two_tenants_of_one_host_are_never_mixed(start, note):
    count = 10_000
    host = Host()
    gateway = start(configuration(host.port))
    name, port = gateway.ports["api"].rsplit(":", 1)
    wrong = []
    kept = 0

    async def work(numbers):
        nonlocal kept
        for number in numbers:
            tenant = random.choice(list(KEYS))
            body = await ask((name, int(port)), tenant, number, number % 3 == 0, number % 5 == 0)
            if body is None:
                continue
            kept += 1
            # Each piece of text is this tenant's key and this question.
            texts = body.count(f"{KEYS[tenant]} {tenant} {number}")
            if texts != (2 if number % 3 == 0 else 1) or body.count("sk-of-") != texts:
                wrong.append((tenant, number, body))

    async def everybody():
        numbers = iter(range(count))
        await asyncio.gather(*(work(numbers) for _ in range(CONCURRENT)))

    with host:
        asyncio.run(everybody())
    note(f"{count} requests, {kept} answered to the client, {host.answered} by the provider")
    assert wrong == [] and host.mixed == []
    assert kept == count - len(range(0, count, 5))
