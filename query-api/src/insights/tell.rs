//! Findings in words, with the question that shows them.

use chrono::{DateTime, SecondsFormat};
use form_urlencoded::Serializer;
use schemas::money::{Amount, MoneyFormat, Usd};

use super::answer::{Evidence, Figure, Insight, InsightSubject, InsightType, MetricName, Severity};
use super::explain::Cause;
use super::finding::{Finding, Kind, Metric, Subject};
use super::window::Window;

/// Dollars of impact from which a finding is a warning, and from which it is critical.
const WARNING_USD: f64 = 10.0;
const CRITICAL_USD: f64 = 100.0;
/// Share of failed calls from which a burst is critical.
const CRITICAL_ERROR_RATE: f64 = 0.5;
/// Expected amounts are estimates: whole millionths of a dollar.
const ESTIMATE_STEP: f64 = 1e6;

pub(super) fn insight(
    tenant_id: &str,
    cause: Cause,
    window: Window,
    money: MoneyFormat,
) -> Insight {
    let Cause { finding, also } = cause;
    let range = window.range();
    let figure = |value: f64| match finding.metric {
        Metric::TotalCost | Metric::CostPer1kTokens => Figure::Usd(estimate(value, money)),
        _ => Figure::Number(rounded(value)),
    };
    let exact = finding
        .actual_pico
        .map(|pico| money.amount(Usd::from_pico(pico)));
    Insight {
        tenant_id: tenant_id.to_owned(),
        kind: kind(finding.kind),
        severity: severity(&finding),
        message: message(&finding),
        subject: subject(&finding.subject),
        expected: figure(finding.expected),
        actual: exact.map_or_else(|| figure(finding.actual), Figure::Usd),
        evidence: Evidence {
            metric: metric(finding.metric),
            from: instant(range.from()),
            to: instant(range.to()),
            impact_usd: finding.impact_usd.map(|usd| estimate(usd, money)),
            usual: finding
                .usual
                .map(|(low, high)| [rounded(low), rounded(high)]),
            days: finding
                .days
                .iter()
                .rev()
                .map(|value| value.is_finite().then(|| rounded(*value)))
                .collect(),
            also: others(&finding.subject, &also),
            api: api(tenant_id, &finding.subject, window),
            runs: finding.runs,
        },
    }
}

/// The other subjects in which it shows, each once.
fn others(told: &Subject, also: &[Finding]) -> Vec<InsightSubject> {
    let mut others: Vec<&Subject> = Vec::new();
    for finding in also {
        if finding.subject != *told && !others.contains(&&finding.subject) {
            others.push(&finding.subject);
        }
    }
    others.into_iter().map(subject).collect()
}

fn kind(kind: Kind) -> InsightType {
    match kind {
        Kind::UnpricedUsage => InsightType::UnpricedUsage,
        Kind::NewExpensiveModel => InsightType::NewExpensiveModel,
        Kind::RetryLoop => InsightType::RetryLoop,
        Kind::CacheHitCollapse => InsightType::CacheHitCollapse,
        Kind::TokenBloat => InsightType::TokenBloat,
        Kind::ErrorBurst => InsightType::ErrorBurst,
        Kind::CostSpike => InsightType::CostSpike,
        Kind::CostDrop => InsightType::CostDrop,
    }
}

fn metric(metric: Metric) -> MetricName {
    match metric {
        Metric::TotalCost => MetricName::TotalCost,
        Metric::CostPer1kTokens => MetricName::CostPer1kTokens,
        Metric::ErrorRate => MetricName::ErrorRate,
        Metric::InputTokensPerCall => MetricName::InputTokensPerCall,
        Metric::CachedShare => MetricName::CachedShare,
        Metric::CallsPerRun => MetricName::CallsPerRun,
        Metric::UnpricedCount => MetricName::UnpricedCount,
    }
}

fn subject(subject: &Subject) -> InsightSubject {
    let mut named = InsightSubject::default();
    match subject.clone() {
        Subject::All => {}
        Subject::Provider(provider) => named.provider = Some(provider),
        Subject::Model(provider, model) => {
            named.provider = Some(provider);
            named.model = (!model.is_empty()).then_some(model);
        }
        Subject::Section(section) => named.section = Some(section),
        Subject::Customer(customer) => named.customer_id = Some(customer),
    }
    named
}

fn severity(finding: &Finding) -> Severity {
    let usd = finding.impact_usd.unwrap_or(0.0).abs();
    match finding.kind {
        Kind::ErrorBurst if finding.actual >= CRITICAL_ERROR_RATE => Severity::Critical,
        // Unpriced usage is missing in every bill.
        Kind::ErrorBurst | Kind::UnpricedUsage => Severity::Warning,
        _ if usd >= CRITICAL_USD => Severity::Critical,
        _ if usd >= WARNING_USD => Severity::Warning,
        _ => Severity::Info,
    }
}

fn message(finding: &Finding) -> String {
    let name = name(&finding.subject);
    let Finding {
        expected, actual, ..
    } = *finding;
    let times = actual / expected;
    match finding.kind {
        Kind::CostSpike if expected > 0.0 => {
            format!(
                "{name} cost ${actual:.2} in a day, {times:.1} times the expected ${expected:.2}"
            )
        }
        Kind::CostSpike => {
            format!("{name} cost ${actual:.2} in a day, and nothing in the four weeks before")
        }
        Kind::CostDrop => {
            format!("{name} cost ${actual:.2} in a day instead of the expected ${expected:.2}")
        }
        Kind::NewExpensiveModel => format!(
            "{name} is new; its tokens cost {times:.1} times the average of the four weeks before"
        ),
        Kind::TokenBloat => format!(
            "{name}: a call reads {actual:.0} tokens on average, {times:.1} times the expected {expected:.0}"
        ),
        Kind::RetryLoop => format!(
            "{name}: a call's run makes {actual:.0} calls on average, usually {expected:.0}"
        ),
        Kind::ErrorBurst => format!(
            "{name}: {:.1} % of the calls failed, usually {:.1} %",
            actual * 100.0,
            expected * 100.0
        ),
        Kind::CacheHitCollapse => format!(
            "{name}: {:.0} % of the input tokens came from the cache, usually {:.0} %",
            actual * 100.0,
            expected * 100.0
        ),
        Kind::UnpricedUsage => format!(
            "{name}: {actual:.0} events of the day have no known price and are missing in every sum"
        ),
    }
}

fn name(subject: &Subject) -> String {
    match subject {
        Subject::All => "The whole tenant".to_owned(),
        Subject::Provider(provider) => format!("Provider {provider}"),
        Subject::Model(provider, model) if model.is_empty() => {
            format!("Provider {provider} (no model named)")
        }
        Subject::Model(provider, model) => format!("Model {model} of {provider}"),
        Subject::Section(section) => format!("Section {section}"),
        Subject::Customer(customer) => format!("Customer {customer}"),
    }
}

/// The four weeks and the day of the subject, by the day.
fn api(tenant_id: &str, about: &Subject, window: Window) -> String {
    let range = window.with_past();
    let mut query = Serializer::new(String::new());
    query.append_pair("tenant_id", tenant_id);
    let InsightSubject {
        provider,
        model,
        section,
        customer_id,
    } = subject(about);
    let filters = [
        ("provider", provider),
        ("model", model),
        ("section", section),
        ("customer_id", customer_id),
    ];
    for (filter, value) in filters {
        if let Some(value) = value {
            query.append_pair(filter, &value);
        }
    }
    query.append_pair("from", &instant(range.from()));
    query.append_pair("to", &instant(range.to()));
    query.append_pair("interval", "1d");
    format!("/stats/timeseries?{}", query.finish())
}

fn instant(second: i64) -> String {
    let at = DateTime::from_timestamp(second, 0).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn estimate(usd: f64, money: MoneyFormat) -> Amount {
    money.amount(Usd::from_pico(
        (usd * ESTIMATE_STEP).round() as i128 * 1_000_000,
    ))
}

/// Six digits are enough of a figure that is no sum.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}
