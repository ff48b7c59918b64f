use std::sync::Arc;

use chrono::SecondsFormat;
use chrono_tz::Tz;
use schemas::money::{Amount, MoneyFormat};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::query::{Buckets, Groups, Sums};
use crate::answer::{Cell, ListItem, Money, amount};
use crate::calendar::{Interval, local_time};

/// A series without gaps.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimeSeries {
    /// `1m`, `5m`, `15m`, `1h`, `1d`, `1w` or `1mo`.
    interval: &'static str,
    /// Earliest first. The first and the last may lie only partly in the range.
    buckets: Vec<Bucket>,
}

/// Sums of one bucket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Bucket {
    /// In the time zone asked for.
    #[schema(value_type = String, format = DateTime)]
    start: String,
    /// Of the priced events.
    #[schema(value_type = Money)]
    total_cost: Amount,
    /// Events whose cost is unknown.
    unpriced_count: u64,
    /// Calls; not agent, tool and section spans.
    call_count: u64,
    /// With `group_by`: the same groups in every bucket; `_other` is what is not among the ten
    /// dearest, `_none` what has no such name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<BTreeMap<String, GroupSums>>)]
    groups: Option<GroupsHere>,
}

/// An object of groups, in order.
#[derive(Debug)]
struct GroupsHere(Vec<(Arc<str>, GroupSums)>);

impl Serialize for GroupsHere {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, sums)| (&**name, sums)))
    }
}

/// Sums of one group in one bucket.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupSums {
    /// Of the priced events.
    #[schema(value_type = Money)]
    total_cost: Amount,
    /// Events whose cost is unknown.
    unpriced_count: u64,
    /// Calls; not agent, tool and section spans.
    call_count: u64,
}

/// Puts the sums into the buckets, zeros where there are none.
pub(crate) fn series(
    interval: Interval,
    tz: Tz,
    money: MoneyFormat,
    starts: &[u32],
    sums: &Buckets,
    groups: Option<&Groups>,
) -> TimeSeries {
    let bucket = |start: &u32| {
        let sums = sums.get(start).copied().unwrap_or_default();
        Bucket {
            start: local_time(tz, *start).to_rfc3339_opts(SecondsFormat::Secs, true),
            total_cost: amount(sums.cost, money),
            unpriced_count: sums.unpriced,
            call_count: sums.calls,
            groups: groups.map(|groups| groups_at(*start, groups, money)),
        }
    };
    TimeSeries {
        interval: interval.name(),
        buckets: starts.iter().map(bucket).collect(),
    }
}

fn groups_at(start: u32, groups: &Groups, money: MoneyFormat) -> GroupsHere {
    let here = groups.by_start.get(&start);
    let group = |(at, name): (usize, &Arc<str>)| {
        let sums = here.and_then(|here| here.get(at)).copied();
        let sums: Sums = sums.unwrap_or_default();
        let sums = GroupSums {
            total_cost: amount(sums.cost, money),
            unpriced_count: sums.unpriced,
            call_count: sums.calls,
        };
        (Arc::clone(name), sums)
    };
    GroupsHere(groups.names.iter().enumerate().map(group).collect())
}

/// A bucket, or one of its groups, as a row of a table.
#[derive(Debug, Serialize)]
pub(crate) struct ExportRow {
    start: String,
    group: Option<String>,
    total_cost: Amount,
    unpriced_count: u64,
    call_count: u64,
}

impl ListItem for ExportRow {
    const LIST: &'static str = "timeseries";
    const COLUMNS: &'static [&'static str] = &[
        "start",
        "group",
        "total_cost",
        "unpriced_count",
        "call_count",
    ];

    fn cells(&self) -> Vec<Cell<'_>> {
        vec![
            Cell::Plain(self.start.clone()),
            Cell::text(self.group.as_deref()),
            Cell::amount(self.total_cost),
            Cell::number(self.unpriced_count),
            Cell::number(self.call_count),
        ]
    }
}

/// The series as a table: a row per bucket, with `group_by` per bucket and group.
pub(crate) fn rows(series: TimeSeries) -> impl Iterator<Item = ExportRow> {
    series
        .buckets
        .into_iter()
        .flat_map(|bucket| match bucket.groups {
            None => vec![ExportRow {
                start: bucket.start,
                group: None,
                total_cost: bucket.total_cost,
                unpriced_count: bucket.unpriced_count,
                call_count: bucket.call_count,
            }],
            Some(GroupsHere(groups)) => groups
                .into_iter()
                .map(|(name, sums)| ExportRow {
                    start: bucket.start.clone(),
                    group: Some(name.to_string()),
                    total_cost: sums.total_cost,
                    unpriced_count: sums.unpriced_count,
                    call_count: sums.call_count,
                })
                .collect(),
        })
}
