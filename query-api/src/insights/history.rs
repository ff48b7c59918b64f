//! What the rollups hold of a tenant's last four weeks, by subject and day.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::Deserialize;
use service::Problem;
use service::auth::Access;

use super::detect::{COST_MIN_USD, ERRORS_MIN, RUNS_MIN, UNPRICED_MIN};
use super::finding::Subject;
use super::window::{DAYS, PAST_DAYS, Window};
use crate::store::{Store, Template};

/// Subjects of one kind that are looked at, of each tenant: the dearest.
const SUBJECTS_MAX: u64 = 2_000;
/// Rows of one question, whatever the number of tenants.
const ROWS_MAX: u64 = 500_000;

/// Sums of one day.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Day {
    /// Pico-dollars.
    pub(super) cost: i128,
    pub(super) calls: u64,
    pub(super) errors: u64,
    pub(super) unpriced: u64,
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) cached: u64,
}

/// One subject's days, the one in question first.
#[derive(Debug, Clone)]
pub(super) struct History {
    pub(super) subject: Subject,
    pub(super) days: [Day; DAYS],
}

/// The runs of one day.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RunsDay {
    pub(super) runs: u64,
    /// Pico-dollars.
    pub(super) cost: i128,
    /// 95th percentile of the calls of a run.
    pub(super) calls_p95: u64,
}

/// The runs in which one section is the dearest.
#[derive(Debug, Clone)]
pub(super) struct RunsHistory {
    pub(super) subject: Subject,
    pub(super) days: [RunsDay; DAYS],
    /// The day's runs with the most calls.
    pub(super) longest: Vec<String>,
}

/// What one combination of names cost on the day, and on an average day before.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) section: String,
    pub(super) customer: String,
    /// Dollars, the day against an average day.
    pub(super) cost: f64,
    /// Failed calls, the day against an average day.
    pub(super) errors: f64,
}

type ByTenant<T> = BTreeMap<String, Vec<T>>;

/// A day's number, and its sums in the order of `series.sql`.
type DayRow = (u8, i128, u64, u64, u64, u64, u64, u64);

#[derive(Row, Deserialize)]
struct SeriesRow {
    tenant_id: String,
    dimension: u8,
    name_1: String,
    name_2: String,
    days: Vec<DayRow>,
}

/// Every subject that is not small.
///
/// # Errors
/// Those of [`crate::store::Select`].
pub(super) async fn usage(
    store: &Store,
    access: &Access,
    window: Window,
) -> Result<ByTenant<History>, Problem> {
    let template = Template::new(include_str!("series.sql"));
    let rows: Vec<SeriesRow> = store
        .select(access, window.with_past().parts(), template)
        .param("cost_min", COST_MIN_USD.to_string())
        .param("days", PAST_DAYS as u32)
        .param("errors_min", ERRORS_MIN)
        .param("unpriced_min", UNPRICED_MIN)
        .param("subjects_max", SUBJECTS_MAX)
        .param("rows_max", ROWS_MAX)
        .all()
        .await?;
    let mut histories = ByTenant::new();
    for row in rows {
        let mut days = [Day::default(); DAYS];
        for (day, cost, calls, errors, unpriced, input, output, cached) in row.days {
            if let Some(slot) = days.get_mut(usize::from(day)) {
                *slot = Day {
                    cost,
                    calls,
                    errors,
                    unpriced,
                    input,
                    output,
                    cached,
                };
            }
        }
        let subject = match row.dimension {
            1 => Subject::Provider(row.name_1),
            2 => Subject::Model(row.name_1, row.name_2),
            3 => Subject::Section(row.name_1),
            4 => Subject::Customer(row.name_1),
            _ => Subject::All,
        };
        let of_tenant: &mut Vec<History> = histories.entry(row.tenant_id).or_default();
        of_tenant.push(History { subject, days });
    }
    Ok(histories)
}

#[derive(Row, Deserialize)]
struct RunsRow {
    tenant_id: String,
    section: String,
    days: Vec<(u8, u64, i128, u64)>,
    longest_runs: Vec<String>,
}

/// The runs by section, of sections with some runs on the day.
///
/// # Errors
/// Those of [`crate::store::Select`].
pub(super) async fn runs(
    store: &Store,
    access: &Access,
    window: Window,
) -> Result<ByTenant<RunsHistory>, Problem> {
    let template = Template::new(include_str!("runs.sql"));
    let rows: Vec<RunsRow> = store
        .select(access, window.with_past().parts(), template)
        .param("runs_min", RUNS_MIN)
        .param("rows_max", ROWS_MAX)
        .all()
        .await?;
    let mut histories = ByTenant::new();
    for row in rows {
        let mut days = [RunsDay::default(); DAYS];
        for (day, runs, cost, calls_p95) in row.days {
            if let Some(slot) = days.get_mut(usize::from(day)) {
                *slot = RunsDay {
                    runs,
                    cost,
                    calls_p95,
                };
            }
        }
        let subject = match row.section.as_str() {
            "" => Subject::All,
            _ => Subject::Section(row.section),
        };
        let of_tenant: &mut Vec<RunsHistory> = histories.entry(row.tenant_id).or_default();
        of_tenant.push(RunsHistory {
            subject,
            days,
            longest: row.longest_runs,
        });
    }
    Ok(histories)
}

#[derive(Row, Deserialize)]
struct ChangeRow {
    tenant_id: String,
    provider: String,
    model: String,
    section_path: String,
    customer_id: String,
    day_cost: i128,
    past_cost: i128,
    day_errors: u64,
    past_errors: u64,
}

/// Where the day differs most, for some tenants.
///
/// # Errors
/// Those of [`crate::store::Select`].
pub(super) async fn changes(
    store: &Store,
    access: &Access,
    window: Window,
    tenants: &[&str],
) -> Result<ByTenant<Change>, Problem> {
    if tenants.is_empty() {
        return Ok(ByTenant::new());
    }
    let template = Template::new(include_str!("changes.sql"));
    let rows: Vec<ChangeRow> = store
        .select(access, window.with_past().parts(), template)
        .param("tenants", tenants)
        .param("days", PAST_DAYS as u32)
        .param("rows_max", ROWS_MAX)
        .all()
        .await?;
    let mut changes = ByTenant::new();
    for row in rows {
        let of_tenant: &mut Vec<Change> = changes.entry(row.tenant_id).or_default();
        of_tenant.push(Change {
            provider: row.provider,
            model: row.model,
            section: row.section_path,
            customer: row.customer_id,
            cost: usd(row.day_cost) - usd(row.past_cost) / PAST_DAYS as f64,
            errors: row.day_errors as f64 - row.past_errors as f64 / PAST_DAYS as f64,
        });
    }
    Ok(changes)
}

/// Dollars for comparing; sums stay exact.
pub(super) fn usd(pico_usd: i128) -> f64 {
    pico_usd as f64 / 1e12
}

impl History {
    /// One figure of every day.
    pub(super) fn series(&self, figure: impl Fn(&Day) -> f64) -> [f64; DAYS] {
        std::array::from_fn(|day| figure(&self.days[day]))
    }

    /// The day in question.
    pub(super) fn day(&self) -> &Day {
        &self.days[0]
    }

    /// The days before.
    pub(super) fn past(&self) -> &[Day] {
        &self.days[1..]
    }
}
