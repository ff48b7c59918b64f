//! The answer's shapes.

use schemas::money::Amount;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::Money;

/// Something that is unlike the four weeks before, in words and figures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Insight {
    /// Whose.
    pub(super) tenant_id: String,
    #[serde(rename = "type")]
    pub(super) kind: InsightType,
    pub(super) severity: Severity,
    /// One sentence.
    pub(super) message: String,
    pub(super) subject: InsightSubject,
    /// What the weeks before let expect, in the unit of `evidence.metric`.
    #[schema(value_type = Money)]
    pub(super) expected: Figure,
    /// What the day brought, in the same unit.
    #[schema(value_type = Money)]
    pub(super) actual: Figure,
    pub(super) evidence: Evidence,
}

/// What it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InsightType {
    CostSpike,
    CostDrop,
    NewExpensiveModel,
    TokenBloat,
    RetryLoop,
    ErrorBurst,
    CacheHitCollapse,
    UnpricedUsage,
}

/// How much it matters to its tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Severity {
    Info,
    Warning,
    Critical,
}

/// What it is about, as the filters of the statistics name it; nothing = all of the tenant.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct InsightSubject {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<String>,
    /// Section path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) section: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) customer_id: Option<String>,
}

/// An amount, or another figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Figure {
    Usd(Amount),
    Number(f64),
}

/// What it rests on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Evidence {
    pub(super) metric: MetricName,
    /// First instant of the day in question.
    #[schema(value_type = String, format = DateTime)]
    pub(super) from: String,
    /// First instant behind it.
    #[schema(value_type = String, format = DateTime)]
    pub(super) to: String,
    /// Dollars that the day cost more (or, negative, less) than expected; null where no one knows.
    #[schema(value_type = Option<Money>)]
    pub(super) impact_usd: Option<Amount>,
    /// Between which figures a day usually lies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usual: Option<[f64; 2]>,
    /// The figure of each of the 29 days, the one in question last; null where too little happened.
    pub(super) days: Vec<Option<f64>>,
    /// Where the same change shows as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) also: Vec<InsightSubject>,
    /// Runs that show it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) runs: Vec<String>,
    /// The question to this API that shows it.
    pub(super) api: String,
}

/// The figure that is compared.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MetricName {
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
