// Starts aimock with the fixtures of the SDK tests, prints its address, and ends with its standard input.
import { load } from "./packages.mjs";

const { LLMock } = await load("@copilotkit/aimock");
const mock = new LLMock({ port: 0 });

// In both dialects' names: each takes its own.
const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18, input_tokens: 11, output_tokens: 7 };
const weather = { userMessage: "weather", toolName: "get_weather" };
mock.on({ ...weather, hasToolResult: false }, { toolCalls: [{ name: "get_weather", arguments: { city: "Kiel", days: 2 } }] });
mock.on({ ...weather, hasToolResult: true }, { content: "It is windy in Kiel." });
mock.onMessage("hello", { content: "Hello from the mock.", usage });
mock.onMessage("unicode", { content: "Grüße, 港の波 🌊 и море.", usage });
mock.onMessage("slow", { content: "word ".repeat(400) }, { chunkSize: 5, latency: 20 });
mock.onMessage("answer in JSON", { content: '{"answer":42}' });
for (const status of [400, 401, 429, 500, 503]) {
  mock.onMessage(`fail with ${status}`, { error: { message: `told to fail with ${status}`, type: "invalid_request_error" }, status });
}
mock.onEmbedding("tide", { embedding: [0.25, -0.5, 0.75, 1] });

await mock.start();
console.log(JSON.stringify({ url: mock.url }));
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
