//! Usage bodies with the prices that are expected of them: genai-prices' own data set.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use schemas::money::Usd;
use serde::Deserialize;
use serde_json::Value;

/// 2026-08-15T00:00:00Z, when the prices were computed.
pub(crate) const AUGUST_2026_US: i64 = 1_786_752_000_000_000;

/// A file of the corpus, unpacked; `None` where there is no corpus.
pub(crate) fn corpus(name: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("LLMOBSERVE_CORPUS") else {
        println!("LLMOBSERVE_CORPUS is not set: the corpus was not compared");
        return None;
    };
    let file = std::fs::File::open(PathBuf::from(folder).join(name)).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    Some(text)
}

#[derive(Deserialize)]
pub(crate) struct Priced {
    pub(crate) body: Value,
    pub(crate) model: Option<String>,
    pub(crate) extracted: Vec<Extracted>,
}

#[derive(Deserialize)]
pub(crate) struct Extracted {
    pub(crate) usage: BTreeMap<String, f64>,
    pub(crate) extractors: Vec<Expected>,
}

#[derive(Deserialize)]
pub(crate) struct Expected {
    pub(crate) provider_id: String,
    #[allow(dead_code, reason = "not every test asks for it")]
    pub(crate) api_flavor: String,
    input_price: Option<String>,
    output_price: Option<String>,
    total_price: Option<String>,
}

impl Priced {
    pub(crate) fn all() -> Option<Vec<Self>> {
        let json = corpus("priced-usages.json.gz")?;
        Some(serde_json::from_str(&json).unwrap())
    }

    /// Whether it is made of this answer.
    pub(crate) fn is_of(&self, answer: &Value) -> bool {
        let same_usage = ["usage", "usageMetadata"].iter().any(|name| {
            let usage = answer.get(*name).filter(|usage| !usage.is_null());
            usage.is_some() && usage == self.body.get(*name)
        });
        let model = self.model.as_deref();
        let models = [&answer["model"], &answer["modelVersion"]];
        same_usage && models.iter().any(|named| model == named.as_str())
    }

    /// What is expected of a provider for these tokens.
    pub(crate) fn of(
        &self,
        provider_id: &str,
        tokens: &BTreeMap<String, f64>,
    ) -> Option<&Expected> {
        let same = self.extracted.iter().filter(|one| one.usage == *tokens);
        same.flat_map(|one| &one.extractors)
            .find(|expected| expected.provider_id == provider_id)
    }

    /// Whether it is expected of this provider at all.
    #[allow(dead_code, reason = "not every test asks for it")]
    pub(crate) fn names(&self, provider_id: &str) -> bool {
        let all = self.extracted.iter().flat_map(|one| &one.extractors);
        all.into_iter().any(|one| one.provider_id == provider_id)
    }
}

impl Expected {
    pub(crate) fn usd(&self) -> Option<Usd> {
        let usd = |text: &String| Usd::parse(text).unwrap();
        match (&self.total_price, &self.input_price, &self.output_price) {
            (Some(total), ..) => Some(usd(total)),
            (None, Some(input), Some(output)) => usd(input).checked_add(usd(output)),
            _ => None,
        }
    }
}
