//! What stands between braces in a lesson's text and on either side of a claim: live values, numbers, a little arithmetic.

use super::quantity::Quantity;
use super::scan::Scan;

/// A value as it stands on screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Number(f64, Unit),
    Text(String),
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// As it was written, or with three digits that count.
    Plain,
    /// Three digits behind the point, or in powers of ten where that would read 0.000.
    Probability,
    /// Nats: three digits behind the point.
    Nats,
    /// Two digits behind the point, for examples on a blackboard.
    Hundredths,
    Count,
    /// A learning rate.
    Rate,
}

impl Value {
    /// As it is written in a text.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(n, _) if !n.is_finite() => "–".into(),
            Self::Number(p, Unit::Probability) if *p != 0.0 && *p < 0.0005 => format!("{p:.1e}"),
            Self::Number(n, Unit::Probability | Unit::Nats) => format!("{n:.3}"),
            Self::Number(n, Unit::Hundredths) => format!("{n:.2}"),
            Self::Number(n, Unit::Count) => format!("{n:.0}"),
            Self::Number(n, Unit::Rate) => format!("{n:e}"),
            Self::Number(n, Unit::Plain) => {
                let text = format!("{n:.3}");
                if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
            }
        }
    }

    /// The number, if it is one.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(n, _) => Some(*n),
            Self::Text(_) => None,
        }
    }
}

/// An expression over live values.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    Number(f64),
    Text(String),
    Live(Quantity),
    /// What a step kept under this name.
    Kept(String),
    Sum(Box<Expression>, Operator, Box<Expression>),
}

/// `+ - * /`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Plus,
    Minus,
    Times,
    Over,
}

/// Where an expression's values come from.
pub trait Values {
    /// A live value; `None` while it is not known.
    fn live(&self, quantity: &Quantity) -> Option<Value>;
    /// A value that a step kept.
    fn kept(&self, name: &str) -> Option<Value>;
}

impl Expression {
    /// Reads an expression that is all of `text`.
    ///
    /// # Errors
    /// What cannot be read, in words.
    pub fn parse(text: &str, kept: &[String]) -> Result<Self, String> {
        let mut scan = Scan::new(text, kept);
        let expression = Self::read(&mut scan)?;
        match scan.rest().trim() {
            "" => Ok(expression),
            rest => Err(format!("{rest:?} stands behind {text:?} and means nothing there")),
        }
    }

    /// The longest expression that begins here: products before sums, from left to right.
    pub(super) fn read(scan: &mut Scan) -> Result<Self, String> {
        let mut left = Self::product(scan)?;
        while let Some(operator) =
            scan.operator(&[("+", Operator::Plus), ("-", Operator::Minus), ("−", Operator::Minus)])
        {
            left = Self::Sum(Box::new(left), operator, Box::new(Self::product(scan)?));
        }
        Ok(left)
    }

    fn product(scan: &mut Scan) -> Result<Self, String> {
        let mut left = Self::atom(scan)?;
        while let Some(operator) =
            scan.operator(&[("*", Operator::Times), ("×", Operator::Times), ("/", Operator::Over)])
        {
            left = Self::Sum(Box::new(left), operator, Box::new(Self::atom(scan)?));
        }
        Ok(left)
    }

    fn atom(scan: &mut Scan) -> Result<Self, String> {
        if let Some(text) = scan.quoted()? {
            return Ok(Self::Text(text));
        }
        if let Some(number) = scan.number() {
            return Ok(Self::Number(number));
        }
        let Some(name) = scan.name() else {
            return Err(format!("a value is expected where {:?} stands", scan.rest().trim()));
        };
        if scan.keeps(&name) {
            return Ok(Self::Kept(name));
        }
        Quantity::read(&name, scan).map(Self::Live)
    }

    /// What it comes to; `None` while a value is missing, or where texts are reckoned with.
    pub fn value(&self, values: &dyn Values) -> Option<Value> {
        match self {
            Self::Number(n) => Some(Value::Number(*n, Unit::Plain)),
            Self::Text(text) => Some(Value::Text(text.clone())),
            Self::Live(quantity) => values.live(quantity),
            Self::Kept(name) => values.kept(name),
            Self::Sum(left, operator, right) => {
                let (Value::Number(a, of), Value::Number(b, with)) = (left.value(values)?, right.value(values)?) else {
                    return None;
                };
                let is_sum = matches!(operator, Operator::Plus | Operator::Minus);
                let unit = if is_sum && of == with { of } else { Unit::Plain };
                let n = match operator {
                    Operator::Plus => a + b,
                    Operator::Minus => a - b,
                    Operator::Times => a * b,
                    Operator::Over => a / b,
                };
                Some(Value::Number(n, unit))
            }
        }
    }

    /// The live values in it.
    pub fn quantities(&self) -> Vec<&Quantity> {
        match self {
            Self::Live(quantity) => vec![quantity],
            Self::Sum(left, _, right) => left.quantities().into_iter().chain(right.quantities()).collect(),
            Self::Number(_) | Self::Text(_) | Self::Kept(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Values for Fixed {
        fn live(&self, quantity: &Quantity) -> Option<Value> {
            (quantity.to_string() == "loss").then_some(Value::Number(1.5, Unit::Nats))
        }

        fn kept(&self, name: &str) -> Option<Value> {
            (name == "base").then_some(Value::Number(3.0, Unit::Nats))
        }
    }

    fn reckoned(text: &str) -> Option<String> {
        Expression::parse(text, &["base".into()]).expect(text).value(&Fixed).map(|value| value.text())
    }

    #[test]
    fn products_come_before_sums_and_units_stay_where_they_mean_something() {
        assert_eq!(reckoned("loss").as_deref(), Some("1.500"));
        assert_eq!(reckoned("base - loss").as_deref(), Some("1.500"));
        assert_eq!(reckoned("1 + 2 * 3 - 8 / 4").as_deref(), Some("5"));
        assert_eq!(reckoned("base / loss").as_deref(), Some("2"));
        assert_eq!(reckoned("entropy"), None, "what is not known is not invented");
        assert_eq!(reckoned("\"a\" + 1"), None);
        assert_eq!(reckoned("0.78").as_deref(), Some("0.78"));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        for (text, why) in [
            ("", "a value is expected"),
            ("los", "no live value \"los\""),
            ("loss loss", "means nothing there"),
            ("1 +", "a value is expected"),
            ("\"a", "never ends"),
            ("cost", "needs a number"),
            ("model(3)", "takes nothing in brackets"),
        ] {
            let error = Expression::parse(text, &[]).expect_err(text);
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
