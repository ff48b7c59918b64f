// One trace through an official exporter: `node export.mjs http|proto URL [gzip]`.
// Prints the trace's id when the exporter was told that it is stored.
import { context, SpanKind, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

const [encoding, url, compression = "none"] = process.argv.slice(2);
const Exporter = encoding === "http" ? JsonExporter : ProtobufExporter;
const exporter = new Exporter({ url: `${url}/v1/traces`, compression });
const outcomes = [];
const { export: send } = exporter;
exporter.export = (spans, done) =>
  send.call(exporter, spans, (outcome) => {
    outcomes.push(outcome);
    done(outcome);
  });

const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({
    "service.name": "exporters",
    "llmobserve.tenant_id": `js-${encoding}-${compression}`,
  }),
  spanProcessors: [new BatchSpanProcessor(exporter)],
});
const tracer = provider.getTracer("exporters");
const agent = tracer.startSpan("invoke_agent planner", {
  attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner" },
});
const within = trace.setSpan(context.active(), agent);
const attributes = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.usage.input_tokens": 1200,
  "gen_ai.usage.output_tokens": 300,
  "gen_ai.usage.cache_read.input_tokens": 1024,
  "user.id": "Grüße 🌍",
};
tracer.startSpan("chat gpt-4o", { kind: SpanKind.CLIENT, attributes }, within).end();
tracer.startSpan("GET /", { kind: SpanKind.SERVER }, within).end();
agent.end();
await provider.forceFlush();
await provider.shutdown();
if (outcomes.length !== 1 || outcomes[0].code !== 0) {
  throw new Error(`not stored: ${JSON.stringify(outcomes)} ${outcomes[0]?.error}`);
}
console.log(agent.spanContext().traceId);
