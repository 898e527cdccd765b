//! A measured figure, what it is measured against, and the bar that it is to meet.

use serde_json::{Value, json};

use super::rounds::Runs;
use crate::memory::size_text;

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Seconds,
    Bytes,
    /// Records a second.
    Records,
}

/// What a figure has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bar {
    /// At most this, in the figure's unit.
    AtMost(f64),
    /// At most this times what stands beside it.
    RatioAtMost(f64),
    /// At least this times what stands beside it.
    RatioAtLeast(f64),
}

/// What a figure is set beside.
#[derive(Clone, Debug)]
pub struct Beside {
    pub what: &'static str,
    /// `None` where it cannot be measured here.
    pub runs: Option<Runs>,
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Line {
    pub what: String,
    pub unit: Unit,
    pub ours: Runs,
    pub beside: Option<Beside>,
    pub bar: Option<Bar>,
}

impl Line {
    /// Seconds that stand for themselves.
    pub fn seconds(what: impl Into<String>, ours: Runs) -> Self {
        Self { what: what.into(), unit: Unit::Seconds, ours, beside: None, bar: None }
    }

    /// Set beside something else.
    pub fn beside(self, what: &'static str, runs: Option<Runs>) -> Self {
        Self { beside: Some(Beside { what, runs }), ..self }
    }

    /// Held against a bar.
    pub fn bar(self, bar: Option<Bar>) -> Self {
        Self { bar, ..self }
    }

    /// Ours by the other one's, medians.
    pub fn ratio(&self) -> Option<f64> {
        let beside = self.beside.as_ref()?.runs?;
        Some(self.ours.median / beside.median)
    }

    /// How much of what the bar allows it takes, 1 being the bar itself: met up to 1. `None` without a bar, or without
    /// what the bar is a ratio to.
    pub fn share_of_bar(&self) -> Option<f64> {
        Some(match self.bar? {
            Bar::AtMost(limit) => self.ours.median / limit,
            Bar::RatioAtMost(limit) => self.ratio()? / limit,
            Bar::RatioAtLeast(limit) => limit / self.ratio()?,
        })
    }

    pub fn is_met(&self) -> Option<bool> {
        self.share_of_bar().map(|share| share <= 1.0)
    }

    /// A value of its unit, as a person reads it.
    pub fn value(&self, value: f64) -> String {
        match self.unit {
            Unit::Bytes => size_text(value as u64),
            Unit::Records => format!("{value:.0}/s"),
            Unit::Seconds => seconds_text(value),
        }
    }

    /// What the bar says.
    pub fn bar_text(&self) -> Option<String> {
        Some(match self.bar? {
            Bar::AtMost(limit) => format!("≤ {}", self.value(limit)),
            Bar::RatioAtMost(limit) => format!("≤ {limit:.2} ×"),
            Bar::RatioAtLeast(limit) => format!("≥ {limit:.0} ×"),
        })
    }

    /// Whether the bar is met, and how much of what it allows it took: `met (87 %)`, `missed (115 %)`.
    pub fn verdict(&self) -> String {
        self.share_of_bar().map_or_else(String::new, |share| {
            format!("{} ({:.0} %)", if share <= 1.0 { "met" } else { "missed" }, 100.0 * share)
        })
    }

    /// The ratio, of the medians.
    pub fn ratio_text(&self) -> String {
        self.ratio().map_or_else(String::new, |ratio| match self.unit {
            Unit::Records => format!("{ratio:.1} ×"),
            _ => format!("{ratio:.2} ×"),
        })
    }

    pub fn to_json(&self) -> Value {
        let unit = match self.unit {
            Unit::Seconds => "seconds",
            Unit::Bytes => "bytes",
            Unit::Records => "records per second",
        };
        let bar = self.bar.map(|bar| match bar {
            Bar::AtMost(limit) => json!({"at_most": limit, "of": unit}),
            Bar::RatioAtMost(limit) => json!({"at_most": limit, "of": "ratio"}),
            Bar::RatioAtLeast(limit) => json!({"at_least": limit, "of": "ratio"}),
        });
        let beside = self.beside.as_ref().map(|beside| json!({"what": beside.what, "measured": beside.runs}));
        json!({
            "what": self.what, "unit": unit, "measured": self.ours, "beside": beside, "ratio": self.ratio(), "bar": bar,
            "met": self.is_met(),
        })
    }
}

/// Seconds with three digits: `1.21 s`, `62.1 ms`, `85.0 µs`.
pub fn seconds_text(seconds: f64) -> String {
    let digits = |value: f64| match value {
        value if value >= 99.95 => 0,
        value if value >= 9.995 => 1,
        _ => 2,
    };
    let (value, unit) = match seconds {
        seconds if seconds >= 0.9995 => (seconds, "s"),
        seconds if seconds >= 0.000_999_5 => (seconds * 1e3, "ms"),
        seconds => (seconds * 1e6, "µs"),
    };
    format!("{value:.*} {unit}", digits(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(median: f64) -> Runs {
        Runs { median, best: median, runs: 3 }
    }

    #[test]
    fn a_bar_is_met_missed_or_not_known() {
        let line = |bar| Line::seconds("score", runs(0.3)).beside("PyTorch", Some(runs(0.6))).bar(Some(bar));
        for (bar, share, text) in [
            (Bar::RatioAtMost(0.5), 1.0, "≤ 0.50 ×"),
            (Bar::RatioAtMost(0.4), 1.25, "≤ 0.40 ×"),
            (Bar::AtMost(0.6), 0.5, "≤ 600 ms"),
            (Bar::RatioAtLeast(1.0), 2.0, "≥ 1 ×"),
        ] {
            let line = line(bar);
            let found = line.share_of_bar().expect("a bar and what it needs");
            assert!((found - share).abs() < 1e-12, "{bar:?}: {found}");
            assert_eq!((line.is_met(), line.bar_text().as_deref()), (Some(share <= 1.0), Some(text)));
        }
        let alone = Line::seconds("score", runs(0.3)).beside("PyTorch", None).bar(Some(Bar::RatioAtMost(0.5)));
        assert_eq!((alone.is_met(), alone.verdict(), alone.ratio_text()), (None, String::new(), String::new()));
        assert_eq!(
            (line(Bar::AtMost(0.6)).verdict().as_str(), line(Bar::AtMost(0.2)).verdict().as_str()),
            ("met (50 %)", "missed (150 %)")
        );
    }

    #[test]
    fn seconds_have_three_digits() {
        for (seconds, text) in
            [(1.2345, "1.23 s"), (61.0, "61.0 s"), (0.0621, "62.1 ms"), (0.99, "990 ms"), (8.5e-5, "85.0 µs")]
        {
            assert_eq!(seconds_text(seconds), text);
        }
    }
}
