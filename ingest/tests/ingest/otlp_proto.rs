//! OTLP's messages as generated code has them, to encode what the decoder must understand: the
//! field numbers here come from opentelemetry-proto, not from the code under test.

use prost::Message;
use serde_json::Value as Json;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
    #[prost(string, tag = "3")]
    schema_url: String,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
    #[prost(uint32, tag = "2")]
    dropped_attributes_count: u32,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct Scope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(string, tag = "3")]
    trace_state: String,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, repeated, tag = "11")]
    events: Vec<Event>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
    #[prost(fixed32, tag = "16")]
    flags: u32,
}

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(fixed64, tag = "1")]
    time_unix_nano: u64,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(message, repeated, tag = "3")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(oneof = "Value", tags = "1, 2, 3, 4, 5")]
    value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Value {
    #[prost(string, tag = "1")]
    String(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(message, tag = "5")]
    Array(ArrayValue),
}

#[derive(Clone, PartialEq, Message)]
struct ArrayValue {
    #[prost(message, repeated, tag = "1")]
    values: Vec<AnyValue>,
}

/// The answer, and the `Status` of an error.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Response {
    #[prost(message, optional, tag = "1")]
    pub(crate) partial_success: Option<PartialSuccess>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PartialSuccess {
    #[prost(int64, tag = "1")]
    pub(crate) rejected_spans: i64,
    #[prost(string, tag = "2")]
    pub(crate) error_message: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RpcStatus {
    #[prost(int32, tag = "1")]
    pub(crate) code: i32,
    #[prost(string, tag = "2")]
    pub(crate) message: String,
}

/// The protobuf that says the same as the JSON.
pub(crate) fn encode(request: &Json) -> Vec<u8> {
    let request = Request {
        resource_spans: list(&request["resourceSpans"], |json| ResourceSpans {
            resource: Some(Resource {
                attributes: attributes(&json["resource"]),
                dropped_attributes_count: 1,
            }),
            scope_spans: list(&json["scopeSpans"], |json| ScopeSpans {
                scope: Some(Scope {
                    name: text(&json["scope"]["name"]),
                    version: "1.2.3".to_owned(),
                }),
                spans: list(&json["spans"], span),
            }),
            schema_url: "https://opentelemetry.io/schemas/1.37.0".to_owned(),
        }),
    };
    request.encode_to_vec()
}

fn span(json: &Json) -> Span {
    Span {
        trace_id: bytes(&json["traceId"]),
        span_id: bytes(&json["spanId"]),
        trace_state: "a=b".to_owned(),
        parent_span_id: bytes(&json["parentSpanId"]),
        name: text(&json["name"]),
        kind: i32::try_from(json["kind"].as_i64().unwrap_or_default()).unwrap(),
        start_time_unix_nano: number(&json["startTimeUnixNano"]),
        end_time_unix_nano: number(&json["endTimeUnixNano"]),
        attributes: attributes(json),
        events: list(&json["events"], |json| Event {
            time_unix_nano: number(&json["timeUnixNano"]),
            name: text(&json["name"]),
            attributes: attributes(json),
        }),
        status: Some(Status {
            message: text(&json["status"]["message"]),
            code: i32::try_from(json["status"]["code"].as_i64().unwrap_or_default()).unwrap(),
        }),
        flags: 0x101,
    }
}

fn attributes(json: &Json) -> Vec<KeyValue> {
    list(&json["attributes"], |json| KeyValue {
        key: text(&json["key"]),
        value: Some(any_value(&json["value"])),
    })
}

fn any_value(json: &Json) -> AnyValue {
    let (kind, value) = json.as_object().unwrap().iter().next().unwrap();
    let value = match kind.as_str() {
        "stringValue" => Value::String(text(value)),
        "boolValue" => Value::Bool(value.as_bool().unwrap()),
        "intValue" => Value::Int(text(value).parse().unwrap()),
        "doubleValue" => Value::Double(value.as_f64().unwrap()),
        "arrayValue" => Value::Array(ArrayValue {
            values: list(&value["values"], any_value),
        }),
        other => panic!("{other}"),
    };
    AnyValue { value: Some(value) }
}

fn list<T>(json: &Json, item: impl Fn(&Json) -> T) -> Vec<T> {
    json.as_array().into_iter().flatten().map(item).collect()
}

fn text(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_owned()
}

fn number(json: &Json) -> u64 {
    json.as_str()
        .map_or(0, |number| number.parse().unwrap_or_default())
}

fn bytes(json: &Json) -> Vec<u8> {
    let hex = json.as_str().unwrap_or_default();
    (0..hex.len() / 2)
        .map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap())
        .collect()
}
