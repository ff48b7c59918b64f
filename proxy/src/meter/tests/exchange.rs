//! A call and its answer, without a network.

use super::*;

/// A call and its answer, as a provider's host would see and give them.
pub(in crate::meter) struct Exchange<'a> {
    pub(in crate::meter) provider: Option<&'static Provider>,
    pub(in crate::meter) method: Method,
    pub(in crate::meter) path: &'a str,
    pub(in crate::meter) request: Vec<u8>,
    pub(in crate::meter) status: u16,
    pub(in crate::meter) headers: Vec<(&'static str, String)>,
    pub(in crate::meter) answer: Vec<u8>,
}

pub(in crate::meter) fn headers(list: &[(&'static str, String)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, String)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )
    };
    list.iter().map(pair).collect()
}

impl<'a> Exchange<'a> {
    pub(in crate::meter) fn of(
        provider: &str,
        path: &'a str,
        content_type: &str,
        answer: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            provider: by_name(provider),
            method: Method::POST,
            path,
            request: br#"{"model":"asked"}"#.to_vec(),
            status: 200,
            headers: vec![("content-type", content_type.to_owned())],
            answer: answer.into(),
        }
    }

    pub(in crate::meter) fn json(provider: &str, path: &'a str, answer: &Value) -> Self {
        Self::of(provider, path, "application/json", answer.to_string())
    }

    pub(in crate::meter) fn sse(provider: &str, path: &'a str, events: &[Value]) -> Self {
        let stream: String = events
            .iter()
            .map(|event| format!("data: {event}\n\n"))
            .collect();
        Self::of(provider, path, "text/event-stream; charset=utf-8", stream)
    }

    pub(in crate::meter) fn meter(&self) -> Meter {
        let path = self.path.split('?').next().unwrap_or_default();
        let endpoint = match self.provider {
            Some(provider) => provider.endpoint(&self.method, path),
            None => endpoint_elsewhere(&self.method, path),
        };
        let asked = headers(&[("content-type", "application/json".to_owned())]);
        let policy = MeterPolicy {
            include_usage: true,
        };
        let mut meter = Meter::new(self.provider, endpoint, policy, &asked);
        meter.request_chunk(&self.request);
        meter.response_head(
            StatusCode::from_u16(self.status).unwrap(),
            &headers(&self.headers),
        );
        meter
    }

    /// The answer in these pieces.
    pub(in crate::meter) fn metered_by(&self, pieces: &[&[u8]], end: End) -> Metered {
        let mut meter = self.meter();
        pieces.iter().for_each(|piece| meter.response_chunk(piece));
        meter.finish(end)
    }

    pub(in crate::meter) fn metered(&self) -> Metered {
        self.metered_by(&[&self.answer], End::Complete)
    }
}
