//! What a figure should have been, from four weeks of it.
//!
//! Seasons: a day is compared with the same weekdays of the four weeks before (the window ends
//! at any hour, so this also compares the same hours of the week). Growth: the last week against
//! its weekdays moves the expectation. Noise: the median absolute deviation of the daily
//! log-ratios, which a few odd days among the 28 do not move. So one broken day of the past
//! neither hides nor raises the next.

use super::window::DAYS;

const WEEK: usize = 7;
/// Days with a figure, of the 28, before anything is expected.
const DAYS_MIN: usize = 14;
/// The deviation of a normal distribution by its median absolute deviation.
const MAD_TO_SIGMA: f64 = 1.4826;
/// Each weekday's median is taken from four values, one of them its own: the ratios come out
/// smaller than the noise is.
const FEW_VALUES: f64 = 1.35;
/// Least noise that is believed in, as a log-ratio.
const SIGMA_MIN: f64 = 0.08;
/// How far growth of the last week may move the expectation.
const GROWTH_MAX: f64 = 1.6;
/// Zeros in log-ratios: this share of the expectation is added on both sides.
const SOFTENING: f64 = 0.02;

/// An expectation, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Baseline {
    /// What the day should have brought.
    pub(super) expected: f64,
    /// Noise of a day, as a log-ratio.
    pub(super) sigma: f64,
    /// Second highest of the same weekdays (one may be an old anomaly).
    pub(super) weekday_high: f64,
    /// Second lowest of the same weekdays.
    pub(super) weekday_low: f64,
}

impl Baseline {
    /// From figures per day, the day in question first; `None` while too little is known.
    /// A day without the figure is `NaN`; zero is a figure.
    pub(super) fn of(days: &[f64; DAYS]) -> Option<Self> {
        let known = days[1..].iter().filter(|value| value.is_finite());
        if known.clone().filter(|value| **value > 0.0).count() < DAYS_MIN {
            return None;
        }
        let overall = median(known.copied())?;
        let weekdays: [f64; WEEK] =
            std::array::from_fn(|weekday| median(same_weekdays(days, weekday)).unwrap_or(overall));
        let softening = SOFTENING * overall.max(f64::MIN_POSITIVE);
        let log_ratio =
            |day: usize| ((days[day] + softening) / (weekdays[day % WEEK] + softening)).ln();
        let ratios = || (1..DAYS).map(log_ratio).filter(|ratio| ratio.is_finite());
        let growth = median((1..=WEEK).map(log_ratio).filter(|ratio| ratio.is_finite()))?;
        let growth = growth.exp().clamp(1.0 / GROWTH_MAX, GROWTH_MAX);
        let middle = median(ratios())?;
        let deviation = median(ratios().map(|ratio| (ratio - middle).abs()))?;
        let mut weekday: Vec<f64> = same_weekdays(days, 0).collect();
        weekday.sort_by(f64::total_cmp);
        let second = weekday.len().min(2);
        Some(Self {
            expected: weekdays[0] * growth,
            sigma: (deviation * MAD_TO_SIGMA * FEW_VALUES).max(SIGMA_MIN),
            weekday_high: *weekday.get(weekday.len() - second).unwrap_or(&overall),
            weekday_low: *weekday.get(second.saturating_sub(1)).unwrap_or(&overall),
        })
    }

    /// How many times its noise the value lies above (or, negative, below) the expectation.
    pub(super) fn score(&self, value: f64) -> f64 {
        let softening = SOFTENING * self.expected.max(f64::MIN_POSITIVE);
        ((value + softening) / (self.expected + softening)).ln() / self.sigma
    }

    /// The value against the expectation; `None` when nothing was expected.
    pub(super) fn ratio(&self, value: f64) -> Option<f64> {
        (self.expected > 0.0).then(|| value / self.expected)
    }

    /// Between which figures a day usually lies.
    pub(super) fn usual(&self) -> (f64, f64) {
        let spread = (2.0 * self.sigma).exp();
        (self.expected / spread, self.expected * spread)
    }
}

/// The figures of the days before that fall on the same weekday as `weekday` days ago.
fn same_weekdays(days: &[f64; DAYS], weekday: usize) -> impl Iterator<Item = f64> + '_ {
    let known = move |(day, value): (usize, &f64)| {
        (day > 0 && day % WEEK == weekday && value.is_finite()).then_some(*value)
    };
    days.iter().enumerate().filter_map(known)
}

/// `None` of nothing.
pub(super) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    Some(if values.len() % 2 == 1 {
        upper
    } else {
        f64::midpoint(values[middle - 1], upper)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Weekends at a third, a little noise that repeats itself.
    fn days(today: f64) -> [f64; DAYS] {
        std::array::from_fn(|day| match day {
            0 => today,
            day if day % 7 < 2 => 30.0 + (day % 5) as f64,
            day => 100.0 + (day % 4) as f64 * 3.0,
        })
    }

    #[test]
    fn a_weekend_is_compared_with_weekends() {
        let baseline = Baseline::of(&days(33.0)).unwrap();
        assert!((30.0..35.0).contains(&baseline.expected), "{baseline:?}");
        assert!(baseline.score(33.0).abs() < 1.0);
        assert!(baseline.score(100.0) > 5.0, "{baseline:?}");
        assert!(baseline.score(5.0) < -5.0);
    }

    #[test]
    fn an_old_anomaly_moves_nothing() {
        let clean = Baseline::of(&days(33.0)).unwrap();
        let mut broken = days(33.0);
        (broken[7], broken[9]) = (900.0, 0.0);
        let broken = Baseline::of(&broken).unwrap();
        assert!(
            (broken.expected / clean.expected - 1.0).abs() < 0.1,
            "{broken:?}"
        );
        assert!(broken.weekday_high < 40.0);
    }

    #[test]
    fn growth_is_expected_to_go_on() {
        let growing: [f64; DAYS] = std::array::from_fn(|day| 100.0 * 0.985_f64.powi(day as i32));
        let baseline = Baseline::of(&growing).unwrap();
        assert!((85.0..110.0).contains(&baseline.expected), "{baseline:?}");
    }

    #[test]
    fn little_is_not_judged() {
        let mut few = [f64::NAN; DAYS];
        few[..10].fill(5.0);
        assert_eq!(Baseline::of(&few), None);
        assert_eq!(Baseline::of(&[0.0; DAYS]), None);
    }
}
