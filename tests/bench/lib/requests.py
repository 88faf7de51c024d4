"""The questions of the benchmarks, as bytes. Each holds a marker, which the load writes over and the upstream says back,
and behind it directives for the upstream (tests/bench/load/answers.h)."""
import json

MARKER = "#bench:aaaaaa.aaaaaa"
SENTENCE = "Where is my parcel? "
# Lines as in a real prompt: with quotation marks and ends of lines that JSON escapes.
LINE = 'The customer wrote: "Where is my parcel? It has been nine days now."\nThe agent looked it up in the list of orders.\n'


def text(size, directives=""):
    filler = SENTENCE if size < 10000 else LINE
    head = f"{MARKER}{directives and ' '}{directives}; "
    return head + (filler * (size // len(filler) + 1))[:max(0, size - len(head))]


def body(model, size=900, directives="", stream=False, dialect="openai"):
    """`size`: bytes of the prompt."""
    out = {"model": model, "temperature": 0.7, "messages": [{"role": "user", "content": text(size, directives)}]}
    if dialect == "anthropic":
        out["max_tokens"] = 600
        out["metadata"] = {"user_id": "user-42"}
    else:
        out["user"] = "user-42"
    if stream:
        out["stream"] = True
        if dialect == "openai":
            out["stream_options"] = {"include_usage": True}
    return json.dumps(out, separators=(",", ":")).encode()


def request(target, **form):
    """Head and body for a target that runs (peers.Target)."""
    dialect = form.get("dialect", "openai")
    data = body(target.model, **form)
    path = "/v1/messages" if dialect == "anthropic" else "/v1/chat/completions"
    headers = {"host": f"127.0.0.1:{target.port}", "content-type": "application/json", "accept": "*/*",
               "authorization": f"Bearer {target.key}", "content-length": str(len(data)), **target.headers}
    head = f"POST {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    return head.encode() + data
