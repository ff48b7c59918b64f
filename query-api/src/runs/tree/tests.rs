use proptest::prelude::*;

use super::*;

fn row(span: &str, parent: &str, cost: i64) -> SpanRow {
    SpanRow {
        id: format!("event-{span}"),
        span_id: (!span.is_empty()).then(|| span.to_owned()),
        parent_span_id: (!parent.is_empty()).then(|| parent.to_owned()),
        cost: (cost >= 0).then_some(cost),
        ..SpanRow::default()
    }
}

/// `a(b c(d))`: names and nesting.
fn shape(spans: &[Span]) -> String {
    let one = |span: &Span| match span.children.as_slice() {
        [] => span.span_id.clone(),
        children => format!("{}({})", span.span_id, shape(children)),
    };
    spans.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn of(rows: &[(&str, &str)]) -> String {
    let rows = rows
        .iter()
        .map(|(span, parent)| row(span, parent, 1))
        .collect();
    shape(&tree(rows, MoneyFormat::Number))
}

#[test]
fn spans_stand_under_their_parents() {
    assert_eq!(
        of(&[("a", ""), ("b", "a"), ("c", "a"), ("d", "c")]),
        "a(b c(d))"
    );
    assert_eq!(
        of(&[("d", "c"), ("c", "a"), ("b", "a"), ("a", "")]),
        "a(c(d) b)"
    );
    assert_eq!(of(&[]), "");
}

#[test]
fn what_senders_get_wrong_loses_no_span() {
    assert_eq!(of(&[("a", "gone"), ("b", "a")]), "a(b)");
    assert_eq!(of(&[("a", "a")]), "a");
    assert_eq!(of(&[("b", "a"), ("a", "b"), ("c", "a")]), "b(a(c))");
    assert_eq!(of(&[("c", "b"), ("a", "b"), ("b", "a")]), "a(b(c))");
    assert_eq!(of(&[("a", ""), ("a", ""), ("b", "a")]), "a(b) a");
    assert_eq!(of(&[("", ""), ("b", "event-")]), "event-(b)");
}

#[test]
fn costs_add_up_and_the_unknown_stays_visible() {
    let rows = vec![row("a", "", 1), row("b", "a", -1), row("c", "b", 4)];
    let spans = tree(rows, MoneyFormat::Number);
    let json = serde_json::to_value(&spans[0]).unwrap_or_default();
    assert_eq!(json["total_cost"].to_string(), "5e-12");
    assert_eq!(json["unpriced_count"], 1);
    assert!(json["children"][0]["cost_usd"].is_null());
    assert_eq!(json["children"][0]["total_cost"].to_string(), "4e-12");
}

#[test]
fn a_chain_of_ten_thousand_spans_is_cut_in_depth_and_not_in_number() {
    let names: Vec<String> = (0..10_000).map(|i| i.to_string()).collect();
    let mut rows = vec![row("0", "", 1)];
    rows.extend(names.windows(2).map(|pair| row(&pair[1], &pair[0], 1)));
    let spans = tree(rows, MoneyFormat::Number);
    let (mut count, mut depth, mut level) = (0, 0, spans.iter().collect::<Vec<_>>());
    while !level.is_empty() {
        count += level.len();
        depth += 1;
        level = level.into_iter().flat_map(|span| &span.children).collect();
    }
    assert_eq!((count, depth), (10_000, DEPTH_MAX));
    assert_eq!(spans[0].total_cost, amount(10_000, MoneyFormat::Number));
}

proptest! {
    #[test]
    fn every_span_is_shown_once_and_roots_hold_all_the_cost(
        parents in prop::collection::vec(0usize..12, 0..12)
    ) {
        let rows: Vec<SpanRow> = parents
            .iter()
            .enumerate()
            .map(|(i, parent)| row(&i.to_string(), &parent.to_string(), 1))
            .collect();
        let spans = tree(rows, MoneyFormat::Number);
        let mut names: Vec<String> =
            shape(&spans).split(['(', ')', ' ']).map(str::to_owned).collect();
        names.retain(|name| !name.is_empty());
        prop_assert_eq!(names.len(), parents.len());
        names.sort();
        names.dedup();
        prop_assert_eq!(names.len(), parents.len());
        let cost: i128 = spans
            .iter()
            .map(|span| match span.total_cost {
                Amount::Number(usd) | Amount::Text(usd) => usd.pico(),
            })
            .sum();
        prop_assert_eq!(cost, parents.len() as i128);
    }
}
