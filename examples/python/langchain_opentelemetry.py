"""LangChain through OpenTelemetry, without our SDK: OpenLLMetry's instrumentation makes the
spans, the official exporter sends them.

    pip install langchain-openai opentelemetry-sdk opentelemetry-exporter-otlp-proto-http \
        opentelemetry-instrumentation-langchain
    OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:8000 python langchain_opentelemetry.py

With keys required: OTEL_EXPORTER_OTLP_HEADERS="Authorization=Bearer%20llmo_sk_…"
"""

import os

from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.langchain import LangchainInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

os.environ.setdefault("TRACELOOP_TRACE_CONTENT", "false")  # prompts stay in the process

resource = Resource.create({"service.name": "assistant", "llmobserve.tenant_id": "acme"})
provider = TracerProvider(resource=resource)
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
trace.set_tracer_provider(provider)
LangchainInstrumentor().instrument()

prompt = ChatPromptTemplate.from_template("Say hello to {name}.")
chain = prompt | ChatOpenAI(model="gpt-4o-mini")
# What is known of the customer travels as metadata of the chain.
answer = chain.invoke({"name": "the world"}, {"metadata": {"customer_id": "end_user_42"}})
print(answer.content)
provider.shutdown()
