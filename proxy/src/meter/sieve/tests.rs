#![allow(clippy::unwrap_used)]
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

static SOUGHT: LazyLock<Tree<&str>> = LazyLock::new(|| Tree::new(PATHS));

static PATHS: &[Path<&str>] = &[
    Path {
        keys: &["a"],
        kind: Kind::Value,
        what: "a",
    },
    Path {
        keys: &["b", "c"],
        kind: Kind::Value,
        what: "b.c",
    },
    Path {
        keys: &["l", "*", "x"],
        kind: Kind::Value,
        what: "l.x",
    },
    Path {
        keys: &["t"],
        kind: Kind::Text,
        what: "t",
    },
    Path {
        keys: &["t", "u"],
        kind: Kind::Text,
        what: "t.u",
    },
    Path {
        keys: &["w"],
        kind: Kind::Weight,
        what: "w",
    },
    Path {
        keys: &["s"],
        kind: Kind::Long(4),
        what: "s",
    },
];

#[derive(Debug, Default, PartialEq, Clone)]
struct Log(Vec<String>, String);

impl Findings<&'static str> for Log {
    fn value(&mut self, what: &'static str, json: &[u8]) {
        self.0
            .push(format!("{what}={}", String::from_utf8_lossy(json)));
    }
    fn text(&mut self, what: &'static str, piece: &[u8]) {
        self.1.push_str(what);
        self.1.push('~');
        self.1.push_str(&String::from_utf8_lossy(piece));
    }
    fn document(&mut self) {
        self.0.push(".".into());
    }
}

fn sift(pieces: &[&[u8]]) -> Log {
    let (mut sieve, mut log) = (Sieve::new(&SOUGHT), Log::default());
    pieces.iter().for_each(|piece| sieve.feed(piece, &mut log));
    sieve.end(&mut log);
    log
}

fn found(json: &str) -> String {
    sift(&[json.as_bytes()]).0.join(" ")
}

#[test]
fn values_on_paths_are_found() {
    for (json, expected) in [
        (r#"{"a":1}"#, "a=1 ."),
        (r#" { "z" : {"a":2} , "a" : null }"#, "a=null ."),
        (
            r#"{"a":{"b":[1,{"a":"}"}]},"b":{"c":"x\"y","a":0}}"#,
            r#"a={"b":[1,{"a":"}"}]} b.c="x\"y" ."#,
        ),
        (
            r#"{"l":[{"x":1},{"y":2},[{"x":3}],{"x":[4]}]}"#,
            "l.x=1 l.x=[4] .",
        ),
        (r#"{"a":true}{"a":2}"#, "a=true . a=2 ."),
        ("{\"a\":1}\n{\"a\":2}\n", "a=1 . a=2 ."),
        (r#"[{"a":1},{"a":2}]"#, "a=1 . a=2 ."),
        (r#"{"b":[],"a":[],"l":[]}"#, "a=[] ."),
        (r#"{"b":5,"a":-1.5e3}"#, "a=-1.5e3 ."),
        (r#"{"s":"ab","a":1}"#, r#"s="ab" a=1 ."#),
        (r#"{"s":"abc","a":1}"#, "a=1 ."),
        (r#"{"a":1"#, "a=1 ."),
        (r#"{"a":"cut"#, "."),
        ("[DONE]", "."),
        ("", ""),
        ("  \n", ""),
        ("]]}}{\"a\":1}", "a=1 ."),
    ] {
        assert_eq!(found(json), expected, "{json}");
    }
}

#[test]
fn text_passes_in_pieces() {
    assert_eq!(
        sift(&[br#"{"t":"one","w":[{"k":"two"}]}"#]).1,
        r#"t~onew~[{"k":"two"}]"#
    );
    assert_eq!(sift(&[br#"{"t":{"u":"inner"}}"#]).1, "t.u~inner");
    assert_eq!(sift(&[br#"{"t":5}"#]).1, "");
}

#[test]
fn what_is_too_large_or_too_deep_is_passed_over() {
    let deep = format!(
        r#"{{"z":{}{},"a":1}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert_eq!(found(&deep), "a=1 .");
    let large = format!(r#"{{"a":"{}","b":{{"c":1}}}}"#, "x".repeat(VALUE_BYTES_MAX));
    assert_eq!(found(&large), "b.c=1 .");
    let long_key = format!(r#"{{"{}":1,"a":2}}"#, "k".repeat(10_000));
    assert_eq!(found(&long_key), "a=2 .");
    for of_key in [KEY_BYTES_MAX, KEY_BYTES_MAX + 1] {
        let begin = format!(r#"{{"{}"#, "k".repeat(of_key));
        let cut = [begin.as_bytes(), br#"a":1,"#, br#""a":2}"#];
        assert_eq!(sift(&cut).0, ["a=2", "."], "cut after {of_key}");
    }
}

/// The text of one name, whatever its pieces.
fn joined(log: Log) -> (Vec<String>, String) {
    let mut text = log.1;
    for what in ["t~", "t.u~", "w~"] {
        text = text.replace(what, "");
    }
    (log.0, text)
}

proptest! {
    #[test]
    fn findings_do_not_depend_on_how_the_bytes_are_cut(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "[\\[\\]{}\",:\\\\ atubcwlxs*0-9.e\n-]{0,120}".prop_map(String::into_bytes),
        ],
        cut in 0_usize..200,
        second in 0_usize..200,
    ) {
        let cut = cut.min(bytes.len());
        let second = second.clamp(cut, bytes.len());
        let whole = joined(sift(&[&bytes]));
        prop_assert_eq!(&joined(sift(&[&bytes[..cut], &bytes[cut..second], &bytes[second..]])), &whole);
        let each: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(&joined(sift(&each)), &whole);
    }

    #[test]
    fn real_json_is_read_as_serde_reads_it(number in any::<i64>(), text in ".*") {
        let document = serde_json::json!({"q": [text, {"a": 7}], "b": {"c": text}, "a": number});
        let json = serde_json::to_string(&document).unwrap();
        let quoted = serde_json::to_string(&text).unwrap();
        let log = sift(&[json.as_bytes()]);
        let expected = format!("a={number}");
        prop_assert!(log.0.contains(&expected));
        if quoted.len() < VALUE_BYTES_MAX {
            let expected = format!("b.c={quoted}");
            prop_assert!(log.0.contains(&expected));
        }
    }
}
