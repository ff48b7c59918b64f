// HTTP/2, by which the AWS SDK calls Bedrock unless it is told otherwise.
import assert from "node:assert/strict";
import { once } from "node:events";
import * as byName from "node:http2";
import http2 from "node:http2";
import { createRequire } from "node:module";
import { test } from "node:test";

import { BedrockRuntimeClient, ConverseCommand, ConverseStreamCommand } from "@aws-sdk/client-bedrock-runtime";

import { delivered, fixture, until, withFakes } from "./setup.mjs";

const modelId = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const converse = { modelId, messages: [{ role: "user", content: [{ text: "Grüße" }] }] };

/** A provider that speaks HTTP/2 and replays one recording; the fakes' `provider` becomes it. */
function withHttp2(test) {
  return withFakes(async (fakes) => {
    const requests = [];
    let recording;
    const server = http2.createServer(async (request, response) => {
      let body = "";
      for await (const piece of request) body += piece;
      requests.push({ path: request.url, headers: request.headers, body });
      response.stream.on("error", () => {});
      response.writeHead(recording.status, { "content-type": recording.type });
      for (let start = 0; start < recording.body.length; start += 50) {
        if (start / 50 === recording.hangsAfter) return;
        response.write(recording.body.subarray(start, start + 50));
      }
      response.end();
    });
    const sessions = new Set();
    server.on("session", (session) => sessions.add(session));
    await once(server.listen(0, "127.0.0.1"), "listening");
    fakes.provider.host = `127.0.0.1:${server.address().port}`;
    const url = `http://${fakes.provider.host}`;
    const replay = (given) => (recording = given);
    try {
      await test({ ...fakes, url, requests, replay });
    } finally {
      for (const session of sessions) session.destroy();
      server.close();
    }
  });
}

async function ask(url) {
  const credentials = { accessKeyId: "a", secretAccessKey: "s" };
  const client = new BedrockRuntimeClient({ endpoint: url, region: "us-east-1", credentials });
  const { $metadata: _, ...whole } = await client.send(new ConverseCommand(converse));
  client.destroy();
  return whole;
}

async function stream(url) {
  const credentials = { accessKeyId: "a", secretAccessKey: "s" };
  const client = new BedrockRuntimeClient({ endpoint: url, region: "us-east-1", credentials });
  const items = [];
  for await (const item of (await client.send(new ConverseStreamCommand(converse))).stream) items.push(item);
  client.destroy();
  return items;
}

for (const [name, act, file] of [["whole", ask, "bedrock_converse.json"], ["stream", stream, "bedrock_converse.stream"]]) {
  test(`AWS SDK, ${name}`, withHttp2(async ({ observe, replay, url, requests, oneEvent }) => {
    replay(fixture(file));
    const without = await act(url);
    observe({ host: "bedrock", tenantId: "acme" });
    assert.deepEqual(await act(url), without);
    const event = await oneEvent();
    assert.deepEqual([event.input_tokens, event.output_tokens, event.status], [1260, 25, "ok"]);
    assert.deepEqual([event.model, event.tenant_id], [modelId, "acme"]);
    assert.equal(event.is_streaming ?? false, name === "stream");
    assert.equal(requests.length, 2);
    assert.equal(requests[1].body, requests[0].body);
    assert.ok(!JSON.stringify(requests).toLowerCase().includes("llmobserve"));
  }));
}

for (const [name, connect] of Object.entries({
  "import default": (...args) => http2.connect(...args),
  "import by name": (...args) => byName.connect(...args),
  require: (...args) => createRequire(import.meta.url)("http2").connect(...args),
})) {
  test(`every way to it, and cancelling: ${name}`, withHttp2(async ({ observe, replay, url, collector }) => {
    observe({ host: "bedrock" });
    const session = connect(url);
    const asked = { ":method": "POST", ":path": `/model/${modelId}/converse-stream` };
    replay(fixture("bedrock_converse.stream"));
    const whole = session.request(asked);
    whole.end('{"a":1}');
    whole.resume();
    await once(whole, "close");
    replay(fixture("bedrock_converse.stream", { hangsAfter: 3 }));
    const cut = session.request(asked);
    cut.end("{}");
    await once(cut, "data");
    cut.close(http2.constants.NGHTTP2_CANCEL);
    await until(() => collector.calls.length === 2);
    await delivered();
    session.destroy();
    assert.deepEqual(collector.calls.map((event) => event.status), ["ok", "cancelled"]);
  }));
}
