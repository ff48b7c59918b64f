//! The verdict on a call: measured, estimated, unknown, or nothing to pay.

use schemas::money::Usd;
use schemas::pricing::{Part, Report, Usage};

use super::End;
use super::extract;
use super::head::Head;
use super::metered::{Basis, Metered, error_name, printable};
use super::request::Facts;
use super::tally::Tally;
use crate::providers::{Billing, Endpoint, Flavor, Provider};

/// The tier of all that a batch answers.
const BATCH: &str = "batch";
/// Prices may rise with the size of a call. What a batch sums up may be many small ones, so
/// above this many input tokens its price is an estimate, and rather too high.
const BATCH_TOKENS_SURE: u64 = 128_000;
/// A call, as far as it is known without its response.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) provider: Option<&'static Provider>,
    pub(super) endpoint: Endpoint,
    pub(super) asked: Facts,
    pub(super) end: End,
}

impl Call {
    /// With the response's head, what its answers said, and whether some of it could not be
    /// read.
    pub(super) fn judge(&self, response: Option<(Head, Vec<Tally>, bool)>) -> Metered {
        let Some((head, mut said, is_lost)) = response else {
            return self.unanswered();
        };
        for tally in &mut said {
            if !head.counted.is_empty() && tally.told.get("metrics").is_none() {
                let counted = head.counted.iter().copied();
                tally.told.set("metrics", Report::of_counts(counted));
            }
        }
        let mut metered = match said.as_slice() {
            [] => Metered::default(),
            [tally] => self.described(&head, tally),
            many => Metered {
                error_type: many.iter().find_map(|tally| tally.error.clone()),
                ..Metered::default()
            },
        };
        metered.is_streaming = head.is_stream;
        if head.is_refusal {
            metered.error_type = metered.error_type.or(head.error).and_then(error_name);
            return metered;
        }
        metered.error_type = metered.error_type.and_then(error_name);
        match self.endpoint.billing {
            Billing::Free => {}
            Billing::Unknown => metered.basis = Some(Basis::Unknown),
            Billing::BatchResults => self.weigh_batch(&mut metered, &said),
            _ => {
                let tally = said.first();
                self.weigh(
                    &mut metered,
                    tally.unwrap_or(&Tally::default()),
                    &head,
                    is_lost,
                );
            }
        }
        metered
    }

    /// No response came.
    fn unanswered(&self) -> Metered {
        let free = self.end == End::NotSent || self.endpoint.billing == Billing::Free;
        Metered {
            model: self.model(None),
            basis: (!free).then_some(Basis::Unknown),
            ..Metered::default()
        }
    }

    fn described(&self, head: &Head, tally: &Tally) -> Metered {
        let mut model = self.model(tally.model.as_ref());
        let server = self.endpoint.server.as_ref().or(head.server.as_ref());
        if let (Some(model), Some(server)) = (&mut model, server)
            && !model.contains(':')
        {
            // As Hugging Face writes it: the price depends on who serves the model.
            *model = format!("{model}:{server}");
        }
        Metered {
            model: model.and_then(printable),
            service_tier: self.tier(head, tally).and_then(printable),
            error_type: tally.error.clone(),
            ..Metered::default()
        }
    }

    /// What the answer says served it, but Bedrock's path says it better: with the region on
    /// which the price depends.
    fn model(&self, answered: Option<&String>) -> Option<String> {
        let in_path = self.endpoint.model.as_ref();
        let asked = self.asked.model.as_ref();
        let order = match self.endpoint.flavor {
            Flavor::Converse | Flavor::Invoke => [in_path, answered, asked],
            _ => [answered, asked, in_path],
        };
        order
            .into_iter()
            .flatten()
            .next()
            .cloned()
            .and_then(printable)
    }

    /// What the answer says it was served as; what was asked for only where it says nothing.
    fn tier(&self, head: &Head, tally: &Tally) -> Option<String> {
        if matches!(
            self.endpoint.billing,
            Billing::BatchStatus | Billing::BatchResults
        ) {
            return Some(BATCH.to_owned());
        }
        let member = |of: &str, name: &str| tally.told.get(of)?.get(name)?.as_str();
        if member("usage", "speed") == Some("fast") {
            return Some("fast".to_owned());
        }
        let traffic = member("usageMetadata", "trafficType").and_then(|traffic| match traffic {
            "ON_DEMAND_FLEX" => Some("flex"),
            "ON_DEMAND_PRIORITY" => Some("priority"),
            "PROVISIONED_THROUGHPUT" => Some("provisioned_throughput"),
            _ => None,
        });
        let said = member("usage", "service_tier")
            .or(tally.tier.as_deref())
            .or(member("usageMetadata", "serviceTier"))
            .or(traffic)
            .or(head.tier.as_deref());
        let is_choice = |tier: &&str| !matches!(*tier, "auto" | "default" | "standard_only");
        let tier = said.or(self.asked.tier.as_deref().filter(is_choice))?;
        Some(tier.to_ascii_lowercase())
    }

    fn weigh(&self, metered: &mut Metered, tally: &Tally, head: &Head, is_lost: bool) {
        let reported = self.reported(tally);
        match (self.endpoint.billing, &reported) {
            (Billing::Fetched, _) if !tally.is_background => return,
            (Billing::Fetched | Billing::BatchStatus, None) if !is_done(tally) => return,
            (Billing::IfReported, None) => return,
            (Billing::Fetched | Billing::BatchStatus, _) => metered.once.clone_from(&tally.id),
            _ => {}
        }
        let is_final = self.end == End::Complete || self.is_final(tally, head);
        metered.basis = Some(match &reported {
            Some(usage) if self.endpoint.billing == Billing::BatchStatus => of_batch(usage),
            Some(_) if is_final => Basis::Measured,
            None if is_lost || !self.can_estimate(tally, head) => Basis::Unknown,
            _ => Basis::Estimated,
        });
        match (metered.basis, reported) {
            (Some(Basis::Estimated), partial) if self.endpoint.billing == Billing::Call => {
                metered.set_usage(self.estimate(partial.unwrap_or_default(), tally));
            }
            (_, Some(usage)) => {
                metered.set_usage(usage);
                metered.charged = self.charged(tally);
                if metered.charged.is_some() {
                    metered.basis = Some(Basis::Measured); // by the seller, whatever it counted
                }
            }
            (_, None) => {}
        }
    }

    /// What the answer reported; of sound that was ordered, what the request did.
    fn reported(&self, tally: &Tally) -> Option<Usage> {
        let server = self.endpoint.server.as_deref();
        let flavor = self.endpoint.flavor;
        let mut usage = extract::usage(self.provider, server, flavor, &tally.told);
        if flavor == Flavor::Speech && usage.is_none() && !self.asked.input.is_empty() {
            let mut spoken = Usage::default();
            #[allow(clippy::cast_precision_loss)] // nobody speaks 2^53 characters
            let characters = self.asked.input.characters() as f64;
            spoken
                .units
                .insert("input_characters".to_owned(), characters);
            usage = Some(spoken);
        }
        if let (Flavor::Ocr, true, Some(usage)) = (flavor, self.asked.wants_annotation, &mut usage)
            && let Some(pages) = usage.units.get("input_document_pages").copied()
        {
            usage
                .units
                .insert("input_annotated_document_pages".to_owned(), pages);
        }
        usage
    }

    /// Whether the usage that was reported is the last word, though the stream broke off.
    fn is_final(&self, tally: &Tally, head: &Head) -> bool {
        match self.endpoint.flavor {
            // These report while they write.
            Flavor::Chat | Flavor::Anthropic | Flavor::Gemini => {
                tally.has_stopped || !head.is_stream
            }
            Flavor::Invoke => tally.has_stopped || tally.told.get("metrics").is_some(),
            _ => true,
        }
    }

    /// A stream of text that has begun was paid for, and its text has passed.
    fn can_estimate(&self, tally: &Tally, head: &Head) -> bool {
        let is_text = !matches!(
            self.endpoint.flavor,
            Flavor::Images | Flavor::Speech | Flavor::Transcription | Flavor::Other
        );
        let has_text = !self.asked.text.is_empty() || !self.asked.input.is_empty();
        let was_written = !tally.written.is_empty() || !tally.whole.is_empty();
        is_text && head.is_stream && (was_written || (has_text && tally.error.is_none()))
    }

    /// Completes what was reported so far by what passed.
    fn estimate(&self, reported: Usage, tally: &Tally) -> Usage {
        let read = || self.asked.text.tokens() + self.asked.input.tokens();
        let written = tally.written.tokens().max(tally.whole.tokens());
        Usage {
            input_tokens: reported.input_tokens.or_else(|| Some(read())),
            output_tokens: Some(reported.output_tokens.unwrap_or_default().max(written)),
            ..reported
        }
    }

    /// OpenRouter states what it charged. With a key of one's own it charges its fee, and the
    /// provider behind it the rest.
    fn charged(&self, tally: &Tally) -> Option<Usd> {
        if self.provider?.name() != "openrouter" {
            return None;
        }
        let usage = tally.told.get("usage")?;
        let usd = |part: Part<'_>| Usd::parse(&part.as_number()?.to_string()).ok();
        let fee = usd(usage.get("cost")?)?;
        let upstream = || usd(usage.get("cost_details")?.get("upstream_inference_cost")?);
        let is_byok = usage.get("is_byok").is_some_and(Part::is_true);
        let total = if is_byok {
            fee.checked_add(upstream()?)?
        } else {
            fee
        };
        (total < Usd::EVENT_MAX).then_some(total)
    }

    /// A batch's results name their model line by line; one event holds those of one model.
    fn weigh_batch(&self, metered: &mut Metered, said: &[Tally]) {
        let usages = said.iter().map(|tally| self.reported(tally));
        let Some(usages) = usages.collect::<Option<Vec<_>>>() else {
            metered.basis = Some(Basis::Unknown);
            return;
        };
        let total = usages
            .iter()
            .fold(Usage::default(), |total, usage| total.plus(usage));
        let is_whole = self.end == End::Complete && said.len() == 1;
        metered.basis = Some(if is_whole {
            of_batch(&total)
        } else {
            Basis::Unknown
        });
        metered.service_tier = Some(BATCH.to_owned());
        metered.once.clone_from(&self.endpoint.batch);
        metered.set_usage(total);
    }
}

fn of_batch(usage: &Usage) -> Basis {
    if usage.input_tokens.unwrap_or_default() <= BATCH_TOKENS_SURE {
        Basis::Measured
    } else {
        Basis::Estimated
    }
}

/// Whether something that was ordered earlier has come to its end.
fn is_done(tally: &Tally) -> bool {
    !matches!(
        tally.status.as_deref(),
        Some("queued" | "in_progress" | "validating" | "finalizing" | "cancelling")
    )
}
