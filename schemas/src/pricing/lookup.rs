//! Which model a provider's name for it means.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use genai_prices::{Calculator, PriceRequest};

use super::catalog::{Catalog, Found};
use crate::provider;

/// Names remembered at most. Names come from senders: at the limit all are forgotten, and
/// only time is lost. Nothing dated is remembered, so an answer never depends on it.
const NAMES_MAX: usize = 8192;
/// Longer names are matched, but not remembered.
const NAME_BYTES_MAX: usize = 256;

/// Where genai-prices has another name than we.
const IDS: [(&str, &str); 4] = [
    ("bedrock", "aws"),
    ("vertex", "google"),
    ("voyage", "voyageai"),
    ("xai", "x-ai"),
];

type Names = HashMap<String, HashMap<String, Option<Found>>>;

#[derive(Debug)]
pub(super) struct Lookup {
    matcher: Calculator,
    nothing: genai_prices::Usage,
    /// Model by provider by name, misses too.
    names: RwLock<(Names, usize)>,
}

impl Lookup {
    pub(super) fn new(matcher: Calculator) -> Self {
        Self {
            matcher,
            nothing: genai_prices::Usage::new(),
            names: RwLock::default(),
        }
    }

    /// `None` when nobody publishes a price for it.
    pub(super) fn find(&self, catalog: &Catalog, provider: &str, model: &str) -> Option<Found> {
        {
            // Nothing can be half written under this lock, so a poisoned one is as good.
            let names = self.names.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(found) = names.0.get(provider).and_then(|models| models.get(model)) {
                return *found;
            }
        }
        let found = self.search(catalog, provider, model);
        if provider.len() <= NAME_BYTES_MAX && model.len() <= NAME_BYTES_MAX {
            self.remember(provider, model, found);
        }
        found
    }

    fn remember(&self, provider: &str, model: &str, found: Option<Found>) {
        let mut names = self.names.write().unwrap_or_else(PoisonError::into_inner);
        if names.1 >= NAMES_MAX {
            *names = Default::default();
        }
        let models = names.0.entry(provider.to_owned()).or_default();
        if models.insert(model.to_owned(), found).is_none() {
            names.1 += 1;
        }
    }

    fn search(&self, catalog: &Catalog, provider: &str, model: &str) -> Option<Found> {
        match provider {
            // A proxy, not a seller: `anthropic/claude-sonnet-5` is bought from Anthropic.
            "litellm" => {
                let (seller, model) = model.split_once('/')?;
                self.ask(catalog, id(&provider::canonical(seller)), model)
            }
            // Its router names who serves the model: `Qwen/Qwen3-32B:novita`.
            "huggingface" => {
                let (model, server) = model.rsplit_once(':')?;
                self.ask(catalog, &format!("huggingface_{server}"), model)
            }
            provider => self.ask(catalog, id(provider), model),
        }
    }

    fn ask(&self, catalog: &Catalog, id: &str, model: &str) -> Option<Found> {
        // By exact id only: the crate's looser rules would bill `my-openai-gateway` as OpenAI.
        let asked = catalog
            .providers
            .iter()
            .position(|provider| provider.id == id)?;
        let request = PriceRequest::new(model, &self.nothing).with_provider_id(id);
        let matched = self.matcher.calculate(&request).ok()?;
        let (provider, model) = matched.model_id.split_once('/')?;
        let (provider, model) = (provider.parse().ok()?, model.parse().ok()?);
        Some(Found {
            provider,
            model,
            own: provider == asked,
        })
    }
}

fn id(provider: &str) -> &str {
    IDS.iter()
        .find(|(ours, _)| *ours == provider)
        .map_or(provider, |(_, theirs)| theirs)
}
