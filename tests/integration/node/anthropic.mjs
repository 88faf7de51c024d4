// npm's `@anthropic-ai/sdk`, unmodified. Environment: TIDEGATE_URL, TIDEGATE_MODEL, TIDEGATE_DIRECT.
import { assert, rejection, run } from "./checks.mjs";
import { load } from "./packages.mjs";

const { default: Anthropic } = await load("@anthropic-ai/sdk");
const { TIDEGATE_URL: url, TIDEGATE_MODEL: model, TIDEGATE_DIRECT: direct } = process.env;
const client = new Anthropic({ baseURL: url, apiKey: "client-key", maxRetries: 0, timeout: 30_000 });
const base = { model, max_tokens: 100 };
const failing = (status) => (direct ? "failing" : `${process.env.TIDEGATE_FAILING}-${status}`);
const user = (content) => [{ role: "user", content }];
const input_schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tools = [{ name: "get_weather", input_schema }];

await run({
  async answers() {
    const answer = await client.messages.create({ ...base, system: "Be brief.", messages: user("hello") });
    assert.equal(answer.content[0].text, "Hello from the mock.");
    assert.equal(answer.stop_reason, "end_turn");
    assert.deepEqual([answer.usage.input_tokens, answer.usage.output_tokens], [11, 7]);
  },
  async streams() {
    let text = "";
    const stream = client.messages.stream({ ...base, messages: user("unicode") }).on("text", (delta) => (text += delta));
    const message = await stream.finalMessage();
    assert.equal(text, "Grüße, 港の波 🌊 и море.");
    assert.equal(message.content[0].text, text);
    assert.deepEqual([message.usage.input_tokens, message.usage.output_tokens], [11, 7]);
  },
  async streams_events_in_order() {
    const types = [];
    for await (const event of await client.messages.create({ ...base, messages: user("hello"), stream: true })) {
      if (event.type !== types.at(-1)) types.push(event.type);
    }
    assert.deepEqual(types.filter((type) => type !== "ping"), [
      "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"]);
  },
  async calls_tools() {
    const messages = user("What is the weather?");
    const first = await client.messages.create({ ...base, messages, tools });
    const call = first.content.find((block) => block.type === "tool_use");
    assert.equal(first.stop_reason, "tool_use");
    assert.deepEqual(call.input, { city: "Kiel", days: 2 });
    messages.push({ role: "assistant", content: first.content },
                  { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "windy" }] });
    const second = await client.messages.create({ ...base, messages, tools });
    assert.equal(second.content[0].text, "It is windy in Kiel.");
  },
  async streams_tools() {
    const message = await client.messages.stream({ ...base, messages: user("What is the weather?"), tools }).finalMessage();
    assert.deepEqual(message.content.find((block) => block.type === "tool_use").input, { city: "Kiel", days: 2 });
  },
  async aborts() {
    const stream = client.messages.stream({ ...base, max_tokens: 1000, messages: user("slow") });
    let deltas = 0;
    stream.on("text", () => { if (++deltas === 3) stream.abort(); });
    const error = await rejection(stream.done());
    assert.ok(error instanceof Anthropic.APIUserAbortError, String(error));
    assert.ok(deltas < 100, `${deltas} deltas`);
  },
  async maps_errors() {
    for (const [provider, expected] of [[400, 400], [401, 502], [429, 429], [500, 502]]) {
      const error = await rejection(client.messages.create({ ...base, model: failing(provider), messages: user(`fail with ${provider}`) }));
      assert.ok(error instanceof Anthropic.APIError, String(error));
      assert.equal(error.status, direct ? provider : expected);
      const code = direct ? null : error.headers.get("x-tidegate-error");
      if (code && code !== "upstream_rejected") assert.ok(error.error.error.message.startsWith(code), error.message);
    }
  },
});
