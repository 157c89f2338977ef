//! What a program measured: one JSON object a line.

use std::io::Write as _;

use serde::Serialize;

/// One figure of one benchmark.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The benchmark's name.
    pub bench: String,
    /// What was measured.
    pub figure: String,
    /// The value; of a distribution its median.
    pub value: f64,
    /// The unit of all values.
    pub unit: &'static str,
    /// How often it was measured.
    pub n: usize,
    /// The median, of a distribution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50: Option<f64>,
    /// The value that 95 of 100 do not exceed, of a distribution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p95: Option<f64>,
}

impl Figure {
    /// A figure that is one number.
    pub fn of(bench: &str, figure: &str, value: f64, unit: &'static str, n: usize) -> Self {
        let (bench, figure) = (bench.to_string(), figure.to_string());
        Self {
            bench,
            figure,
            value: rounded(value),
            unit,
            n,
            p50: None,
            p95: None,
        }
    }

    /// A distribution of at least one sample.
    pub fn spread(bench: &str, figure: &str, mut samples: Vec<f64>, unit: &'static str) -> Self {
        samples.sort_by(f64::total_cmp);
        let p50 = rounded(percentile(&samples, 50));
        let p95 = rounded(percentile(&samples, 95));
        Self {
            p50: Some(p50),
            p95: Some(p95),
            ..Self::of(bench, figure, p50, unit, samples.len())
        }
    }

    /// The value that so many of 100 samples do not exceed.
    pub fn percentile(
        bench: &str,
        figure: &str,
        samples: &[f64],
        percent: usize,
        unit: &'static str,
    ) -> Self {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let value = percentile(&sorted, percent);
        Self::of(bench, figure, value, unit, samples.len())
    }

    /// Prints it as one line.
    pub fn print(&self) {
        say(self);
    }
}

/// Prints a line of JSON.
pub fn say(line: &impl Serialize) {
    let line = serde_json::to_string(line).expect("plain values are JSON");
    let mut output = std::io::stdout().lock();
    // Who reads may have gone; there is nobody left to tell.
    let _ = writeln!(output, "{line}");
}

/// Four digits: no figure here is worth more.
fn rounded(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    let scale = 10_f64.powi(digits.abs());
    if digits > 0 {
        (value * scale).round() / scale
    } else {
        (value / scale).round() * scale
    }
}

/// The nearest-rank percentile of sorted samples; 0 of none.
fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_has_its_percentiles() {
        let samples = (1..=100).rev().map(f64::from).collect();
        let figure = Figure::spread("b", "f", samples, "ms");
        assert_eq!(
            (figure.value, figure.p50, figure.p95),
            (50.0, Some(50.0), Some(95.0))
        );
        let rounds = [0.123_456, 12_345.6, 99_999.0, 0.0, 15.0].map(rounded);
        assert_eq!(rounds, [0.1235, 12_350.0, 100_000.0, 0.0, 15.0]);
        let line = serde_json::to_string(&Figure::of("b", "f", 1.5, "s", 1)).unwrap();
        assert_eq!(
            line,
            r#"{"bench":"b","figure":"f","value":1.5,"unit":"s","n":1}"#
        );
    }
}
