//! A fault as a story: healthy, break, observe, restore, observe. The load flows all the
//! while; the driver checks the books afterwards.

use futures::future::BoxFuture;

use crate::world::World;

/// Decides the details of a story, from the seed.
pub(crate) type Rng = fastrand::Rng;

/// One kind of fault.
pub(crate) struct Story {
    pub(crate) name: &'static str,
    pub(crate) how_often: HowOften,
    pub(crate) brokers_min: u16,
    /// One of the few of the short run.
    pub(crate) telling: bool,
    pub(crate) tell: Tell,
}

pub(crate) type Tell =
    for<'a> fn(&'a mut World, &'a mut Rng) -> BoxFuture<'a, anyhow::Result<Outcome>>;

/// How often a random run has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HowOften {
    /// At least ten times in a long run: one step of the protocol.
    Step,
    /// At least five times in a long run, and no more: it takes several tries.
    Several,
    Often,
    /// Once: it takes long.
    Once,
    /// Only when it is named.
    Named,
}

/// How it went.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Anything worth telling, such as what was counted.
    Done(String),
    /// It could not be tried here; the reason.
    Skipped(String),
}

impl Outcome {
    pub(crate) fn done() -> anyhow::Result<Self> {
        Ok(Self::Done(String::new()))
    }
}

impl Story {
    pub(crate) const fn new(name: &'static str, tell: Tell) -> Self {
        Self {
            name,
            how_often: HowOften::Often,
            brokers_min: 1,
            telling: false,
            tell,
        }
    }

    pub(crate) const fn step(self) -> Self {
        Self {
            how_often: HowOften::Step,
            ..self
        }
    }

    pub(crate) const fn several(self) -> Self {
        Self {
            how_often: HowOften::Several,
            ..self
        }
    }

    pub(crate) const fn once(self) -> Self {
        Self {
            how_often: HowOften::Once,
            ..self
        }
    }

    pub(crate) const fn named(self) -> Self {
        Self {
            how_often: HowOften::Named,
            ..self
        }
    }

    pub(crate) const fn three_brokers(self) -> Self {
        Self {
            brokers_min: 3,
            ..self
        }
    }

    pub(crate) const fn telling(self) -> Self {
        Self {
            telling: true,
            ..self
        }
    }
}
