//! What a provider's answer says was used, by genai-prices' extractors.
//!
//! The data are theirs, the evaluation is ours: every call has its answer read, and the
//! crate's own reading takes three times as long, over a tree of maps that has to be made
//! first. A test holds both to the same findings (`schemas/tests/extract.rs`).

use std::collections::HashMap;

use serde::Deserialize;

use super::Usage;
use super::catalog::{BUNDLED, PriceDataError};
use super::report::Part;

/// Counts above this are not whole in a float, and not tokens.
const COUNT_BELOW: f64 = 9_007_199_254_740_992.0;

/// The published extractors: per provider and *flavor* (`chat`, `responses`, …) where in an
/// answer which count is. Make one and share it.
#[derive(Debug)]
pub struct Extractors(HashMap<String, Vec<Extractor>>);

/// What is needed of a provider.
#[derive(Deserialize)]
struct Provider {
    id: String,
    extractors: Option<Vec<Extractor>>,
}

#[derive(Debug, Deserialize)]
struct Extractor {
    #[serde(default = "unnamed")]
    api_flavor: String,
    root: Path,
    mappings: Vec<Mapping>,
}

fn unnamed() -> String {
    "default".to_owned()
}

/// Where a count is, from the root on, and to what it is added.
#[derive(Debug, Deserialize)]
struct Mapping {
    path: Path,
    dest: String,
    required: bool,
}

#[derive(Debug, Deserialize)]
#[serde(from = "Steps")]
struct Path(Vec<Step>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Steps {
    One(String),
    Many(Vec<Step>),
}

impl From<Steps> for Path {
    fn from(steps: Steps) -> Self {
        Self(match steps {
            Steps::One(key) => vec![Step::Member(key)],
            Steps::Many(steps) => steps,
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Step {
    Member(String),
    /// The first object of an array whose field says this, in whatever case.
    Item {
        field: String,
        r#match: Match,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Match {
    equals: String,
}

impl Extractors {
    /// Those this program was built with.
    ///
    /// # Errors
    /// When the data built in is malformed, which the tests rule out.
    pub fn bundled() -> Result<Self, PriceDataError> {
        let providers: Vec<Provider> = serde_json::from_str(BUNDLED)?;
        let extractors =
            |provider: Provider| (provider.id, provider.extractors.unwrap_or_default());
        Ok(Self(providers.into_iter().map(extractors).collect()))
    }

    /// The usage in an answer, whose members `answer` knows by name. `provider` is
    /// genai-prices' id. `None` when there is no such extractor, or the answer has not its
    /// shape.
    pub fn extract<'a>(
        &self,
        provider: &str,
        flavor: &str,
        answer: impl Fn(&str) -> Option<Part<'a>>,
    ) -> Option<Usage> {
        let extractors = self.0.get(provider)?;
        let extractor = extractors.iter().find(|known| known.api_flavor == flavor)?;
        let (Step::Member(name), deeper) = extractor.root.0.split_first()? else {
            return None;
        };
        let root = walk(answer(name)?, deeper).filter(|root| root.is_object())?;
        extractor.usage(root)
    }
}

impl Extractor {
    fn usage(&self, root: Part<'_>) -> Option<Usage> {
        let mut totals: Vec<(&str, f64)> = Vec::with_capacity(self.mappings.len());
        for mapping in &self.mappings {
            let found = walk(root, &mapping.path.0).and_then(Part::as_number);
            let Some(quantity) = found.and_then(serde_json::Number::as_f64) else {
                if mapping.required {
                    return None;
                }
                continue;
            };
            if quantity < 0.0 {
                return None;
            }
            match totals.iter_mut().find(|(dest, _)| *dest == mapping.dest) {
                Some((_, total)) => *total += quantity,
                None => totals.push((&mapping.dest, quantity)),
            }
        }
        let mut usage = Usage::default();
        for (dest, total) in &totals {
            usage.set(dest, *total)?;
        }
        (!totals.is_empty()).then_some(usage)
    }
}

fn walk<'a>(from: Part<'a>, path: &[Step]) -> Option<Part<'a>> {
    path.iter().try_fold(from, |part, step| match step {
        Step::Member(name) => part.get(name),
        Step::Item { field, r#match } => part.items().find(|item| {
            let said = item.get(field).and_then(Part::as_str);
            said.is_some_and(|said| said.eq_ignore_ascii_case(&r#match.equals))
        }),
    })
}

impl Usage {
    /// `None` when a count of tokens is not a whole number.
    fn set(&mut self, name: &str, quantity: f64) -> Option<()> {
        let field = match name {
            "input_tokens" => &mut self.input_tokens,
            "output_tokens" => &mut self.output_tokens,
            "cache_read_tokens" => &mut self.cached_tokens,
            "cache_write_tokens" => &mut self.cache_write_tokens,
            "cache_write_1h_tokens" => &mut self.cache_write_1h_tokens,
            "output_reasoning_tokens" => &mut self.reasoning_tokens,
            "input_audio_tokens" => &mut self.audio_input_tokens,
            "output_audio_tokens" => &mut self.audio_output_tokens,
            unit => {
                let quantity = quantity.is_finite().then_some(quantity)?;
                self.units.insert(unit.to_owned(), quantity);
                return Some(());
            }
        };
        let whole = (0.0..COUNT_BELOW).contains(&quantity) && quantity.fract() == 0.0;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // just checked
        let count = whole.then_some(quantity as u64)?;
        *field = Some(count);
        Some(())
    }
}
