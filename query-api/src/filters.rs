//! The filters that every route of statistics knows.

use schemas::wire::Status;
use service::Problem;
use utoipa::IntoParams;

use crate::params::{Params, malformed};
use crate::store::Select;

/// Which events count. A repeated filter means "or"; different filters mean "and".
#[derive(Debug, Clone, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// The tenant's own end customer.
    #[param(required = false)]
    customer_id: Vec<String>,
    /// Provider, under any of its published names.
    #[param(required = false)]
    provider: Vec<String>,
    /// Model, as the events name it.
    #[param(required = false)]
    model: Vec<String>,
    /// The last part of a section path; with a `/`, a path and all below it.
    #[param(required = false, example = "agent:support/tool:search")]
    section: Vec<String>,
    /// Environment, such as `production`.
    #[param(required = false)]
    environment: Vec<String>,
    /// `ok`, `error`, `cancelled`, `timeout` or `rate_limited`.
    #[param(required = false)]
    status: Vec<String>,
}

impl Filters {
    /// # Errors
    /// 400 for an empty value, an unknown status or a section of slashes only.
    pub(crate) fn read(params: &mut Params) -> Result<Self, Problem> {
        let filters = Self {
            customer_id: params.many("customer_id")?,
            provider: canonical(params.many("provider")?),
            model: params.many("model")?,
            section: params.many("section")?,
            environment: params.many("environment")?,
            status: params.many("status")?,
        };
        if filters
            .status
            .iter()
            .any(|name| Status::from_name(name).is_none())
        {
            let names = "ok, error, cancelled, timeout, rate_limited";
            return Err(malformed(format!("status must be one of {names}")));
        }
        if filters
            .section
            .iter()
            .any(|section| section.trim_end_matches('/').is_empty())
        {
            return Err(malformed("section must name a section".to_owned()));
        }
        Ok(filters)
    }

    /// Only one customer.
    pub(crate) fn customer(customer_id: String) -> Self {
        Self {
            customer_id: vec![customer_id],
            ..Self::default()
        }
    }

    /// Whether everything counts.
    pub(crate) fn is_empty(&self) -> bool {
        let Self {
            customer_id,
            provider,
            model,
            section,
            environment,
            status,
        } = self;
        [customer_id, provider, model, section, environment, status]
            .into_iter()
            .all(Vec::is_empty)
    }

    /// Binds the parameters of `usage.sql` and `runs/filters.sql`.
    pub(crate) fn bind(&self, select: Select) -> Select {
        let (paths, names): (Vec<&str>, Vec<&str>) = self
            .section
            .iter()
            .map(String::as_str)
            .partition(|section| section.contains('/'));
        let paths: Vec<&str> = paths
            .iter()
            .map(|path| path.trim_end_matches('/'))
            .collect();
        select
            .param("customer_ids", &self.customer_id)
            .param("providers", &self.provider)
            .param("models", &self.model)
            .param("section_names", names)
            .param("section_paths", paths)
            .param("environments", &self.environment)
            .param("statuses", &self.status)
    }
}

fn canonical(providers: Vec<String>) -> Vec<String> {
    providers
        .iter()
        .map(|name| schemas::provider::canonical(name).into_owned())
        .collect()
}
