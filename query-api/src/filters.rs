//! The filters that every route of statistics knows.

use schemas::wire::Status;
use service::Problem;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};

use crate::params::{Params, malformed};
use crate::store::{Select, Template};

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

    /// The others, of one customer that the path names.
    ///
    /// # Errors
    /// 400 as [`Self::read`], and where the query names customers, too.
    pub(crate) fn of_customer(customer_id: String, params: &mut Params) -> Result<Self, Problem> {
        let filters = Self::read(params)?;
        if !filters.customer_id.is_empty() {
            return Err(malformed("the path names the customer".to_owned()));
        }
        Ok(Self {
            customer_id: vec![customer_id],
            ..filters
        })
    }

    /// Whether everything counts.
    pub(crate) fn is_empty(&self) -> bool {
        self.environment.is_empty() && self.leave_environments_whole()
    }

    /// Whether all of an environment counts, or nothing of it.
    pub(crate) fn leave_environments_whole(&self) -> bool {
        let Self {
            customer_id,
            provider,
            model,
            section,
            environment: _,
            status,
        } = self;
        [customer_id, provider, model, section, status]
            .into_iter()
            .all(Vec::is_empty)
    }

    /// What rows of the rollups must fulfil: of those filters that are set, each with an `AND`.
    pub(crate) fn conditions(&self) -> Template {
        let all = [
            (
                &self.customer_id,
                "customer_id IN {customer_ids:Array(String)}",
            ),
            (&self.provider, "provider IN {providers:Array(String)}"),
            (&self.model, "model IN {models:Array(String)}"),
            (&self.section, include_str!("filters/section.sql")),
            (
                &self.environment,
                "environment IN {environments:Array(String)}",
            ),
            (&self.status, "status IN {statuses:Array(String)}"),
        ];
        let set = all.into_iter().filter(|(values, _)| !values.is_empty());
        let and = Template::new("\n      AND {{condition}}");
        Template::joined(
            set.map(|(_, condition)| and.clone().with("condition", condition)),
            "",
        )
    }

    /// Binds the parameters of [`Self::conditions`] and `runs/filters.sql`.
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

/// [`Filters`] without the customer, for the description of the interface.
pub(crate) enum FiltersOfCustomer {}

impl IntoParams for FiltersOfCustomer {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut all = Filters::into_params(parameter_in);
        all.retain(|parameter| parameter.name != "customer_id");
        all
    }
}

fn canonical(providers: Vec<String>) -> Vec<String> {
    providers
        .iter()
        .map(|name| schemas::provider::canonical(name).into_owned())
        .collect()
}
