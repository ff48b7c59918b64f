//! Questions to the rollups: from which of them each part of a range is read, and what of it
//! counts.
//!
//! ClickHouse takes longer to understand a question than to read what answers it, so one says
//! only what it must: no filter that is not set, no table for a part that is empty.

use service::auth::Access;

use crate::filters::Filters;
use crate::range::Parts;
use crate::store::{Select, Store, Template};

/// A query over `usage`: the rollups of the parts and the filters, put in place of `{{usage}}`.
pub(crate) fn select(
    store: &Store,
    access: &Access,
    parts: Parts,
    filters: &Filters,
    template: Template,
) -> Select {
    let template = template.with_template("usage", sources(parts, filters));
    filters.bind(store.select(access, parts, template))
}

fn sources(parts: Parts, filters: &Filters) -> Template {
    let source = |table, within| {
        Template::new(include_str!("usage/source.sql"))
            .with("table", table)
            .with("within", within)
    };
    let middle = source("usage_15m", include_str!("usage/middle.sql"));
    let edges = source("usage_1m", include_str!("usage/edges.sql"));
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
        let text = sources(parts, &Filters::default()).text();
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
