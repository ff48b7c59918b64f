//! What a tenant's last weeks were, by subject and day. Of every list of days, the first is the
//! one in question, or the one that is judged as if it were.

use super::finding::Subject;
use super::window::{DAYS, READ_DAYS};

/// Sums of one day.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Day {
    /// Pico-dollars.
    pub(super) cost: i128,
    pub(super) calls: u64,
    pub(super) errors: u64,
    pub(super) unpriced: u64,
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) cached: u64,
}

/// One subject's days.
#[derive(Debug, Clone)]
pub(super) struct History {
    pub(super) subject: Subject,
    pub(super) days: [Day; READ_DAYS],
}

/// One subject's day, and the four weeks before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weeks<'a> {
    pub(super) subject: &'a Subject,
    pub(super) days: &'a [Day; DAYS],
}

impl History {
    /// As it was so many days ago.
    pub(super) fn ago(&self, days: usize) -> Option<Weeks<'_>> {
        Some(Weeks {
            subject: &self.subject,
            days: self.days.get(days..)?.first_chunk()?,
        })
    }
}

impl Weeks<'_> {
    /// One figure of every day.
    pub(super) fn series(&self, figure: impl Fn(&Day) -> f64) -> [f64; DAYS] {
        std::array::from_fn(|day| figure(&self.days[day]))
    }

    /// The day in question.
    pub(super) fn day(&self) -> &Day {
        &self.days[0]
    }

    /// The days before.
    pub(super) fn past(&self) -> &[Day] {
        &self.days[1..]
    }
}

/// The runs of one day.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RunsDay {
    pub(super) runs: u64,
    /// Pico-dollars.
    pub(super) cost: i128,
    /// Mean over the calls: how many calls the run of a call makes.
    pub(super) calls_per_run: f64,
}

/// The runs in which one section is the dearest.
#[derive(Debug, Clone)]
pub(super) struct RunsHistory {
    pub(super) subject: Subject,
    pub(super) days: [RunsDay; READ_DAYS],
    /// The runs with the most calls of the day in question.
    pub(super) longest: Vec<String>,
}

/// The runs of a day, and of the four weeks before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunsWeeks<'a> {
    pub(super) subject: &'a Subject,
    pub(super) days: &'a [RunsDay; DAYS],
    pub(super) longest: &'a [String],
}

impl RunsHistory {
    /// As it was so many days ago.
    pub(super) fn ago(&self, days: usize) -> Option<RunsWeeks<'_>> {
        Some(RunsWeeks {
            subject: &self.subject,
            days: self.days.get(days..)?.first_chunk()?,
            longest: &self.longest,
        })
    }
}

/// One combination of names: its day, and what the same weekdays and the weeks before were.
#[derive(Debug, Clone, Default)]
pub(super) struct Change {
    pub(super) provider: String,
    pub(super) model: String,
    pub(super) section: String,
    pub(super) customer: String,
    pub(super) day: Day,
    /// Of the same weekday, one to four weeks ago: pico-dollars, calls, failed calls.
    pub(super) weekdays: [(i128, u64, u64); 4],
    /// Sums of the four weeks: pico-dollars, calls, input tokens, cached ones.
    pub(super) past: (i128, u64, u64, u64),
}

impl Change {
    /// Dollars more (or, negative, less) than on such a weekday.
    pub(super) fn cost(&self) -> f64 {
        usd(self.day.cost) - self.usual_cost()
    }

    pub(super) fn usual_cost(&self) -> f64 {
        middle(self.weekdays.map(|(cost, _, _)| usd(cost)))
    }

    /// Dollars more (or, negative, less) than as many calls cost before.
    pub(super) fn dearer(&self) -> f64 {
        let (cost, calls, _, _) = self.past;
        let usual = if calls > 0 {
            usd(cost) / calls as f64 * self.day.calls as f64
        } else {
            0.0
        };
        usd(self.day.cost) - usual
    }

    pub(super) fn calls(&self) -> f64 {
        self.day.calls as f64 - middle(self.weekdays.map(|(_, calls, _)| calls as f64))
    }

    pub(super) fn errors(&self) -> f64 {
        self.day.errors as f64 - middle(self.weekdays.map(|(_, _, errors)| errors as f64))
    }
}

/// The median of four: one odd day moves it little.
fn middle(mut four: [f64; 4]) -> f64 {
    four.sort_by(f64::total_cmp);
    f64::midpoint(four[1], four[2])
}

/// Dollars for comparing; sums stay exact.
pub(super) fn usd(pico_usd: i128) -> f64 {
    pico_usd as f64 / 1e12
}

/// A small tenant, for tests: two sections, of which one uses a model of its own.
#[cfg(test)]
pub(super) mod example {
    use super::{Change, Day, History, READ_DAYS, RunsDay, RunsHistory, Subject};

    pub(crate) fn section(name: &str) -> Subject {
        Subject::Section(name.to_owned())
    }

    pub(crate) fn model(name: &str) -> Subject {
        Subject::Model("openai".to_owned(), name.to_owned())
    }

    /// About so many cents: days differ by a few percent.
    fn days(cents: i128) -> [Day; READ_DAYS] {
        std::array::from_fn(|day| Day {
            cost: cents * 10_000_000_000 * (96 + (day as i128 * 5) % 9) / 100,
            calls: 200,
            errors: 2,
            unpriced: 0,
            input: 200_000,
            output: 40_000,
            cached: 100_000,
        })
    }

    /// $10 a day: `chat` and its model $6, `search` $4.
    pub(crate) fn tenant() -> Vec<History> {
        [
            (Subject::All, 1000),
            (section("chat"), 600),
            (model("gpt-4o"), 600),
            (section("search"), 400),
        ]
        .into_iter()
        .map(|(subject, cents)| History {
            subject,
            days: days(cents),
        })
        .collect()
    }

    /// Adds a subject without any usage.
    pub(crate) fn unused(tenant: &mut Vec<History>, subject: Subject) {
        let days = [Day::default(); READ_DAYS];
        tenant.push(History { subject, days });
    }

    /// Changes a subject's day; 0 = the one in question.
    pub(crate) fn change(
        tenant: &mut [History],
        subject: &Subject,
        day: usize,
        by: impl Fn(&mut Day),
    ) {
        for history in tenant.iter_mut().filter(|of| of.subject == *subject) {
            by(&mut history.days[day]);
        }
    }

    /// 100 calls for $1, today as on every day.
    pub(crate) fn row(section: &str, model: &str, customer: &str) -> Change {
        let calls = 100;
        Change {
            provider: "openai".to_owned(),
            model: model.to_owned(),
            section: section.to_owned(),
            customer: customer.to_owned(),
            day: Day {
                cost: 1_000_000_000_000,
                calls,
                input: 100_000,
                ..Day::default()
            },
            weekdays: [(1_000_000_000_000, calls, 0); 4],
            past: (28_000_000_000_000, 28 * calls, 2_800_000, 0),
        }
    }

    /// 40 runs a day of `chat`, a call's run with 5 calls.
    pub(crate) fn runs() -> RunsHistory {
        let day = |day: usize| RunsDay {
            runs: 40,
            cost: 6_000_000_000_000,
            calls_per_run: 5.0 + (day % 3) as f64 * 0.2,
        };
        RunsHistory {
            subject: section("chat"),
            days: std::array::from_fn(day),
            longest: vec!["run".to_owned()],
        }
    }
}
