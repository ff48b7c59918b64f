/// SQL with holes `{{name}}`, which only constants of this program can fill. What a caller
/// sends travels as a bound parameter.
#[derive(Debug, Clone)]
pub(crate) struct Template(String);

impl Template {
    pub(crate) fn new(sql: &'static str) -> Self {
        Self(sql.to_owned())
    }

    /// One after the other.
    pub(crate) fn joined(
        templates: impl IntoIterator<Item = Self>,
        separator: &'static str,
    ) -> Self {
        let texts: Vec<String> = templates.into_iter().map(Self::text).collect();
        Self(texts.join(separator))
    }

    /// Fills a hole.
    pub(crate) fn with(self, hole: &'static str, sql: &'static str) -> Self {
        self.with_template(hole, Self::new(sql))
    }

    /// Fills a hole with what may have holes itself.
    pub(crate) fn with_template(self, hole: &'static str, template: Self) -> Self {
        let Self(text) = self;
        Self(text.replace(&["{{", hole, "}}"].concat(), &template.text()))
    }

    pub(crate) fn text(self) -> String {
        self.0
    }
}
