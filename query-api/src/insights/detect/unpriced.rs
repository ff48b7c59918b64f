//! Usage whose price nobody knows: it is missing in every sum.

use super::UNPRICED_MIN;
use crate::insights::finding::{Finding, Kind, Metric, Subject};
use crate::insights::history::Weeks;

pub(super) fn find(weeks: Weeks<'_>) -> Option<Finding> {
    let Subject::Model(..) = weeks.subject else {
        return None;
    };
    let days = weeks.series(|day| day.unpriced as f64);
    (weeks.day().unpriced >= UNPRICED_MIN).then(|| Finding {
        kind: Kind::UnpricedUsage,
        subject: weeks.subject.clone(),
        metric: Metric::UnpricedCount,
        expected: 0.0,
        actual: days[0],
        actual_pico: None,
        impact_usd: None,
        usual: None,
        days: days.to_vec(),
        runs: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use crate::insights::finding::Kind;
    use crate::insights::history::example::{change, model, section, tenant, unused};

    #[test]
    fn some_events_without_a_price_are_told_of_their_model() {
        let mut tenant = tenant();
        unused(&mut tenant, model("preview"));
        for subject in [model("preview"), section("chat")] {
            change(&mut tenant, &subject, 0, |day| day.unpriced = 4);
        }
        assert_eq!(found(&tenant, &[]), []);
        change(&mut tenant, &model("preview"), 0, |day| day.unpriced = 5);
        assert_eq!(
            found(&tenant, &[]),
            [(Kind::UnpricedUsage, model("preview"))]
        );
    }
}
