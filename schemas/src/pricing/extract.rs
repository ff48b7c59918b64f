//! What a provider's answer says was used, by genai-prices' extractors.

use genai_prices::{Calculator, ExtractRequest, UsageKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::Usage;
use super::catalog::{BUNDLED, PriceDataError};

/// Counts above this are not whole in a float, and not tokens.
const COUNT_BELOW: f64 = 9_007_199_254_740_992.0;

/// The published extractors: per provider and *flavor* (`chat`, `responses`, …) where in an
/// answer which count is. Make one and share it.
#[derive(Debug)]
pub struct Extractors(Calculator);

/// A provider as the crate wants it, without its models.
#[derive(Deserialize, Serialize)]
struct Provider<'a> {
    id: String,
    name: String,
    #[serde(skip_deserializing, default = "nothing")]
    api_pattern: &'static str,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    extractors: Option<&'a RawValue>,
    #[serde(skip_deserializing)]
    models: [(); 0],
}

/// Matches no address: extractors are asked for by id.
fn nothing() -> &'static str {
    "-"
}

impl Extractors {
    /// Those this program was built with.
    ///
    /// # Errors
    /// When the data built in is malformed, which the tests rule out.
    pub fn bundled() -> Result<Self, PriceDataError> {
        let providers: Vec<Provider<'_>> = serde_json::from_str(BUNDLED)?;
        let json = serde_json::to_vec(&providers)?;
        Ok(Self(Calculator::from_json(json)?))
    }

    /// The usage in an answer, or in what is left of it when only its usage and its model were
    /// kept. `provider` is genai-prices' id. `None` when there is no such extractor, or the
    /// answer has not its shape.
    pub fn extract(&self, provider: &str, flavor: &str, answer: &Value) -> Option<Usage> {
        let request = ExtractRequest::from_value(answer)
            .with_provider_id(provider)
            .with_api_flavor(flavor);
        let found = self.0.extract_provider_usage(&request).ok()?;
        let mut usage = Usage::default();
        for (key, quantity) in &found.usage {
            usage.set(key, quantity)?;
        }
        Some(usage)
    }
}

impl Usage {
    /// `None` when a count of tokens is not a whole number.
    fn set(&mut self, key: &UsageKey, quantity: f64) -> Option<()> {
        let field = match key.as_str() {
            "input_tokens" => &mut self.input_tokens,
            "output_tokens" => &mut self.output_tokens,
            "cache_read_tokens" => &mut self.cached_tokens,
            "cache_write_tokens" => &mut self.cache_write_tokens,
            "cache_write_1h_tokens" => &mut self.cache_write_1h_tokens,
            "output_reasoning_tokens" => &mut self.reasoning_tokens,
            "input_audio_tokens" => &mut self.audio_input_tokens,
            "output_audio_tokens" => &mut self.audio_output_tokens,
            unit => {
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
