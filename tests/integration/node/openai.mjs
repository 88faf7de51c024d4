// npm's `openai`, unmodified. Environment: TIDEGATE_URL, TIDEGATE_MODEL, TIDEGATE_EMBEDDING, TIDEGATE_DIRECT.
import { assert, rejection, run } from "./checks.mjs";
import { load } from "./packages.mjs";

const { default: OpenAI } = await load("openai");
const { TIDEGATE_URL: url, TIDEGATE_MODEL: model, TIDEGATE_EMBEDDING: embedding, TIDEGATE_DIRECT: direct } = process.env;
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "client-key", maxRetries: 0, timeout: 30_000 });
const failing = (status) => (direct ? "failing" : `${process.env.TIDEGATE_FAILING}-${status}`);
const user = (content) => [{ role: "user", content }];
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tools = [{ type: "function", function: { name: "get_weather", parameters } }];

await run({
  async answers() {
    const answer = await client.chat.completions.create({ model, messages: user("hello") });
    assert.equal(answer.choices[0].message.content, "Hello from the mock.");
    assert.equal(answer.usage.total_tokens, 18);
  },
  async streams() {
    let text = "";
    const stream = await client.chat.completions.create({ model, messages: user("unicode"), stream: true });
    for await (const chunk of stream) text += chunk.choices[0].delta.content ?? "";
    assert.equal(text, "Grüße, 港の波 🌊 и море.");
  },
  async streams_usage() {
    const options = { stream: true, stream_options: { include_usage: true } };
    let usage = null;
    for await (const chunk of await client.chat.completions.create({ model, messages: user("unicode"), ...options })) {
      usage = chunk.usage ?? usage;
    }
    assert.equal(usage.completion_tokens, 7);
  },
  async collects_a_stream() {
    const completion = await client.chat.completions.stream({ model, messages: user("hello") }).finalChatCompletion();
    assert.equal(completion.choices[0].message.content, "Hello from the mock.");
  },
  async calls_tools() {
    const messages = user("What is the weather?");
    const first = await client.chat.completions.create({ model, messages, tools });
    const call = first.choices[0].message.tool_calls[0];
    assert.equal(first.choices[0].finish_reason, "tool_calls");
    assert.deepEqual(JSON.parse(call.function.arguments), { city: "Kiel", days: 2 });
    messages.push(first.choices[0].message, { role: "tool", tool_call_id: call.id, content: "windy" });
    const second = await client.chat.completions.create({ model, messages, tools });
    assert.equal(second.choices[0].message.content, "It is windy in Kiel.");
  },
  async streams_tools() {
    const stream = client.chat.completions.stream({ model, messages: user("What is the weather?"), tools });
    const completion = await stream.finalChatCompletion();
    const call = completion.choices[0].message.tool_calls[0];
    assert.equal(call.function.name, "get_weather");
    assert.deepEqual(JSON.parse(call.function.arguments), { city: "Kiel", days: 2 });
  },
  async aborts() {
    const controller = new AbortController();
    const stream = await client.chat.completions.create(
      { model, messages: user("slow"), stream: true }, { signal: controller.signal });
    let chunks = 0;
    for await (const _ of stream) if (++chunks === 3) controller.abort();
    assert.ok(chunks >= 3 && chunks < 100, `${chunks} chunks`);
  },
  async maps_errors() {
    for (const [provider, expected] of [[400, 400], [401, 502], [429, 429], [500, 502]]) {
      const error = await rejection(client.chat.completions.create({ model: failing(provider), messages: user(`fail with ${provider}`) }));
      assert.ok(error instanceof OpenAI.APIError, String(error));
      assert.equal(error.status, direct ? provider : expected);
      const code = direct ? null : error.headers.get("x-tidegate-error");
      if (code && code !== "upstream_rejected") assert.equal(error.code, code);
    }
  },
  async embeds() {
    const answer = await client.embeddings.create({ model: embedding, input: "the tide" });
    assert.deepEqual(answer.data[0].embedding.map((x) => Math.round(x * 100) / 100), [0.25, -0.5, 0.75, 1]);
  },
});
