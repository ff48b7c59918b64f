//! A value that a provider reported: JSON laid out flat, to look a few things up in. One is
//! made and dropped for every call, so it is a list and a text in place of a tree of maps.

mod read;

use serde_json::Number;

/// A JSON value. Members and elements that are null are left out: they say as much as those
/// that are not there.
#[derive(Debug, Default, Clone)]
pub struct Report {
    /// Each value's node, and behind it those of what is in it.
    nodes: Vec<Node>,
    /// All keys and texts.
    text: String,
}

#[derive(Debug, Clone)]
struct Node {
    key: Span,
    /// In nodes, with itself.
    size: usize,
    value: Value,
}

/// Of [`Report::text`].
#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
}

#[derive(Debug, Clone)]
enum Value {
    Bool(bool),
    Number(Number),
    Text(Span),
    Array,
    Object,
}

/// A value in a report.
#[derive(Debug, Clone, Copy)]
pub struct Part<'a> {
    text: &'a str,
    value: &'a Value,
    inner: &'a [Node],
}

impl Report {
    /// An object of counts.
    pub fn of_counts<'c>(counts: impl IntoIterator<Item = (&'c str, u64)>) -> Self {
        Self::object(|object| {
            for (name, count) in counts {
                object.push(name, Part::of(&Value::Number(count.into())));
            }
        })
    }

    /// A count.
    pub fn of_count(count: u64) -> Self {
        let mut report = Self::default();
        report.push("", Part::of(&Value::Number(count.into())));
        report
    }

    /// All of it.
    pub fn root(&self) -> Option<Part<'_>> {
        let (node, inner) = siblings(&self.nodes).next()?;
        Some(Part {
            text: &self.text,
            value: &node.value,
            inner,
        })
    }

    /// The members of both objects; where both have one, this one's is left out. What is not
    /// an object gives way.
    #[must_use]
    pub fn overlaid_by(self, later: Self) -> Self {
        let (Some(old), Some(new)) = (self.root(), later.root()) else {
            return later;
        };
        if !old.is_object() || !new.is_object() {
            return later;
        }
        Self::object(|both| {
            for (name, part) in old.members().filter(|(name, _)| new.get(name).is_none()) {
                both.push(name, part);
            }
            for (name, part) in new.members() {
                both.push(name, part);
            }
        })
    }

    /// The sum of the whole numbers of two values of one shape, wherever they are in them.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let mut sum = Self::default();
        match (self.root(), other.root()) {
            (Some(left), Some(right)) => sum.push_sum("", left, right),
            (one, other) => one
                .or(other)
                .into_iter()
                .for_each(|part| sum.push("", part)),
        }
        sum
    }

    fn push_sum(&mut self, key: &str, left: Part<'_>, right: Part<'_>) {
        if left.is_object() && right.is_object() {
            let at = self.open(key, Value::Object);
            for (name, part) in left.members() {
                match right.get(name) {
                    Some(other) => self.push_sum(name, part, other),
                    None => self.push(name, part),
                }
            }
            for (name, part) in right.members().filter(|(name, _)| left.get(name).is_none()) {
                self.push(name, part);
            }
            self.close(at);
        } else if let (Some(left), Some(right)) = (left.as_u64(), right.as_u64()) {
            let sum = Value::Number(left.saturating_add(right).into());
            self.push(key, Part::of(&sum));
        } else {
            self.push(key, left);
        }
    }

    fn object(fill: impl FnOnce(&mut Self)) -> Self {
        let mut report = Self::default();
        let at = report.open("", Value::Object);
        fill(&mut report);
        report.close(at);
        report
    }

    /// A copy of a value of another report.
    fn push(&mut self, key: &str, part: Part<'_>) {
        let at = self.open(key, Value::Object);
        self.nodes[at].value = self.kept(part.text, part.value);
        for node in part.inner {
            let copy = Node {
                key: self.keep(node.key.of(part.text)),
                size: node.size,
                value: self.kept(part.text, &node.value),
            };
            self.nodes.push(copy);
        }
        self.close(at);
    }

    fn open(&mut self, key: &str, value: Value) -> usize {
        let key = self.keep(key);
        self.add(key, value)
    }

    fn add(&mut self, key: Span, value: Value) -> usize {
        self.nodes.push(Node {
            key,
            size: 1,
            value,
        });
        self.nodes.len() - 1
    }

    /// What was added since is in it.
    fn close(&mut self, at: usize) {
        self.nodes[at].size = self.nodes.len() - at;
    }

    fn kept(&mut self, text: &str, value: &Value) -> Value {
        match value {
            Value::Text(span) => Value::Text(self.keep(span.of(text))),
            other => other.clone(),
        }
    }

    fn keep(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        Span {
            start,
            end: self.text.len(),
        }
    }
}

impl Span {
    fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// Most keys differ in their length.
    fn says(self, text: &str, name: &str) -> bool {
        self.end - self.start == name.len() && self.of(text) == name
    }
}

/// What is in an object or an array, each with what is in it.
fn siblings(nodes: &[Node]) -> impl Iterator<Item = (&Node, &[Node])> {
    let mut rest = nodes;
    std::iter::from_fn(move || {
        let (node, behind) = rest.split_first()?;
        let (inner, next) = behind.split_at_checked(node.size - 1)?;
        rest = next;
        Some((node, inner))
    })
}

impl<'a> Part<'a> {
    fn of(value: &'a Value) -> Self {
        Self {
            text: "",
            value,
            inner: &[],
        }
    }

    /// Whether it is an object.
    pub fn is_object(self) -> bool {
        matches!(self.value, Value::Object)
    }

    fn members(self) -> impl Iterator<Item = (&'a str, Self)> {
        let members = if self.is_object() { self.inner } else { &[] };
        let member =
            move |(node, inner): (&'a Node, _)| (node.key.of(self.text), self.at(node, inner));
        siblings(members).map(member)
    }

    fn at(self, node: &'a Node, inner: &'a [Node]) -> Self {
        Self {
            text: self.text,
            value: &node.value,
            inner,
        }
    }

    /// A member of an object; of several by this name, the last.
    pub fn get(self, name: &str) -> Option<Self> {
        let members = if self.is_object() { self.inner } else { &[] };
        let named = siblings(members).filter(|(node, _)| node.key.says(self.text, name));
        named.last().map(|(node, inner)| self.at(node, inner))
    }

    /// The elements of an array.
    pub fn items(self) -> impl Iterator<Item = Self> {
        let items = match self.value {
            Value::Array => self.inner,
            _ => &[],
        };
        siblings(items).map(move |(node, inner)| self.at(node, inner))
    }

    /// `true`.
    pub fn is_true(self) -> bool {
        matches!(self.value, Value::Bool(true))
    }

    /// A number.
    pub fn as_number(self) -> Option<&'a Number> {
        match self.value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// A whole number.
    pub fn as_u64(self) -> Option<u64> {
        self.as_number()?.as_u64()
    }

    /// A text.
    pub fn as_str(self) -> Option<&'a str> {
        match self.value {
            Value::Text(span) => Some(span.of(self.text)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
