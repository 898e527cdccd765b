//! The prints of a template's source, and the summands that each prints.

use std::ops::Range;

use super::super::tags::{expression_end, statement_end};

/// A `{{ … }}` of a template.
pub(super) struct Print {
    /// With its delimiters, as bytes of the source.
    pub span: Range<usize>,
    /// Whether it trims what stands before and behind it.
    pub trims: (bool, bool),
    pub terms: Vec<Term>,
    /// The variables of the loops around it, innermost first.
    pub variables: Vec<String>,
}

/// A summand of a printed expression.
#[derive(Clone)]
pub(super) struct Term {
    pub text: String,
    /// The operator before it, `+` or `~`.
    pub operator: char,
}

/// A `{% set name = … %}` of several summands.
pub(super) struct Assignment {
    /// The expression, as bytes of the source.
    pub span: Range<usize>,
    pub name: String,
    pub terms: Vec<Term>,
}

/// What a source has of interest, in order.
#[derive(Default)]
pub(super) struct Source {
    pub prints: Vec<Print>,
    pub assignments: Vec<Assignment>,
    /// Text outside tags, without the whitespace around it.
    pub texts: Vec<Range<usize>>,
}

impl Source {
    pub fn of(source: &str) -> Self {
        let mut found = Self::default();
        let (mut at, mut raw) = (0, false);
        let mut loops: Vec<Option<String>> = Vec::new();
        while let Some(start) = source[at..].find(['{']).map(|offset| at + offset) {
            let rest = &source[start..];
            let end = match &rest.as_bytes()[..rest.len().min(2)] {
                b"{%" => start + statement_end(rest),
                b"{{" if !raw => start + expression_end(rest),
                b"{#" if !raw => start + rest.find("#}").map_or(rest.len(), |end| end + 2),
                _ => start + 1,
            };
            if raw || end > start + 1 {
                found.text(source, at..start, raw);
            }
            if rest.starts_with("{{") && !raw {
                found.print(source, start..end, &loops);
            } else if rest.starts_with("{%") {
                let (inner, offset) = inner(&source[start..end]);
                match inner.split_whitespace().next() {
                    Some("raw") => raw = true,
                    Some("endraw") => raw = false,
                    Some("for") if !raw => loops.push(loop_variable(inner)),
                    Some("endfor") if !raw => drop(loops.pop()),
                    Some("set") if !raw => found.assignment(inner, start + offset),
                    _ => {}
                }
            }
            at = end;
        }
        found.text(source, at..source.len(), raw);
        found
    }

    fn text(&mut self, source: &str, span: Range<usize>, raw: bool) {
        let text = &source[span.clone()];
        let start = span.start + text.len() - text.trim_start().len();
        if !raw && !text.trim().is_empty() {
            self.texts.push(start..start + text.trim().len());
        }
    }

    fn print(&mut self, source: &str, span: Range<usize>, loops: &[Option<String>]) {
        let whole = &source[span.clone()];
        let trims = (whole.starts_with("{{-"), whole.ends_with("-}}"));
        let variables = loops.iter().rev().flatten().cloned().collect();
        self.prints.push(Print { span, trims, terms: terms(inner(whole).0), variables });
    }

    fn assignment(&mut self, inner: &str, at: usize) {
        let Some((left, right)) = inner.split_once('=') else { return };
        let name = left.trim_start().trim_start_matches("set").trim();
        let terms = terms(right);
        if is_name(name) && terms.len() > 1 && terms.iter().all(|term| term.text != name) {
            let span = at + left.len() + 1..at + inner.len();
            self.assignments.push(Assignment { span, name: name.into(), terms });
        }
    }
}

/// What stands between the delimiters and their signs, and where it starts.
fn inner(tag: &str) -> (&str, usize) {
    let start = if tag[2..].starts_with(['-', '+']) { 3 } else { 2 };
    let end = tag.len().saturating_sub(2).max(start);
    (tag[start..end].trim_end_matches(['-', '+']), start)
}

fn loop_variable(statement: &str) -> Option<String> {
    let name = statement.split_whitespace().nth(1)?;
    is_name(name).then(|| name.into())
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The summands of an expression: itself where it is no plain sum.
fn terms(expression: &str) -> Vec<Term> {
    let whole = || vec![Term { text: expression.trim().into(), operator: '+' }];
    let (mut found, mut start, mut operator) = (Vec::new(), 0, '+');
    let (mut depth, mut quote, mut escaped) = (0usize, None, false);
    for (at, c) in expression.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, '+' | '~') if depth == 0 => {
                found.push(Term { text: expression[start..at].trim().into(), operator });
                (start, operator) = (at + 1, c);
            }
            (None, '=' | '!' | '<' | '>' | '-' | '*' | '/' | '%' | ',') if depth == 0 => return whole(),
            _ => {}
        }
    }
    found.push(Term { text: expression[start..].trim().into(), operator });
    match found.iter().any(|term| term.text.is_empty() || has_keyword(&term.text)) {
        true => whole(),
        false => found,
    }
}

/// Whether an operator weaker than `+` stands in the term, outside strings and brackets or not.
fn has_keyword(term: &str) -> bool {
    literal(term).is_none()
        && term.split_whitespace().any(|word| ["if", "else", "and", "or", "not", "in", "is"].contains(&word))
}

/// A string literal's quote and what stands between its quotes.
pub(super) fn literal(term: &str) -> Option<(char, &str)> {
    let quote = term.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let body = term.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut escaped = false;
    let ends_within = body.chars().any(|c| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    (!ends_within && !escaped).then_some((quote, body))
}

/// Where in a literal's body the output's byte `at` is written; `None` where an escape makes that hard to say.
pub(super) fn body_offset(body: &str, at: usize) -> Option<usize> {
    let (mut out, mut chars) = (0, body.char_indices());
    while out < at {
        let (_, c) = chars.next()?;
        out += match c {
            '\\' => match chars.next()?.1 {
                'n' | 't' | 'r' | '\\' | '\'' | '"' => 1,
                _ => return None,
            },
            c => c.len_utf8(),
        };
    }
    (out == at).then(|| chars.offset())
}
