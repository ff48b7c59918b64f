//! TTL clauses: one for everyone, one for each other number of days.

use std::collections::BTreeMap;

/// Which rows a clause may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// All.
    All,
    /// Not those of tenant '', which mark batches.
    Named,
}

/// `DELETE` clauses over the time `at`. Tenants of equal days share one, because ClickHouse
/// tells clauses apart by their time alone.
pub(super) fn clauses<'a>(
    at: &str,
    days: u32,
    tenants: impl Iterator<Item = (&'a str, u32)>,
    rows: Rows,
) -> String {
    let mut by_days: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for (tenant_id, own) in tenants.filter(|(_, own)| *own != days) {
        by_days.entry(own).or_default().push(quoted(tenant_id));
    }
    let named = (rows == Rows::Named).then(|| "tenant_id != ''".to_owned());
    let others: Vec<&str> = by_days.values().flatten().map(String::as_str).collect();
    let others = (!others.is_empty()).then(|| format!("tenant_id NOT IN ({})", others.join(", ")));
    let conditions: Vec<String> = named.into_iter().chain(others).collect();
    let mut clauses = vec![match conditions.join(" AND ") {
        none if none.is_empty() => format!("{at} + INTERVAL {days} DAY DELETE"),
        some => format!("{at} + INTERVAL {days} DAY DELETE WHERE {some}"),
    }];
    clauses.extend(by_days.iter().map(|(days, tenants)| {
        let tenants = tenants.join(", ");
        format!("{at} + INTERVAL {days} DAY DELETE WHERE tenant_id IN ({tenants})")
    }));
    clauses.join(", ")
}

/// As a string of ClickHouse's SQL.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_has_one_clause() {
        let none = std::iter::empty;
        assert_eq!(
            clauses("t", 7, none(), Rows::All),
            "t + INTERVAL 7 DAY DELETE"
        );
        assert_eq!(
            clauses("t", 7, none(), Rows::Named),
            "t + INTERVAL 7 DAY DELETE WHERE tenant_id != ''"
        );
    }

    #[test]
    fn tenants_of_equal_days_share_a_clause_and_names_are_quoted() {
        let tenants = [("a", 3), ("it's\\", 9), ("b", 3), ("same", 7)];
        assert_eq!(
            clauses("t", 7, tenants.into_iter(), Rows::All),
            "t + INTERVAL 7 DAY DELETE WHERE tenant_id NOT IN ('a', 'b', 'it\\'s\\\\'), \
             t + INTERVAL 3 DAY DELETE WHERE tenant_id IN ('a', 'b'), \
             t + INTERVAL 9 DAY DELETE WHERE tenant_id IN ('it\\'s\\\\')"
        );
    }
}
