/// SQL with holes `{{name}}`, which only constants of this program can fill. What a caller
/// sends travels as a bound parameter.
#[derive(Debug, Clone)]
pub(crate) struct Template(String);

impl Template {
    pub(crate) fn new(sql: &'static str) -> Self {
        Self(sql.to_owned())
    }

    /// SQL over `usage`, the rollups of the time and the filters asked for.
    pub(crate) fn of_usage(sql: &'static str) -> Self {
        Self::new(sql)
            .with("usage", include_str!("../usage.sql"))
            .with("filters", include_str!("../filters.sql"))
    }

    /// Fills a hole.
    pub(crate) fn with(self, hole: &'static str, sql: &'static str) -> Self {
        let Self(text) = self;
        Self(text.replace(&["{{", hole, "}}"].concat(), sql))
    }

    pub(super) fn text(self) -> String {
        self.0
    }
}
