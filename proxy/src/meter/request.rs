//! What a request asks for, from its body as it passes.

use std::io::{self, Write};

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

use super::form::FormReader;
use super::paths::{Asked, REQUEST};
use super::sample::Sample;
use super::sieve::{Findings, Sieve};

#[derive(Debug)]
pub(super) struct RequestReader {
    body: Body,
    facts: Facts,
}

#[derive(Debug)]
enum Body {
    Json(Sieve<Asked>),
    Form(FormReader),
    Opaque,
}

/// What is known of a request.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) model: Option<String>,
    pub(super) tier: Option<String>,
    pub(super) wants_stream: bool,
    pub(super) wants_annotation: bool,
    /// What the model reads.
    pub(super) text: Sample,
    /// `input` as a text: what is embedded, spoken or answered.
    pub(super) input: Sample,
}

impl RequestReader {
    /// For a request with these headers.
    pub(super) fn new(headers: &HeaderMap) -> Self {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_ascii_lowercase();
        let body = if content_type.starts_with("multipart/form-data") {
            Body::Form(FormReader::default())
        } else if content_type.is_empty() || super::says_json(&content_type) {
            Body::Json(Sieve::new(&REQUEST))
        } else {
            Body::Opaque
        };
        Self {
            body,
            facts: Facts::default(),
        }
    }

    /// What was read so far.
    pub(super) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The body has ended.
    pub(super) fn end(mut self) -> Facts {
        match &mut self.body {
            Body::Json(sieve) => sieve.end(&mut self.facts),
            Body::Form(form) => self.facts.model = form.model(),
            Body::Opaque => {}
        }
        self.facts
    }
}

impl Write for RequestReader {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.body {
            Body::Json(sieve) => sieve.feed(bytes, &mut self.facts),
            Body::Form(form) => form.feed(bytes),
            Body::Opaque => {}
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Findings<Asked> for Facts {
    fn value(&mut self, asked: Asked, json: &[u8]) {
        let text = || serde_json::from_slice::<String>(json).ok();
        match asked {
            Asked::Model => self.model = text(),
            Asked::Tier => self.tier = text(),
            Asked::Stream => self.wants_stream = json == b"true",
            Asked::Annotation => self.wants_annotation |= json != b"null",
            Asked::Text | Asked::Input => {}
        }
    }

    fn text(&mut self, asked: Asked, piece: &[u8]) {
        match asked {
            Asked::Input => self.input.add(piece),
            _ => self.text.add(piece),
        }
    }

    fn document(&mut self) {}
}
