//! The body of `/ready`.

use serde::Serialize;
use utoipa::ToSchema;

/// Everything that the process depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Report {
    /// Whether every role is ready.
    pub ready: bool,
    /// `role/dependency` of everything that is not.
    pub not_ready: Vec<String>,
    /// Each role, in the order they started.
    pub roles: Vec<RoleReport>,
}

/// One role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RoleReport {
    /// `ingest`, `aggregator`, …
    pub role: &'static str,
    /// Whether all its dependencies are.
    pub ready: bool,
    /// What it depends on.
    pub dependencies: Vec<DependencyReport>,
}

/// One dependency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DependencyReport {
    /// `kafka`, `clickhouse`, …
    pub name: &'static str,
    /// Whether it answers.
    pub ready: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl DependencyReport {
    pub(super) fn new(name: &'static str, outcome: Result<(), String>) -> Self {
        Self {
            name,
            ready: outcome.is_ok(),
            reason: outcome.err(),
        }
    }
}

impl Report {
    pub(super) fn new(outcomes: Vec<(&'static str, DependencyReport)>) -> Self {
        let mut roles: Vec<RoleReport> = Vec::new();
        for (role, dependency) in outcomes {
            let at = roles
                .iter()
                .position(|known| known.role == role)
                .unwrap_or_else(|| {
                    roles.push(RoleReport {
                        role,
                        ready: true,
                        dependencies: Vec::new(),
                    });
                    roles.len() - 1
                });
            roles[at].ready &= dependency.ready;
            roles[at].dependencies.push(dependency);
        }
        Self::of(roles)
    }

    /// The same for one role; `None` when there is no such role.
    pub(super) fn only(self, role: &str) -> Option<Self> {
        let roles = self
            .roles
            .into_iter()
            .filter(|known| known.role == role)
            .collect::<Vec<_>>();
        (!roles.is_empty()).then(|| Self::of(roles))
    }

    fn of(roles: Vec<RoleReport>) -> Self {
        let not_ready: Vec<String> = roles
            .iter()
            .flat_map(|role| role.dependencies.iter().map(move |d| (role.role, d)))
            .filter(|(_, dependency)| !dependency.ready)
            .map(|(role, dependency)| format!("{role}/{}", dependency.name))
            .collect();
        Self {
            ready: not_ready.is_empty(),
            not_ready,
            roles,
        }
    }
}
