use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use clickhouse::Row;
use serde::Deserialize;
use service::Problem;
use service::auth::Access;

use crate::filters::Filters;
use crate::range::Parts;
use crate::store::{Store, Template};
use crate::usage;

/// Groups that are named; the rest is one.
const GROUPS_MAX: usize = 10;
/// Rows that are read to save a second pass over the rollups.
const ROWS_MAX: usize = 20_000;
/// The name of all groups that are not among the dearest.
const OTHER: &str = "_other";
/// The name of the group of events without such a name.
const NONE: &str = "_none";

/// Sums of a bucket by its start, in seconds since 1970.
pub(crate) type Buckets = BTreeMap<u32, Sums>;

/// Sums of one bucket.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    /// Pico-dollars.
    pub(crate) cost: i128,
    pub(crate) unpriced: u64,
    pub(crate) calls: u64,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.cost += other.cost;
        self.unpriced += other.unpriced;
        self.calls += other.calls;
    }
}

/// What tells groups apart.
#[derive(Debug, Clone, Copy)]
pub(crate) enum GroupBy {
    Provider,
    Model,
    Customer,
    Section,
}

impl GroupBy {
    /// Under their names.
    pub(crate) const CHOICES: &'static [(&'static str, Self)] = &[
        ("provider", Self::Provider),
        ("model", Self::Model),
        ("customer", Self::Customer),
        ("section", Self::Section),
    ];

    fn column(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Model => "model",
            Self::Customer => "customer_id",
            Self::Section => "section_path",
        }
    }

    /// Whether there are mostly so few that all of them may be asked for.
    fn are_few(self) -> bool {
        matches!(self, Self::Provider | Self::Model)
    }
}

/// Sums by bucket and group.
#[derive(Debug)]
pub(crate) struct Groups {
    /// Every group that there is in the range, `_other` included, in order.
    pub(crate) names: Vec<Arc<str>>,
    /// Of each bucket each group's, in the same order.
    pub(crate) by_start: BTreeMap<u32, Vec<Sums>>,
}

impl Groups {
    /// The named groups, and the others as one. A group that really bears the name of another
    /// joins it; nothing is lost.
    fn of(rows: &[GroupRow], is_named: impl Fn(&GroupRow) -> bool) -> Self {
        let shown: Vec<&str> = rows
            .iter()
            .map(|row| match row.group_name.as_str() {
                _ if !is_named(row) => OTHER,
                "" => NONE,
                name => name,
            })
            .collect();
        let distinct: HashSet<&str> = shown.iter().copied().collect();
        let mut names: Vec<&str> = distinct.into_iter().collect();
        names.sort_unstable();
        let places: HashMap<&str, usize> = names.iter().copied().zip(0..).collect();
        let mut by_start = BTreeMap::new();
        for (row, name) in rows.iter().zip(shown) {
            let here = by_start.entry(row.start);
            let here: &mut Vec<Sums> = here.or_insert_with(|| vec![Sums::default(); names.len()]);
            here[places[name]].add(Sums {
                cost: row.total_cost,
                unpriced: row.unpriced_count,
                calls: row.call_count,
            });
        }
        let names = names.into_iter().map(Arc::from).collect();
        Self { names, by_start }
    }

    /// The buckets without their groups.
    pub(crate) fn sums(&self) -> Buckets {
        let total = |groups: &Vec<Sums>| {
            let mut total = Sums::default();
            groups.iter().for_each(|sums| total.add(*sums));
            total
        };
        let buckets = self.by_start.iter();
        buckets
            .map(|(start, groups)| (*start, total(groups)))
            .collect()
    }
}

#[derive(Row, Deserialize)]
struct BucketRow {
    start: u32,
    total_cost: i128,
    unpriced_count: u64,
    call_count: u64,
}

#[derive(Row, Deserialize)]
struct GroupRow {
    start: u32,
    is_top: bool,
    group_name: String,
    total_cost: i128,
    unpriced_count: u64,
    call_count: u64,
}

/// Sums by bucket; buckets without events are missing.
///
/// # Errors
/// Those of [`crate::store::Select`].
pub(crate) async fn buckets(
    store: &Store,
    access: &Access,
    parts: Parts,
    filters: &Filters,
    starts: &[u32],
) -> Result<Buckets, Problem> {
    let template = Template::new(include_str!("buckets.sql"));
    let select = usage::select(store, access, parts, filters, template).param("starts", starts);
    let rows: Vec<BucketRow> = select.all().await?;
    let sums = |row: &BucketRow| Sums {
        cost: row.total_cost,
        unpriced: row.unpriced_count,
        calls: row.call_count,
    };
    Ok(rows.iter().map(|row| (row.start, sums(row))).collect())
}

/// Sums by bucket and group.
///
/// # Errors
/// Those of [`crate::store::Select`].
pub(crate) async fn grouped(
    store: &Store,
    access: &Access,
    parts: Parts,
    filters: &Filters,
    starts: &[u32],
    group_by: GroupBy,
) -> Result<Groups, Problem> {
    let select = |sql| {
        let template = Template::new(sql).with("key", group_by.column());
        usage::select(store, access, parts, filters, template).param("starts", starts)
    };
    if group_by.are_few() {
        let select = select(include_str!("each.sql")).param("rows", ROWS_MAX as u64 + 1);
        let rows: Vec<GroupRow> = select.all().await?;
        if rows.len() <= ROWS_MAX {
            let top = dearest(&rows);
            return Ok(Groups::of(&rows, |row| {
                top.contains(row.group_name.as_str())
            }));
        }
    }
    let select = select(include_str!("dearest.sql")).param("groups", GROUPS_MAX as u64);
    let rows: Vec<GroupRow> = select.all().await?;
    Ok(Groups::of(&rows, |row| row.is_top))
}

/// The names of the dearest groups.
fn dearest(rows: &[GroupRow]) -> HashSet<&str> {
    let mut costs = HashMap::<&str, i128>::new();
    for row in rows {
        *costs.entry(&row.group_name).or_default() += row.total_cost;
    }
    let mut ranking: Vec<_> = costs.into_iter().collect();
    ranking.sort_unstable_by_key(|(name, cost)| (Reverse(*cost), *name));
    let dearest = ranking.into_iter().take(GROUPS_MAX);
    dearest.map(|(name, _)| name).collect()
}
