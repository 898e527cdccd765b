//! Reading expressions and claims from left to right.

use super::expression::Operator;

/// The rest of a text that is being read.
pub struct Scan<'a> {
    rest: &'a str,
    /// Names under which steps keep values.
    kept: &'a [String],
}

impl<'a> Scan<'a> {
    pub fn new(text: &'a str, kept: &'a [String]) -> Self {
        Self { rest: text, kept }
    }

    pub fn rest(&self) -> &'a str {
        self.rest
    }

    /// Whether a step keeps a value of that name.
    pub fn keeps(&self, name: &str) -> bool {
        self.kept.iter().any(|kept| kept == name)
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes `word` if it stands here.
    pub fn take(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let rest = self.rest.strip_prefix(word);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// The first of these that stands here.
    pub fn operator<T: Copy>(&mut self, all: &[(&str, T)]) -> Option<T> {
        all.iter().find(|(word, _)| self.take(word)).map(|(_, operator)| *operator)
    }

    /// A text in quotes, straight or curly.
    pub fn quoted(&mut self) -> Result<Option<String>, String> {
        let close = match () {
            () if self.take("\"") => '"',
            () if self.take("“") => '”',
            () => return Ok(None),
        };
        let Some((text, rest)) = self.rest.split_once(close) else {
            return Err(format!("the text in quotes never ends: {:?}", self.rest));
        };
        self.rest = rest;
        Ok(Some(text.to_owned()))
    }

    /// A number from 0 on.
    pub fn number(&mut self) -> Option<f64> {
        self.skip_blanks();
        let is_part = |c: char| c.is_ascii_digit() || c == '.';
        let mut end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        // A learning rate such as 1e-3.
        if let Some(exponent) = self.rest[end..].strip_prefix("e-").filter(|_| end > 0) {
            let digits = exponent.find(|c: char| !c.is_ascii_digit()).unwrap_or(exponent.len());
            end += if digits > 0 { 2 + digits } else { 0 };
        }
        let number = self.rest[..end].parse().ok()?;
        self.rest = &self.rest[end..];
        Some(number)
    }

    /// A word of letters, digits and underscores.
    pub fn name(&mut self) -> Option<String> {
        self.skip_blanks();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// What stands in brackets, if a bracket stands right here.
    pub fn bracketed(&mut self) -> Result<Option<String>, String> {
        let Some(rest) = self.rest.strip_prefix('(') else { return Ok(None) };
        let mut inner = Scan::new(rest, self.kept);
        let text = match inner.quoted()? {
            Some(text) => text,
            None => {
                let (text, _) = rest.split_once(')').ok_or_else(|| format!("the bracket never closes: ({rest:?}"))?;
                inner.rest = &rest[text.len()..];
                text.trim().to_owned()
            }
        };
        if !inner.take(")") {
            return Err(format!("the bracket never closes: ({rest:?}"));
        }
        self.rest = inner.rest;
        Ok(Some(text))
    }
}

/// An operator as it is written.
pub fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Plus => "+",
        Operator::Minus => "−",
        Operator::Times => "×",
        Operator::Over => "/",
    }
}
