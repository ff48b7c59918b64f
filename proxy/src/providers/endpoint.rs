//! What a path answers.

/// What a path of a provider answers, as far as metering needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// The contract's span type: `llm`, `embedding`, `api`.
    pub(crate) span_type: &'static str,
    /// The shape of its answers.
    pub(crate) flavor: Flavor,
    pub(crate) billing: Billing,
    /// The model, where the path names it.
    pub(crate) model: Option<String>,
    /// The batch, where the path names it.
    pub(crate) batch: Option<String>,
    /// Who serves the model, where a router's path names it.
    pub(crate) server: Option<String>,
    /// A stream carries its usage only with `stream_options.include_usage`.
    pub(crate) needs_include_usage: bool,
}

/// Whose shape an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavor {
    /// OpenAI's chat and older completions, and everyone's who speaks it.
    Chat,
    Responses,
    Embeddings,
    Images,
    Transcription,
    Speech,
    Anthropic,
    Gemini,
    VertexPredict,
    Converse,
    Invoke,
    Cohere,
    Ocr,
    /// Nothing that is metered.
    Other,
}

/// When a call is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Billing {
    /// By this call.
    Call,
    /// By this call if its answer reports usage; else it costs nothing.
    IfReported,
    /// Never: counting tokens, lists, uploads, deletions.
    Free,
    /// By an answer that was ordered before and is fetched now: it costs when it ran in the
    /// background, and once.
    Fetched,
    /// When a batch is done, which its status tells, with its usage.
    BatchStatus,
    /// By the answers in a batch's results.
    BatchResults,
    /// Elsewhere, or in a way that is not known here.
    Unknown,
}

impl Endpoint {
    /// A call that is paid for by its usage.
    pub(super) fn metered(flavor: Flavor) -> Self {
        let span_type = match flavor {
            Flavor::Embeddings => "embedding",
            Flavor::Other => "api",
            _ => "llm",
        };
        Self {
            span_type,
            flavor,
            billing: Billing::Call,
            model: None,
            batch: None,
            server: None,
            needs_include_usage: flavor == Flavor::Chat,
        }
    }

    /// A call that is no inference.
    pub(super) fn aside(billing: Billing) -> Self {
        Self {
            billing,
            ..Self::metered(Flavor::Other)
        }
    }

    pub(super) fn billed(self, billing: Billing) -> Self {
        Self { billing, ..self }
    }

    pub(super) fn of_model(self, model: &str) -> Self {
        let model = (!model.is_empty()).then(|| percent_decoded(model));
        Self { model, ..self }
    }

    pub(super) fn of_batch(self, id: &str) -> Self {
        let batch = Some(id.to_owned());
        Self { batch, ..self }
    }

    pub(super) fn embedding(self) -> Self {
        Self {
            span_type: "embedding",
            ..self
        }
    }

    pub(super) fn served_by(self, server: Option<&str>) -> Self {
        let server = server.map(ToOwned::to_owned);
        Self { server, ..self }
    }

    pub(super) fn reports_by_itself(self, by_itself: bool) -> Self {
        Self {
            needs_include_usage: self.needs_include_usage && !by_itself,
            ..self
        }
    }

    /// The same at a host that nobody knows: what looks free may cost there, and what is not
    /// known is not changed.
    pub(super) fn elsewhere(self) -> Self {
        let billing = match self.billing {
            Billing::Call => Billing::Call,
            _ => Billing::Unknown,
        };
        self.billed(billing).reports_by_itself(true)
    }
}

/// `%3A` is `:`. What is not an escape stays as it is.
fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| {
        bytes
            .get(at)
            .and_then(|byte| char::from(*byte).to_digit(16))
    };
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
