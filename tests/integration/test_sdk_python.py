"""The SDKs `openai` and `anthropic` from PyPI, unmodified, each against providers of both dialects."""
import json

import anthropic
import openai
import pytest

from harness import plain
from harness.sdk import endpoint  # noqa: F401 (a fixture)

OPENAI_TOOL = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}, "required": ["city"]}}}
ANTHROPIC_TOOL = {"name": "get_weather", "description": "The weather of a city",
                  "input_schema": OPENAI_TOOL["function"]["parameters"]}
SIDES = ["openai", "anthropic"]


@pytest.fixture
def openai_client(endpoint):
    return openai.OpenAI(base_url=endpoint.url + "/v1", api_key="client-key", max_retries=0, timeout=30)


@pytest.fixture
def anthropic_client(endpoint):
    return anthropic.Anthropic(base_url=endpoint.url, api_key="client-key", max_retries=0, timeout=30)


def user(text):
    return [{"role": "user", "content": text}]


# OpenAI's SDK

@pytest.mark.parametrize("side", SIDES)
def test_openai_answers(openai_client, endpoint, side):
    answer = openai_client.chat.completions.create(model=endpoint.model(side), messages=user("hello"))
    assert answer.object == "chat.completion"
    assert answer.choices[0].message.content == "Hello from the mock."
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (11, 7, 18)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("include_usage", [False, True])
def test_openai_streams(openai_client, endpoint, side, include_usage):
    options = {"stream_options": {"include_usage": True}} if include_usage else {}
    chunks = list(openai_client.chat.completions.create(model=endpoint.model(side), messages=user("unicode"), stream=True, **options))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Grüße, 港の波 🌊 и море."
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == ["stop"]
    usages = [c.usage for c in chunks if c.usage]
    assert len(usages) == (1 if include_usage else 0)
    if include_usage:
        assert chunks[-1].choices == [] and (chunks[-1].usage.prompt_tokens, chunks[-1].usage.completion_tokens) == (11, 7)
    else:
        assert all(c.choices for c in chunks)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("stream", [False, True])
def test_openai_calls_a_tool_and_takes_its_result(openai_client, endpoint, side, stream):
    messages = user("What is the weather?")
    ask = dict(model=endpoint.model(side), tools=[OPENAI_TOOL])
    if stream:
        name, arguments, call_id, finish = "", "", "", None
        for chunk in openai_client.chat.completions.create(messages=messages, stream=True, **ask):
            if not chunk.choices:
                continue
            finish = chunk.choices[0].finish_reason or finish
            for part in chunk.choices[0].delta.tool_calls or []:
                assert part.index == 0
                call_id = part.id or call_id
                name += part.function.name or ""
                arguments += part.function.arguments or ""
    else:
        choice = openai_client.chat.completions.create(messages=messages, **ask).choices[0]
        call = choice.message.tool_calls[0]
        name, arguments, call_id, finish = call.function.name, call.function.arguments, call.id, choice.finish_reason
    assert (name, finish) == ("get_weather", "tool_calls")
    assert json.loads(arguments) == {"city": "Kiel", "days": 2}
    messages += [
        {"role": "assistant", "tool_calls": [{"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}]},
        {"role": "tool", "tool_call_id": call_id, "content": "windy"}]
    assert openai_client.chat.completions.create(messages=messages, **ask).choices[0].message.content == "It is windy in Kiel."


# What the client sees of a provider's failure at the end of the chain: the caller's faults pass, the rest is ours.
OPENAI_ERRORS = [(400, 400, openai.BadRequestError), (401, 502, openai.InternalServerError), (429, 429, openai.RateLimitError),
                 (500, 502, openai.InternalServerError), (503, 502, openai.InternalServerError)]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("provider,client,kind", OPENAI_ERRORS)
def test_openai_maps_errors(openai_client, endpoint, side, stream, provider, client, kind):
    with pytest.raises(openai.APIStatusError) as caught:
        answer = openai_client.chat.completions.create(model=endpoint.failing("openai", side, provider), messages=user(f"fail with {provider}"), stream=stream)
        list(answer)
    if endpoint.direct:
        assert caught.value.status_code == provider
        return
    assert caught.value.status_code == client
    assert isinstance(caught.value, kind)
    assert caught.value.body["message"]
    code = caught.value.response.headers["x-tidegate-error"]
    if code == "upstream_rejected" and side == "openai":
        assert caught.value.body["message"] == f"told to fail with {provider}", "the provider's own words and code"
    else:
        assert caught.value.body["code"] == code
    assert caught.value.response.headers["x-tidegate-call-id"]


@pytest.mark.parametrize("side", SIDES)
def test_openai_aborts(openai_client, endpoint, side):
    stream = openai_client.chat.completions.create(model=endpoint.model(side), messages=user("slow"), stream=True)
    for number, _ in enumerate(stream):
        if number == 3:
            break
    stream.close()
    endpoint.expect_quiet()


def test_openai_embeds(openai_client, endpoint):
    answer = openai_client.embeddings.create(model=endpoint.embedding_model, input="the tide")
    assert [round(x, 4) for x in answer.data[0].embedding] == [0.25, -0.5, 0.75, 1]
    assert answer.usage.prompt_tokens >= 0
    floats = openai_client.embeddings.create(model=endpoint.embedding_model, input=["the tide", "a tide"], encoding_format="float")
    assert len(floats.data) == 2


def test_openai_lists_models(openai_client, endpoint):
    names = [model.id for model in openai_client.models.list()]
    if not endpoint.direct:
        assert endpoint.model("openai") in names
        assert openai_client.models.retrieve(endpoint.model("openai")).object == "model"


def test_openai_asks_for_json(openai_client, endpoint):
    """Same dialect only: response_format does not cross yet."""
    answer = openai_client.chat.completions.create(model=endpoint.model("openai"), messages=user("answer in JSON"),
                                                   response_format={"type": "json_object"})
    assert answer.choices[0].message.content == '{"answer":42}'


# Anthropic's SDK

@pytest.mark.parametrize("side", SIDES)
def test_anthropic_answers(anthropic_client, endpoint, side):
    answer = anthropic_client.messages.create(model=endpoint.model(side), max_tokens=100, messages=user("hello"), system="Be brief.")
    assert answer.type == "message" and answer.role == "assistant"
    assert answer.content[0].text == "Hello from the mock."
    assert answer.stop_reason == "end_turn"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (11, 7)


@pytest.mark.parametrize("side", SIDES)
def test_anthropic_streams(anthropic_client, endpoint, side):
    with anthropic_client.messages.stream(model=endpoint.model(side), max_tokens=100, messages=user("unicode")) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == "Grüße, 港の波 🌊 и море."
    assert final.content[0].text == text
    assert final.stop_reason == "end_turn"
    assert (final.usage.input_tokens, final.usage.output_tokens) == (11, 7)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("stream", [False, True])
def test_anthropic_calls_a_tool_and_takes_its_result(anthropic_client, endpoint, side, stream):
    messages = user("What is the weather?")
    ask = dict(model=endpoint.model(side), max_tokens=100, tools=[ANTHROPIC_TOOL])
    if stream:
        with anthropic_client.messages.stream(messages=messages, **ask) as events:
            answer = events.get_final_message()
    else:
        answer = anthropic_client.messages.create(messages=messages, **ask)
    call = [block for block in answer.content if block.type == "tool_use"][0]
    assert answer.stop_reason == "tool_use"
    assert (call.name, call.input) == ("get_weather", {"city": "Kiel", "days": 2})
    messages += [{"role": "assistant", "content": [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.input}]},
                 {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "windy"}]}]
    answer = anthropic_client.messages.create(messages=messages, **ask)
    assert answer.content[0].text == "It is windy in Kiel."


ANTHROPIC_ERRORS = [(400, 400, anthropic.BadRequestError), (401, 502, anthropic.InternalServerError), (429, 429, anthropic.RateLimitError),
                    (500, 502, anthropic.InternalServerError), (503, 502, anthropic.InternalServerError)]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("provider,client,kind", ANTHROPIC_ERRORS)
def test_anthropic_maps_errors(anthropic_client, endpoint, side, stream, provider, client, kind):
    with pytest.raises(anthropic.APIStatusError) as caught:
        answer = anthropic_client.messages.create(model=endpoint.failing("anthropic", side, provider), max_tokens=10, messages=user(f"fail with {provider}"), stream=stream)
        list(answer)
    if endpoint.direct:
        assert caught.value.status_code == provider
        return
    assert caught.value.status_code == client
    assert isinstance(caught.value, kind)
    assert caught.value.body["type"] == "error"
    code = caught.value.response.headers["x-tidegate-error"]
    message = caught.value.body["error"]["message"]
    if code == "upstream_rejected" and side == "anthropic":
        assert message == f"told to fail with {provider}", "the provider's own words"
    else:
        assert message.split()[0].rstrip(":") == code


@pytest.mark.parametrize("side", SIDES)
def test_anthropic_aborts(anthropic_client, endpoint, side):
    with anthropic_client.messages.stream(model=endpoint.model(side), max_tokens=1000, messages=user("slow")) as stream:
        for number, _ in enumerate(stream.text_stream):
            if number == 3:
                break
    endpoint.expect_quiet()


def test_anthropic_lists_models(anthropic_client, endpoint):
    names = [model.id for model in anthropic_client.models.list()]
    if not endpoint.direct:
        assert endpoint.model("anthropic") in names


# Both

def test_the_headers_say_what_happened(endpoint):
    if endpoint.direct:
        pytest.skip("of the gateway")
    answer = endpoint.gateway.chat(endpoint.model("openai"), "hello", headers={"authorization": "Bearer client-key"})
    for name, value in {"x-tidegate-feature": "via-openai", "x-tidegate-variant": "stable", "x-tidegate-model": "gpt"}.items():
        assert answer.headers[name] == value
    record = endpoint.gateway.wait_record(answer.headers["x-tidegate-call-id"])
    assert record["feature"] == "via-openai"
    assert float(answer.headers["x-tidegate-cost-usd"]) > 0


def test_the_clients_key_stays_here(endpoint):
    """aimock journals what it received: the provider's key, never the client's."""
    if endpoint.direct:
        pytest.skip("of the gateway")
    endpoint.gateway.chat(endpoint.model("openai"), "hello", headers={"authorization": "Bearer client-key"})
    journal = plain.get(endpoint.aimock.url + "/__aimock/journal").text
    assert "hello" in journal
    assert "client-key" not in journal
