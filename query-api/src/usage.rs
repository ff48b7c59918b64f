//! Questions to the rollups: from which of them each part of a range is read, and what of it
//! counts.
//!
//! ClickHouse takes longer to understand a question than to read what answers it, so one says
//! only what it must: no filter that is not set, no table for a part that is empty.

use service::auth::Access;

use crate::filters::Filters;
use crate::range::Parts;
use crate::store::{Select, Store, Template};

/// Whose sketches of latencies are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sketches {
    /// Each row's own.
    Keys,
    /// In the middle of the range those of all that a tenant had in a bucket and environment:
    /// few, but they know no other filter and are missing from rows of before they were kept.
    Tenants,
}

/// A query over `usage`: the rollups of the parts and the filters, put in place of `{{usage}}`.
pub(crate) fn select(
    store: &Store,
    access: &Access,
    parts: Parts,
    filters: &Filters,
    template: Template,
) -> Select {
    select_latencies(store, access, parts, filters, Sketches::Keys, template)
}

/// The same, with these sketches as `latency_buckets`.
pub(crate) fn select_latencies(
    store: &Store,
    access: &Access,
    parts: Parts,
    filters: &Filters,
    sketches: Sketches,
    template: Template,
) -> Select {
    let template = template.with_template("usage", sources(parts, filters, sketches));
    filters.bind(store.select(access, parts, template))
}

fn sources(parts: Parts, filters: &Filters, sketches: Sketches) -> Template {
    let source = |table, within, latencies| {
        Template::new(include_str!("usage/source.sql"))
            .with("table", table)
            .with("within", within)
            .with("latencies", latencies)
    };
    let own = "latency_buckets";
    let of_middle = match sketches {
        Sketches::Keys => own,
        Sketches::Tenants => "tenant_latency_buckets AS latency_buckets",
    };
    let middle = source("usage_15m", include_str!("usage/middle.sql"), of_middle);
    let edges = source("usage_1m", include_str!("usage/edges.sql"), own);
    let sources = match (parts.has_middle(), parts.has_edges()) {
        (true, true) => Template::joined([middle, edges], "\n    UNION ALL\n"),
        (true, false) => middle,
        (false, _) => edges,
    };
    sources.with_template("filters", filters.conditions())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `from`, `middle_from`, `middle_to`, `to`.
    fn tables([from, middle_from, middle_to, to]: [u32; 4]) -> Vec<&'static str> {
        let parts = Parts {
            from,
            middle_from,
            middle_to,
            to,
        };
        let text = sources(parts, &Filters::default(), Sketches::Keys).text();
        ["usage_1m", "usage_15m"]
            .into_iter()
            .filter(|table| text.contains(&format!("FROM {table}\n")))
            .collect()
    }

    #[test]
    fn only_tables_that_answer_a_part_are_asked() {
        assert_eq!(tables([0, 900, 1800, 1860]), ["usage_1m", "usage_15m"]);
        assert_eq!(tables([0, 0, 1800, 1860]), ["usage_1m", "usage_15m"]);
        assert_eq!(tables([840, 900, 1800, 1800]), ["usage_1m", "usage_15m"]);
        assert_eq!(tables([0, 0, 1800, 1800]), ["usage_15m"]);
        assert_eq!(tables([60, 120, 120, 120]), ["usage_1m"]);
    }
}
