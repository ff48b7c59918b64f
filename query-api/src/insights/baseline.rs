//! What a figure should have been, from four weeks of it.
//!
//! All in logarithms, as a day's cost is a product of what moves it. A weekday's part is the median
//! of its four differences from its fortnight's median, so that growth does not pass for a season.
//! Without that part, two levels remain: of the last week, and of the four. A figure stands out
//! only if it does so against both: what has been so for four days is the new level, and
//! the return from a week's anomaly is none. Noise is the root mean square of what
//! then remains of each day, without the largest fifth. Medians and trimmed means throughout, so
//! that a broken day of the past neither hides nor raises the next.
//!
//! The window ends at any quarter of an hour, so "weekday" compares the same hours of the week.

use super::window::DAYS;

const WEEK: usize = 7;
const FORTNIGHT: usize = 2 * WEEK;
/// Days with a figure, of the 28, before anything is expected.
const DAYS_MIN: usize = 21;
/// Share of the days, the oddest, that say nothing about noise: a half week of an old anomaly.
const TRIMMED: f64 = 0.18;
/// Noise by the trimmed root mean square, for normal noise (simulated): what is trimmed, and that
/// levels and weekdays' parts are medians of the same days, make it 1.9 times too small; and the
/// expectation is itself an estimate, from seven and from four values (1.2 times).
const RMS_TO_SIGMA: f64 = 2.3;
/// Days that an old anomaly of half a week touches at most: what is seen on more is ordinary.
pub(super) const ODD_DAYS: usize = 4;
/// Least noise that is believed in, as a log-ratio.
const SIGMA_MIN: f64 = 0.1;
/// Zeros in logarithms: this share of the usual figure is added everywhere.
const SOFTENING: f64 = 0.02;

/// An expectation, and how sure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Baseline {
    /// The higher of the two levels on such a weekday.
    pub(super) high: f64,
    /// The lower.
    pub(super) low: f64,
    /// Noise of a day, as a log-ratio.
    pub(super) sigma: f64,
    /// What all but four of the days before stayed below, had they been such a weekday.
    pub(super) odd_high: f64,
    /// What all but four stayed above.
    pub(super) odd_low: f64,
    softening: f64,
}

impl Baseline {
    /// From figures per day, the day in question first; `None` while too little is known.
    /// A day without the figure is `NaN`; zero is a figure, but not before there was any other.
    pub(super) fn of(days: &[f64; DAYS]) -> Option<Self> {
        let mut days = *days;
        let oldest = days.iter().rposition(|value| *value > 0.0)?;
        days[oldest + 1..].fill(f64::NAN);
        let figures = || days[1..].iter().copied().filter(|value| *value > 0.0);
        if figures().count() < DAYS_MIN {
            return None;
        }
        let softening = SOFTENING * median(figures())?;
        let logs = days.map(|value| (value + softening).ln());
        let level = |values: &[f64; DAYS], day: usize| {
            let first = 1 + (day - 1) / FORTNIGHT * FORTNIGHT;
            median(finite(&values[first..first + FORTNIGHT])).unwrap_or(f64::NAN)
        };
        let levels: [f64; DAYS] = std::array::from_fn(|day| level(&logs, day.max(1)));
        let parts: [f64; WEEK] = std::array::from_fn(|weekday| {
            let part = |day: usize| logs[day] - levels[day];
            let of_weekday = (1..DAYS).filter(|day| day % WEEK == weekday).map(part);
            median(of_weekday.filter(|part| part.is_finite())).unwrap_or(0.0)
        });
        let plain: [f64; DAYS] = std::array::from_fn(|day| logs[day] - parts[day % WEEK]);
        let recent = median(finite(&plain[1..=WEEK])).unwrap_or(f64::NAN);
        let long = median(finite(&plain[1..]))?;
        let levels: [f64; DAYS] = std::array::from_fn(|day| level(&plain, day.max(1)));
        let rest = (1..DAYS).map(|day| (plain[day] - levels[day]).abs());
        let rest: Vec<f64> = rest.filter(|value| value.is_finite()).collect();
        let figure = |log: f64| ((log + parts[0]).exp() - softening).max(0.0);
        let mut sorted: Vec<f64> = finite(&plain[1..]).collect();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            high: figure(recent.max(long)),
            low: figure(recent.min(long)),
            sigma: (trimmed_rms(rest) * RMS_TO_SIGMA).max(SIGMA_MIN),
            odd_high: figure(sorted[sorted.len() - 1 - ODD_DAYS]),
            odd_low: figure(sorted[ODD_DAYS]),
            softening,
        })
    }

    /// How many times its noise the value lies above the higher level (negative: below it).
    pub(super) fn above(&self, value: f64) -> f64 {
        self.score(value, self.high)
    }

    /// How many times its noise the value lies below the lower level (negative: above it).
    pub(super) fn below(&self, value: f64) -> f64 {
        -self.score(value, self.low)
    }

    fn score(&self, value: f64, level: f64) -> f64 {
        ((value + self.softening) / (level + self.softening)).ln() / self.sigma
    }

    /// Between which figures a day usually lies.
    pub(super) fn usual(&self) -> (f64, f64) {
        let spread = (2.0 * self.sigma).exp();
        (self.low / spread, self.high * spread)
    }
}

fn finite(values: &[f64]) -> impl Iterator<Item = f64> + '_ {
    values.iter().copied().filter(|value| value.is_finite())
}

/// Without the largest.
fn trimmed_rms(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.truncate(values.len() - (values.len() as f64 * TRIMMED) as usize);
    (values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64).sqrt()
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
        assert!((30.0..36.0).contains(&baseline.low), "{baseline:?}");
        assert!((30.0..36.0).contains(&baseline.high), "{baseline:?}");
        assert!(baseline.above(33.0).abs() < 1.0);
        assert!(baseline.above(100.0) > 5.0, "{baseline:?}");
        assert!(baseline.below(5.0) > 5.0);
        let (low, high) = baseline.usual();
        assert!(low < 33.0 && 33.0 < high && high < 60.0, "{low} {high}");
    }

    #[test]
    fn an_old_anomaly_moves_nothing() {
        let clean = Baseline::of(&days(33.0)).unwrap();
        let mut broken = days(33.0);
        (broken[7], broken[9], broken[10], broken[11]) = (900.0, 0.0, 0.0, 0.0);
        let broken = Baseline::of(&broken).unwrap();
        assert!((broken.high / clean.high - 1.0).abs() < 0.15, "{broken:?}");
        assert!(broken.sigma < 2.0 * clean.sigma, "{broken:?}");
        assert!(broken.odd_high < 50.0, "{broken:?}");
    }

    #[test]
    fn growth_is_expected_to_go_on() {
        let growing: [f64; DAYS] = std::array::from_fn(|day| 100.0 * 0.985_f64.powi(day as i32));
        let baseline = Baseline::of(&growing).unwrap();
        assert!((85.0..110.0).contains(&baseline.high), "{baseline:?}");
        assert!(baseline.above(100.0) < 2.0);
    }

    #[test]
    fn four_days_are_a_new_level_and_a_week_is_not_forgotten() {
        let mut risen = [100.0; DAYS];
        risen[..=4].fill(300.0);
        let baseline = Baseline::of(&risen).unwrap();
        assert!(baseline.above(300.0) < 1.0, "{baseline:?}");
        risen[..=3].fill(100.0);
        risen[1..=7].fill(300.0);
        let baseline = Baseline::of(&risen).unwrap();
        assert!(baseline.below(100.0) < 1.0, "{baseline:?}");
    }

    #[test]
    fn little_is_not_judged() {
        let mut few = [f64::NAN; DAYS];
        few[..20].fill(5.0);
        assert_eq!(Baseline::of(&few), None);
        assert_eq!(Baseline::of(&[0.0; DAYS]), None);
        let mut young = [5.0; DAYS];
        young[25..].fill(0.0);
        assert!(Baseline::of(&young).unwrap().below(5.0) < 0.1);
    }
}
