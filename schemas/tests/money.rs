//! Amounts against an independent big integer: one rounding, half to even, nothing lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::cmp::Ordering;

use proptest::prelude::*;
use schemas::money::{Amount, MoneyError, MoneyFormat, Usd};

/// A natural number, little end first, in base 2^32.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Natural(Vec<u32>);

impl Natural {
    fn of(mut value: u128) -> Self {
        let mut limbs = Vec::new();
        while value > 0 {
            limbs.push((value & 0xffff_ffff) as u32);
            value >>= 32;
        }
        Self(limbs)
    }

    fn decimal(digits: &str) -> Self {
        digits.bytes().fold(Self(Vec::new()), |n, digit| {
            n.times(10).plus(u32::from(digit - b'0'))
        })
    }

    fn times(&self, factor: u32) -> Self {
        let mut carry = 0_u64;
        let mut limbs: Vec<u32> = Vec::with_capacity(self.0.len() + 1);
        for limb in &self.0 {
            carry += u64::from(*limb) * u64::from(factor);
            limbs.push(carry as u32);
            carry >>= 32;
        }
        if carry > 0 {
            limbs.push(carry as u32);
        }
        Self(limbs)
    }

    fn plus(mut self, mut term: u32) -> Self {
        for limb in &mut self.0 {
            let (sum, overflow) = limb.overflowing_add(term);
            *limb = sum;
            term = u32::from(overflow);
        }
        if term > 0 {
            self.0.push(term);
        }
        self
    }

    fn times_power(self, base: u32, exponent: u32) -> Self {
        (0..exponent).fold(self, |n, _| n.times(base))
    }

    fn compare(&self, other: &Self) -> Ordering {
        let length = self.0.len().cmp(&other.0.len());
        length.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

/// Whether `pico` is `numerator / divisor` rounded half to even.
fn is_rounded(pico: u128, numerator: &Natural, scale: impl Fn(Natural) -> Natural) -> bool {
    let twice = numerator.times(2);
    let above = scale(Natural::of(2 * pico + 1));
    let upper = twice.compare(&above);
    if upper == Ordering::Greater || (upper == Ordering::Equal && pico % 2 == 1) {
        return false;
    }
    if pico == 0 {
        return true;
    }
    let lower = twice.compare(&scale(Natural::of(2 * pico - 1)));
    lower == Ordering::Greater || (lower == Ordering::Equal && pico.is_multiple_of(2))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) })]

    #[test]
    fn text_is_rounded_once(
        whole in "[0-9]{1,30}", fraction in "([0-9]{1,40}|[05]{1,16}|4{12,20}5?)", exponent in -60_i32..20,
    ) {
        let text = format!("{whole}.{fraction}e{exponent}");
        let digits = Natural::decimal(&format!("{whole}{fraction}"));
        let power = exponent + 12 - i32::try_from(fraction.len()).unwrap();
        match Usd::parse(&text) {
            Ok(usd) if power >= 0 => {
                let expected = digits.times_power(10, power.unsigned_abs());
                prop_assert_eq!(Natural::of(usd.pico().unsigned_abs()), expected);
            }
            Ok(usd) => prop_assert!(is_rounded(usd.pico().unsigned_abs(), &digits, |n| {
                n.times_power(10, power.unsigned_abs())
            }), "{} became {}", text, usd),
            Err(error) => {
                prop_assert_eq!(error, MoneyError::TooLarge);
                let up = u32::try_from(power.max(0)).unwrap();
                let down = u32::try_from((-power).max(0)).unwrap();
                // Half a pico-dollar below 10^38 already rounds up to it: 2 N + 1 >= 2 * 10^38.
                let twice_limit = Natural::of(2 * 10_u128.pow(38));
                let value = digits.times(2).plus(1).times_power(10, up);
                prop_assert_ne!(value.compare(&twice_limit.times_power(10, down)), Ordering::Less);
            }
        }
    }

    #[test]
    fn ties_go_to_even(pico in 0_u64..2_000_000_000_000, zeros in 0_usize..50) {
        let tie = format!("{pico}5e-13");
        let with_zeros = format!("{pico}.5{}e-12", "0".repeat(zeros));
        let even = i128::from(pico + pico % 2);
        prop_assert_eq!(Usd::parse(&tie).unwrap().pico(), even);
        prop_assert_eq!(Usd::parse(&with_zeros).unwrap().pico(), even);
        let above = format!("{pico}.5{}1e-12", "0".repeat(zeros));
        prop_assert_eq!(Usd::parse(&above).unwrap().pico(), i128::from(pico) + 1);
    }

    #[test]
    fn what_is_shown_is_read_back(pico in 0_i128..100_000_000_000_000_000_000_000_000_000_000_000_000) {
        let usd = Usd::from_pico(pico);
        let text = usd.to_string();
        prop_assert_eq!(Usd::parse(&text).unwrap(), usd);
        prop_assert!(!text.contains('.') || !text.ends_with('0'));
        prop_assert_eq!(serde_json::to_string(&usd).unwrap(), text);
    }

    #[test]
    fn floats_are_rounded_by_their_exact_value(
        bits in prop_oneof![
            any::<u64>().prop_map(|bits| bits & !(1 << 63)),
            (0.0_f64..1e6).prop_map(f64::to_bits),
            (0_u64..1 << 40, 1_u32..40).prop_map(|(n, shift)| (n as f64 / f64::from(2_u32).powi(shift as i32)).to_bits()),
        ],
    ) {
        let value = f64::from_bits(bits);
        let (mantissa, exponent) = match (bits >> 52) as i32 {
            0 => (bits, -1074),
            biased => ((bits & ((1 << 52) - 1)) | (1 << 52), biased - 1075),
        };
        match Usd::from_f64_half_even(value) {
            Ok(usd) if exponent >= 0 => {
                let exact = Natural::of(u128::from(mantissa)).times_power(10, 12).times_power(2, exponent.unsigned_abs());
                prop_assert_eq!(Natural::of(usd.pico().unsigned_abs()), exact);
            }
            Ok(usd) => {
                let exact = Natural::of(u128::from(mantissa)).times_power(10, 12);
                prop_assert!(is_rounded(usd.pico().unsigned_abs(), &exact, |n| n.times_power(2, exponent.unsigned_abs())));
            }
            Err(MoneyError::TooLarge) => prop_assert!(value >= 9.9e25),
            Err(error) => prop_assert!(!value.is_finite() && error == MoneyError::Malformed),
        }
    }

    #[test]
    fn any_text_is_answered(text in "[-+0-9.eE x]{0,24}") {
        let _ = Usd::parse(&text);
    }
}

#[test]
fn edges() {
    let pico = |text: &str| Usd::parse(text).map(Usd::pico);
    assert_eq!(pico("1e999999999"), Err(MoneyError::TooLarge));
    assert_eq!(pico("1e99999999999999999999"), Err(MoneyError::TooLarge));
    assert_eq!(pico("1e-999999999"), Ok(0));
    assert_eq!(pico("0e999999999"), Ok(0));
    for zero in ["0", "-0", "-0.000", "+0", "0e5", "-0e-5"] {
        assert_eq!(pico(zero), Ok(0), "{zero}");
    }
    for negative in ["-1", "-0.1", "-1e-30"] {
        assert_eq!(pico(negative), Err(MoneyError::Negative), "{negative}");
    }
    for malformed in [
        "", " ", "1 ", "+", ".5", "5.", "1e", "1e+", "1.2.3", "0x10", "NaN", "Infinity", "1_000",
        "１",
    ] {
        assert_eq!(pico(malformed), Err(MoneyError::Malformed), "{malformed}");
    }
    assert_eq!(pico("+1.5E-3"), Ok(1_500_000_000));
    assert_eq!(pico("007"), Ok(7_000_000_000_000));
    assert_eq!(pico("0.0000000000005"), Ok(0));
    assert_eq!(pico("0.0000000000015"), Ok(2));
    assert_eq!(
        pico("99999999999999999999999999.9999999999994"),
        Ok(10_i128.pow(38) - 1)
    );
    assert_eq!(
        pico("99999999999999999999999999.9999999999995"),
        Err(MoneyError::TooLarge)
    );
    let long = format!("0.{}", "1".repeat(Usd::TEXT_BYTES_MAX - 2));
    assert_eq!(pico(&long), Ok(111_111_111_111));
    assert_eq!(pico(&format!("{long}1")), Err(MoneyError::TooLong));
    let small = format!("{}e-65000", "9".repeat(60_000));
    assert_eq!(pico(&small), Ok(0));
}

#[test]
fn written_as_asked() {
    let usd = Usd::parse("0.000123").unwrap();
    assert_eq!(
        serde_json::to_string(&MoneyFormat::Number.amount(usd)).unwrap(),
        "0.000123"
    );
    assert_eq!(
        serde_json::to_string(&MoneyFormat::Text.amount(usd)).unwrap(),
        "\"0.000123\""
    );
    assert_eq!(MoneyFormat::default().amount(usd), Amount::Number(usd));
    assert_eq!(Usd::ZERO.to_string(), "0");
    assert_eq!(Usd::from_pico(-1_500_000_000_000).to_string(), "-1.5");
    assert_eq!(Usd::EVENT_MAX.to_string(), "1000000");
    let sum: Usd = [usd, usd].into_iter().sum();
    assert_eq!(sum, usd.checked_add(usd).unwrap());
    assert_eq!(Usd::from_pico(i128::MAX).checked_add(usd), None);
}
