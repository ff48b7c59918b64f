//! A model that nobody used before, and that is dear.

use super::Whole;
use crate::insights::finding::{Finding, Kind, Metric, Subject};
use crate::insights::history::{Day, Weeks, usd};

/// Share of the tenant's expected day that the model costs, at least.
const SHARE_MIN: f64 = 0.08;
/// How many times the tenant's usual price of a token, at least.
const PRICE_RATIO_MIN: f64 = 1.5;
/// Days that count as "before": a model that came two days ago is still new.
const NEW_DAYS: usize = 3;

/// `tenant` = all usage of the tenant.
pub(super) fn find(weeks: Weeks<'_>, tenant: Weeks<'_>, whole: Whole) -> Option<Finding> {
    let Subject::Model(..) = weeks.subject else {
        return None;
    };
    let old = &weeks.past()[NEW_DAYS - 1..];
    let day_usd = usd(weeks.day().cost);
    if old.iter().any(|day| day.calls > 0)
        || !whole.matters(day_usd)
        || day_usd < SHARE_MIN * whole.expected_usd
    {
        return None;
    }
    let expected = price_of(tenant.past().iter())?;
    let actual = price_of([weeks.day()].into_iter())?;
    (actual >= PRICE_RATIO_MIN * expected).then(|| Finding {
        kind: Kind::NewExpensiveModel,
        subject: weeks.subject.clone(),
        metric: Metric::CostPer1kTokens,
        expected,
        actual,
        actual_pico: None,
        impact_usd: Some(day_usd * (1.0 - expected / actual)),
        usual: None,
        days: weeks
            .series(|day| price_of([day].into_iter()).unwrap_or(f64::NAN))
            .to_vec(),
        runs: Vec::new(),
    })
}

/// Dollars of 1,000 tokens.
fn price_of<'a>(days: impl Iterator<Item = &'a Day>) -> Option<f64> {
    let (cost, tokens) = days.fold((0, 0), |(cost, tokens), day| {
        (cost + day.cost, tokens + day.input + day.output)
    });
    (tokens > 0).then(|| usd(cost) / tokens as f64 * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use crate::insights::finding::Kind;
    use crate::insights::history::Day;
    use crate::insights::history::example::{change, model, tenant, unused};

    /// 24,000 tokens, of which 1,000 usually cost 4 cents.
    fn dollars(dollars: i128) -> impl Fn(&mut Day) {
        move |day| {
            (day.cost, day.calls) = (dollars * 1_000_000_000_000, 20);
            (day.input, day.output) = (20_000, 4_000);
        }
    }

    #[test]
    fn a_new_dear_model_is_told_for_three_days() {
        let mut tenant = tenant();
        unused(&mut tenant, model("o3-pro"));
        change(&mut tenant, &model("o3-pro"), 0, dollars(2));
        let told = (Kind::NewExpensiveModel, model("o3-pro"));
        assert_eq!(found(&tenant, &[]), std::slice::from_ref(&told));
        change(&mut tenant, &model("o3-pro"), 2, dollars(2));
        assert_eq!(found(&tenant, &[]), std::slice::from_ref(&told));
        change(&mut tenant, &model("o3-pro"), 3, dollars(2));
        assert!(!found(&tenant, &[]).contains(&told));
    }

    #[test]
    fn a_new_cheap_model_is_not() {
        let mut tenant = tenant();
        unused(&mut tenant, model("small"));
        change(&mut tenant, &model("small"), 0, |day| {
            dollars(1)(day);
            day.input *= 5;
        });
        assert_eq!(found(&tenant, &[]), []);
    }
}
