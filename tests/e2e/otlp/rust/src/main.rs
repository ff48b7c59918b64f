//! One trace through OpenTelemetry's exporter: `export http|proto URL none|gzip|zstd`.
//! Prints the trace's id when the exporter was told, twice, that it is stored.

use std::error::Error;

use futures_executor::block_on;
use opentelemetry::trace::{Span, SpanKind, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Compression, Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanExporter};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [encoding, url, compression] = &arguments[..] else {
        return Err("usage: export http|proto URL none|gzip|zstd".into());
    };
    let tenant = format!("rust-{encoding}-{compression}");
    let resource = Resource::builder()
        .with_attribute(KeyValue::new("llmobserve.tenant_id", tenant))
        .build();
    let spans = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder()
        .with_resource(resource.clone())
        .with_simple_exporter(spans.clone())
        .build();
    let trace = record(&provider.tracer("exporters"));

    let mut exporter = exporter(encoding, url, compression)?;
    exporter.set_resource(&resource);
    // An exporter that did not hear the answer sends the same again.
    for _ in 0..2 {
        block_on(exporter.export(spans.get_finished_spans()?))?;
    }
    println!("{trace}");
    Ok(())
}

fn exporter(
    encoding: &str,
    url: &str,
    compression: &str,
) -> Result<opentelemetry_otlp::SpanExporter, Box<dyn Error>> {
    let protocol = match encoding {
        "http" => Protocol::HttpJson,
        _ => Protocol::HttpBinary,
    };
    let builder = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(protocol)
        .with_endpoint(format!("{url}/v1/traces"));
    let builder = match compression {
        "gzip" => builder.with_compression(Compression::Gzip),
        "zstd" => builder.with_compression(Compression::Zstd),
        _ => builder,
    };
    Ok(builder.build()?)
}

/// An agent, a call below it, and a server's span. Returns the trace's id.
fn record(tracer: &impl Tracer<Span: Send + Sync + 'static>) -> String {
    let agent = tracer
        .span_builder("invoke_agent planner")
        .with_attributes([
            KeyValue::new("gen_ai.operation.name", "invoke_agent"),
            KeyValue::new("gen_ai.agent.name", "planner"),
        ])
        .start(tracer);
    let trace = agent.span_context().trace_id().to_string();
    let within = Context::current_with_span(agent);
    tracer
        .span_builder("chat gpt-4o")
        .with_kind(SpanKind::Client)
        .with_attributes([
            KeyValue::new("gen_ai.operation.name", "chat"),
            KeyValue::new("gen_ai.provider.name", "openai"),
            KeyValue::new("gen_ai.request.model", "gpt-4o"),
            KeyValue::new("gen_ai.usage.input_tokens", 1200),
            KeyValue::new("gen_ai.usage.output_tokens", 300),
            KeyValue::new("gen_ai.usage.cache_read.input_tokens", 1024),
            KeyValue::new("user.id", "Grüße 🌍"),
        ])
        .start_with_context(tracer, &within)
        .end();
    tracer
        .span_builder("GET /")
        .with_kind(SpanKind::Server)
        .start_with_context(tracer, &within)
        .end();
    within.span().end();
    trace
}
