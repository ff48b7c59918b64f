use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

use super::*;

/// What a report holds, as a tree.
fn tree(part: Part<'_>) -> Json {
    match part.value {
        Value::Bool(is_true) => (*is_true).into(),
        Value::Number(number) => Json::Number(number.clone()),
        Value::Text(_) => part.as_str().into(),
        Value::Array => part.items().map(tree).collect(),
        Value::Object => {
            let members = part
                .members()
                .map(|(name, part)| (name.to_owned(), tree(part)));
            Json::Object(members.collect())
        }
    }
}

fn read(json: &Json) -> Option<Report> {
    Report::parse(json.to_string().as_bytes())
}

fn held(report: &Report) -> Json {
    report.root().map_or(Json::Null, tree)
}

fn without_nulls(json: Json) -> Json {
    match json {
        Json::Array(items) => items
            .into_iter()
            .filter(|item| !item.is_null())
            .map(without_nulls)
            .collect(),
        Json::Object(members) => {
            let said = members.into_iter().filter(|(_, value)| !value.is_null());
            Json::Object(
                said.map(|(name, value)| (name, without_nulls(value)))
                    .collect(),
            )
        }
        other => other,
    }
}

fn sum(left: &Json, right: &Json) -> Json {
    match (left, right) {
        (Json::Object(left), Json::Object(right)) => {
            let mut both = left.clone();
            for (name, value) in right {
                let sum = left.get(name).map(|known| sum(known, value));
                both.insert(name.clone(), sum.unwrap_or_else(|| value.clone()));
            }
            both.into()
        }
        (left, right) => match (left.as_u64(), right.as_u64()) {
            (Some(left), Some(right)) => left.saturating_add(right).into(),
            _ => left.clone(),
        },
    }
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<i32>().prop_map(|eighths| Json::from(f64::from(eighths) / 8.0)),
        "[a-c\"\\\\\u{e9}\n]{0,3}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let members = prop::collection::btree_map("[a-d\u{e9}\"]{1,2}", inner.clone(), 0..5);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Json::from),
            members.prop_map(|members| Json::Object(members.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Json> {
    let members = prop::collection::btree_map("[a-d]", json(), 0..5);
    members.prop_map(|members| Json::Object(members.into_iter().collect::<Map<_, _>>()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn holds_what_it_was_read_from(json in json()) {
        let report = read(&json);
        prop_assert_eq!(report.is_some(), !json.is_null());
        prop_assert_eq!(held(&report.unwrap_or_default()), without_nulls(json));
    }

    #[test]
    fn a_later_object_lies_over_an_earlier_one(old in object(), new in object()) {
        let both = read(&old).unwrap().overlaid_by(read(&new).unwrap());
        let mut members = without_nulls(old);
        members.as_object_mut().unwrap().extend(without_nulls(new).as_object().unwrap().clone());
        prop_assert_eq!(held(&both), members);
    }

    #[test]
    fn a_sum_has_the_numbers_of_both(left in object(), right in object()) {
        let total = read(&left).unwrap().plus(&read(&right).unwrap());
        prop_assert_eq!(held(&total), sum(&without_nulls(left), &without_nulls(right)));
    }
}

#[test]
fn a_member_said_twice_is_the_last() {
    let report = Report::parse(br#"{"a": {"b": 1}, "a": {"b": 2}}"#).unwrap();
    let said = report.root().unwrap().get("a").unwrap().get("b").unwrap();
    assert_eq!(said.as_u64(), Some(2));
}

#[test]
fn what_is_not_json_is_no_report() {
    for text in ["", "{", "{\"a\":1}x", "[1,]", "1e999", "nul"] {
        assert!(Report::parse(text.as_bytes()).is_none(), "{text}");
    }
    assert!(Report::parse(b"null").is_none());
}

#[test]
fn counts_are_members() {
    let counts = Report::of_counts([("a", 1), ("b", 2)]);
    assert_eq!(held(&counts), json!({"a": 1, "b": 2}));
    assert_eq!(held(&Report::of_count(3)), json!(3));
}
