//! What a caller may do.

/// What a key allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Sending events.
    Ingest,
    /// Reading statistics and events.
    Read,
    /// Managing keys; with a platform key also reading all tenants at once.
    Admin,
}

impl Scope {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Read, Self::Admin];

    /// The scope's name in settings and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }
}

impl std::str::FromStr for Scope {
    type Err = String;

    /// # Errors
    /// In words, when there is no such scope.
    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|scope| scope.name() == name);
        found.ok_or_else(|| "a scope is ingest, read or admin".to_owned())
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// Everything.
    pub const ALL: Self = Self(0b111);

    /// Exactly these.
    pub fn of(scopes: &[Scope]) -> Self {
        Self(scopes.iter().fold(0, |set, scope| set | 1 << *scope as u8))
    }

    /// Those with these names.
    ///
    /// # Errors
    /// In words, when one is no scope.
    pub fn parse<S: AsRef<str>>(names: &[S]) -> Result<Self, String> {
        let scopes: Result<Vec<Scope>, String> =
            names.iter().map(|name| name.as_ref().parse()).collect();
        Ok(Self::of(&scopes?))
    }

    /// Whether the set holds it.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & 1 << scope as u8 != 0
    }

    /// Whether the set holds all of the other.
    pub fn includes(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// What is in either.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes' names.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let held = Scope::ALL.into_iter();
        held.filter(move |scope| self.contains(*scope))
            .map(Scope::name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_are_read_back() {
        let set = Scopes::parse(&["admin", "ingest", "admin"]).unwrap();
        assert_eq!(set, Scopes::of(&[Scope::Ingest, Scope::Admin]));
        assert_eq!(set.names().collect::<Vec<_>>(), ["ingest", "admin"]);
        assert!(Scopes::parse(&["Admin"]).is_err());
        assert!(Scopes::ALL.includes(set) && !set.includes(Scopes::ALL));
        assert!(!set.contains(Scope::Read) && set.and(Scopes::ALL) == Scopes::ALL);
    }
}
