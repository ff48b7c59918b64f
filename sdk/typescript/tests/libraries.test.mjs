// The real libraries, whole and streamed, with and without the proxy: the application gets the
// same, the provider is asked the same, one event per call, tokens exact.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as llmobserve from "llmobserve";

import { Recording } from "./fakes/provider.mjs";
import { lastingRequest, LIBRARIES, plain, replay } from "./libraries.mjs";
import { delivered, withFakes } from "./setup.mjs";

for (const [name, library] of Object.entries(LIBRARIES)) {
  for (const way of Object.keys(library.fixtures)) {
    test(`${name}, ${way}`, withFakes(async ({ observe, provider, proxy, collector }) => {
      replay(library, way, provider);
      const without = plain(await library[way](provider.url));
      for (const through of ["directly", "proxy"]) {
        provider.requests.splice(1);
        const proxyUrl = through === "proxy" ? proxy.url : null;
        observe({ host: library.provider, proxyUrl, tenantId: "acme" });
        assert.deepEqual(plain(await library[way](provider.url)), without);
        await delivered();
        assert.equal(provider.requests.length, 2);
        const [first, second] = provider.requests.map(lastingRequest);
        assert.deepEqual(second, first);
        if (through === "proxy") {
          assert.deepEqual(proxy.calls.map((call) => call["tenant-id"]), ["acme"]);
          assert.equal(collector.calls.length, 1);
        } else {
          assert.equal(proxy.calls.length, 0);
          assert.equal(collector.calls.length, 1);
          const [event] = collector.calls;
          assert.deepEqual([event.input_tokens, event.output_tokens], library.counts);
          assert.deepEqual([event.provider, event.status, event.tenant_id],
            [library.provider, "ok", "acme"]);
          assert.ok(event.model);
          assert.equal(event.is_streaming ?? false, way === "stream");
        }
        await llmobserve.shutdown(1000);
      }
    }));
  }

  test(`errors are the library's own: ${name}`,
    withFakes(async ({ observe, provider, proxy, collector }) => {
      const answer = { error: { type: "slow_down", message: "no", code: 429 }, message: "no" };
      const headers = { "retry-after-ms": "1" };
      provider.replay(new Recording(JSON.stringify(answer), { status: 429, headers }));
      const fail = () => library.whole(provider.url).then(assert.fail, (error) => error);
      const without = await fail();
      const asked = provider.requests.length;
      for (const proxyUrl of [null, proxy.url]) {
        observe({ host: library.provider, proxyUrl });
        const withUs = await fail();
        assert.equal(withUs.constructor, without.constructor);
        assert.equal(withUs.message, without.message);
        await delivered();
        await llmobserve.shutdown(1000);
      }
      assert.ok(asked > 0);
      assert.equal(provider.requests.length, 3 * asked);
      assert.equal(proxy.calls.length, asked);
      assert.deepEqual(collector.calls.map((event) => event.status), Array(asked).fill("rate_limited"));
    }));
}
