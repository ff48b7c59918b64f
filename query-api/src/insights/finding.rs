//! Something that is unlike the weeks before.

use super::baseline::Baseline;
use super::history::Change;

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subject {
    /// Everything of the tenant.
    All,
    Provider(String),
    /// Provider and model.
    Model(String, String),
    /// Section path.
    Section(String),
    Customer(String),
}

impl Subject {
    /// Whether the events of a combination are among the subject's.
    pub(super) fn covers(&self, change: &Change) -> bool {
        match self {
            Self::All => true,
            Self::Provider(provider) => *provider == change.provider,
            Self::Model(provider, model) => *provider == change.provider && *model == change.model,
            Self::Section(section) => *section == change.section,
            Self::Customer(customer) => *customer == change.customer,
        }
    }

    /// Whether it names models, whatever they are used for.
    pub(super) fn is_supply(&self) -> bool {
        matches!(self, Self::Provider(_) | Self::Model(..))
    }
}

/// The kinds of findings, causes before mere effects: the order in which one explains another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    UnpricedUsage,
    NewExpensiveModel,
    RetryLoop,
    CacheHitCollapse,
    TokenBloat,
    ErrorBurst,
    CostSpike,
    CostDrop,
}

/// The figure that a finding compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Metric {
    /// Dollars a day.
    TotalCost,
    /// Dollars of 1,000 tokens.
    CostPer1kTokens,
    /// Failed calls of all calls, 0 to 1.
    ErrorRate,
    /// Mean of a call.
    InputTokensPerCall,
    /// Cached of all input tokens, 0 to 1.
    CachedShare,
    /// How many calls the run of a call makes, mean over the calls.
    CallsPerRun,
    /// Events without a known price.
    UnpricedCount,
}

/// Of the actual figure, added to an expectation that may be zero.
const SOFTENING: f64 = 0.02;

#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    pub(super) subject: Subject,
    pub(super) metric: Metric,
    pub(super) expected: f64,
    pub(super) actual: f64,
    /// The same exactly, in pico-dollars, where it is an amount.
    pub(super) actual_pico: Option<i128>,
    /// Dollars of the day more (or, negative, less) than expected; `None` where nobody knows.
    pub(super) impact_usd: Option<f64>,
    /// Between which figures a day usually lies.
    pub(super) usual: Option<(f64, f64)>,
    /// The figure of every day, the one in question first; `NaN` where there is none.
    pub(super) days: Vec<f64>,
    /// Runs that show it.
    pub(super) runs: Vec<String>,
}

impl Finding {
    /// With what the baseline says about the days.
    pub(super) fn against(
        kind: Kind,
        subject: &Subject,
        metric: Metric,
        expected: f64,
        baseline: &Baseline,
        days: &[f64],
    ) -> Self {
        Self {
            kind,
            subject: subject.clone(),
            metric,
            expected,
            actual: days[0],
            actual_pico: None,
            impact_usd: None,
            usual: Some(baseline.usual()),
            days: days.to_vec(),
            runs: Vec::new(),
        }
    }

    /// With its size in dollars.
    pub(super) fn costing(mut self, usd: f64) -> Self {
        self.impact_usd = Some(usd);
        self
    }

    /// With the exact amount of the day.
    pub(super) fn exactly(mut self, pico_usd: i128) -> Self {
        self.actual_pico = Some(pico_usd);
        self
    }

    /// How far from what was expected: a log-ratio, or the share of the calls that fail more.
    pub(super) fn strength(&self) -> f64 {
        if self.kind == Kind::ErrorBurst {
            return self.actual - self.expected;
        }
        let small = f64::EPSILON;
        ((self.actual.abs() + small) / (self.expected.abs() + small))
            .ln()
            .abs()
    }

    /// How far from what was expected, as a share of it; 0 to 50.
    pub(super) fn size(&self) -> f64 {
        (self.actual - self.expected).abs() / (self.expected + SOFTENING * self.actual)
    }
}

/// For the tests of what becomes of findings.
#[cfg(test)]
pub(super) mod example {
    use super::*;

    pub(in crate::insights) fn finding(
        kind: Kind,
        subject: Subject,
        expected: f64,
        actual: f64,
    ) -> Finding {
        Finding {
            kind,
            subject,
            metric: Metric::TotalCost,
            expected,
            actual,
            actual_pico: None,
            impact_usd: Some(actual - expected),
            usual: None,
            days: Vec::new(),
            runs: Vec::new(),
        }
    }
}
