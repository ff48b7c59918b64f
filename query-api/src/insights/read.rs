//! Reads the rollups. One row is one subject with all of its days.

use std::collections::BTreeMap;

use clickhouse::Row;
use serde::Deserialize;
use service::Problem;
use service::auth::Access;

use super::detect::{COST_MIN_USD, ERRORS_MIN, RUNS_MIN, UNPRICED_MIN};
use super::finding::Subject;
use super::history::{Change, Day, History, RunsDay, RunsHistory};
use super::window::{PAST_DAYS, READ_DAYS, Window};
use crate::store::{Store, Template};

/// Subjects of one kind that are looked at, of each tenant: the dearest.
const SUBJECTS_MAX: u64 = 2_000;
/// Combinations of names that are looked at, of each tenant: those that changed most.
const CHANGES_MAX: u64 = 10_000;
/// Rows of one question, whatever the number of tenants.
const ROWS_MAX: u64 = 500_000;

pub(super) type ByTenant<T> = BTreeMap<String, Vec<T>>;

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
        .select(access, window.with_earlier().parts(), template)
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
        let mut days = [Day::default(); READ_DAYS];
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
    days: Vec<(u8, u64, i128, f64)>,
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
        .select(access, window.with_earlier().parts(), template)
        .param("runs_min", RUNS_MIN)
        .param("rows_max", ROWS_MAX)
        .all()
        .await?;
    let mut histories = ByTenant::new();
    for row in rows {
        let mut days = [RunsDay::default(); READ_DAYS];
        for (day, runs, cost, calls_per_run) in row.days {
            if let Some(slot) = days.get_mut(usize::from(day)) {
                *slot = RunsDay {
                    runs,
                    cost,
                    calls_per_run,
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
    the_day: (i128, u64, u64, u64, u64, u64, u64),
    weekdays: Vec<(i128, u64, u64)>,
    past: (i128, u64, u64, u64),
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
        .param("changes_max", CHANGES_MAX)
        .param("rows_max", ROWS_MAX)
        .all()
        .await?;
    let mut changes = ByTenant::new();
    for row in rows {
        let (cost, calls, errors, unpriced, input, output, cached) = row.the_day;
        let of_tenant: &mut Vec<Change> = changes.entry(row.tenant_id).or_default();
        of_tenant.push(Change {
            provider: row.provider,
            model: row.model,
            section: row.section_path,
            customer: row.customer_id,
            day: Day {
                cost,
                calls,
                errors,
                unpriced,
                input,
                output,
                cached,
            },
            weekdays: row.weekdays.try_into().unwrap_or_default(),
            past: row.past,
        });
    }
    Ok(changes)
}
