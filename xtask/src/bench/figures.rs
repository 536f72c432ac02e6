//! Many measurements in a few numbers.

use std::time::Duration;

use serde::Serialize;

/// The middle of some measurements, and their ends.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

/// The middle of many measurements, and what all but one of a hundred stay below.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Latency {
    pub(super) median: f64,
    pub(super) p99: f64,
}

impl Spread {
    /// Of a list that is not empty.
    pub(super) fn of(measured: impl IntoIterator<Item = f64>) -> Self {
        let sorted = sorted(measured);
        Self { median: quantile(&sorted, 50), least: quantile(&sorted, 0), most: quantile(&sorted, 100) }
    }
}

impl Latency {
    /// In microseconds.
    pub(super) fn micros(measured: impl IntoIterator<Item = Duration>) -> Self {
        let sorted = sorted(measured.into_iter().map(micros));
        Self { median: quantile(&sorted, 50), p99: quantile(&sorted, 99) }
    }
}

/// A duration in microseconds.
pub(super) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

fn sorted(measured: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = measured.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The measurement that `percent` of all are not above: the nearest rank.
fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_ends_are_found() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Spread { median: 2.0, least: 1.0, most: 3.0 });
        assert_eq!(Spread::of([7.0]), Spread { median: 7.0, least: 7.0, most: 7.0 });
    }

    #[test]
    fn one_in_a_hundred_is_left_out() {
        let measured = (1..=100).map(Duration::from_micros);
        assert_eq!(Latency::micros(measured), Latency { median: 50.0, p99: 99.0 });
    }
}
