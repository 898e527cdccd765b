//! What a step says must be true.

use std::fmt;

use super::expression::{Expression, Values};
use super::quantity::{Argument, Name, Quantity};
use super::scan::{Scan, sign};

/// A statement about live values: `" mat" is first`, `loss < base`, `loss within 0.5 of ln_vocab`.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    left: Expression,
    relation: Relation,
    right: Expression,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Relation {
    Less,
    More,
    AtMost,
    AtLeast,
    Equal,
    Within(f64),
    Is,
    IsNot,
    Has,
    HasNot,
}

/// What is added to a comparison, for numbers that were computed: half of the last digit that is shown.
const ROUNDING: f64 = 0.0005;

impl Claim {
    /// Reads a claim that is all of `text`.
    ///
    /// # Errors
    /// What cannot be read, in words.
    pub fn parse(text: &str, kept: &[String]) -> Result<Self, String> {
        let mut scan = Scan::new(text, kept);
        let left = Expression::read(&mut scan)?;
        if scan.take("is first") {
            let first = Quantity { name: Name::First, argument: Argument::None, here: false };
            return Self { left: Expression::Live(first), relation: Relation::Is, right: left }.ended(&scan, text);
        }
        let relations = [
            ("<=", Relation::AtMost),
            ("≤", Relation::AtMost),
            (">=", Relation::AtLeast),
            ("≥", Relation::AtLeast),
            ("<", Relation::Less),
            (">", Relation::More),
            ("=", Relation::Equal),
            ("is not", Relation::IsNot),
            ("is", Relation::Is),
            ("has not", Relation::HasNot),
            ("has", Relation::Has),
        ];
        let relation = match scan.operator(&relations) {
            Some(relation) => relation,
            None if scan.take("within") => {
                let by = scan.number().ok_or("a number is expected behind \"within\": loss within 0.5 of ln_vocab")?;
                if !scan.take("of") {
                    return Err("\"of\" is expected: loss within 0.5 of ln_vocab".into());
                }
                Relation::Within(by)
            }
            None => {
                return Err(format!(
                    "a claim compares two values with <, >, <=, >=, =, is, is not, has, has not or within, such as `\" mat\" \
                     is first` or `loss < base`; {text:?} does not"
                ));
            }
        };
        let right = Expression::read(&mut scan)?;
        Self { left, relation, right }.ended(&scan, text)
    }

    fn ended(self, scan: &Scan, text: &str) -> Result<Self, String> {
        match scan.rest().trim() {
            "" => Ok(self),
            rest => Err(format!("{rest:?} stands behind the claim {text:?} and means nothing there")),
        }
    }

    /// Whether it is true; `None` while a value is not known.
    pub fn holds(&self, values: &dyn Values) -> Option<bool> {
        let (left, right) = (self.left.value(values)?, self.right.value(values)?);
        let texts = || (trimmed(&left.text()), trimmed(&right.text()));
        let numbers = left.number().zip(right.number());
        let compare = |is: fn(f64, f64) -> bool| numbers.map(|(a, b)| is(a, b));
        match self.relation {
            Relation::Less => compare(|a, b| a < b),
            Relation::More => compare(|a, b| a > b),
            Relation::AtMost => compare(|a, b| a <= b + ROUNDING),
            Relation::AtLeast => compare(|a, b| a >= b - ROUNDING),
            Relation::Equal => compare(|a, b| (a - b).abs() <= ROUNDING),
            Relation::Within(by) => numbers.map(|(a, b)| (a - b).abs() <= by),
            Relation::Is => Some(texts().0 == texts().1),
            Relation::IsNot => Some(texts().0 != texts().1),
            Relation::Has => Some(texts().0.contains(&texts().1)),
            Relation::HasNot => Some(!texts().0.contains(&texts().1)),
        }
    }

    /// What its two sides are now, for reports.
    pub fn sides(&self, values: &dyn Values) -> String {
        let side = |side: &Expression| side.value(values).map_or_else(|| "not known".into(), |value| value.text());
        format!("{} against {}", side(&self.left), side(&self.right))
    }

    /// The live values in it.
    pub fn quantities(&self) -> Vec<&Quantity> {
        self.left.quantities().into_iter().chain(self.right.quantities()).collect()
    }
}

/// A token is meant however its blanks are written: "␣mat", " mat", "mat".
fn trimmed(text: &str) -> String {
    text.replace(['␣', '⏎'], " ").trim().to_owned()
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let relation = match self.relation {
            Relation::Less => "<",
            Relation::More => ">",
            Relation::AtMost => "≤",
            Relation::AtLeast => "≥",
            Relation::Equal => "=",
            Relation::Within(by) => return write!(f, "{} within {by} of {}", self.left, self.right),
            Relation::Is => "is",
            Relation::IsNot => "is not",
            Relation::Has => "has",
            Relation::HasNot => "has not",
        };
        write!(f, "{} {relation} {}", self.left, self.right)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(n) => write!(f, "{n}"),
            Self::Text(text) => write!(f, "“{text}”"),
            Self::Live(quantity) => write!(f, "{quantity}"),
            Self::Kept(name) => f.write_str(name),
            Self::Sum(left, operator, right) => write!(f, "{left} {} {right}", sign(*operator)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::expression::{Unit, Value};
    use super::*;

    struct One(Value);

    impl Values for One {
        fn live(&self, _: &Quantity) -> Option<Value> {
            Some(self.0.clone())
        }

        fn kept(&self, _: &str) -> Option<Value> {
            None
        }
    }

    fn judged(text: &str, value: Value) -> Option<bool> {
        Claim::parse(text, &[]).expect(text).holds(&One(value))
    }

    #[test]
    fn claims_compare_numbers_and_texts() {
        let loss = |n| Value::Number(n, Unit::Nats);
        for (text, n, holds) in [
            ("loss < 2", 1.0, true),
            ("loss > 2", 1.0, false),
            ("loss <= 1", 1.0004, true),
            ("loss ≥ 2", 1.9, false),
            ("loss = 1.5", 1.5003, true),
            ("loss within 0.5 of 8.3", 8.0, true),
            ("loss within 0.1 of 8.3", 8.0, false),
            ("loss / 2 < 1", 1.9, true),
        ] {
            assert_eq!(judged(text, loss(n)), Some(holds), "{text} at {n}");
        }
        let word = |word: &str| Value::Text(word.into());
        for (text, value, holds) in [
            ("\" mat\" is first", "␣mat", true),
            ("“mat” is first", "␣floor", false),
            ("target is \".\"", ".", true),
            ("target is not \".\"", ".", false),
            ("written has \"Paris\"", "The capital is Paris.", true),
            ("written has not \"Paris\"", "London", true),
        ] {
            assert_eq!(judged(text, word(value)), Some(holds), "{text} of {value}");
        }
        assert_eq!(judged("model < 2", word("tiny")), None, "a text is no number");
    }

    #[test]
    fn a_claim_reads_as_it_was_meant() {
        for (text, shown) in [
            ("\" mat\" is first", "first is “ mat”"),
            ("loss(all) <= 2", "loss(all) ≤ 2"),
            ("loss within 0.5 of ln_vocab", "loss within 0.5 of ln_vocab"),
        ] {
            assert_eq!(Claim::parse(text, &[]).expect(text).to_string(), shown);
        }
        for wrong in ["loss", "loss ~ 2", "loss < ", "loss within of 2", "loss within 2", "loss < 2 3"] {
            assert!(Claim::parse(wrong, &[]).is_err(), "{wrong}");
        }
    }
}
