//! What a template's source prints, the summands of each print, and the conditions that it knows.

use std::ops::Range;

use crate::jinja::{Error, Piece, PieceKind, pieces};

/// A `{{ … }}` of a template, or a text between tags. Those of macros and captured blocks are left out: where their text
/// ends up is for a print outside of them, and generation tags count only there.
pub(super) struct Print {
    /// With its delimiters, as bytes of the source.
    pub span: Range<usize>,
    /// Whether it trims what stands before and behind it.
    pub trims: (bool, bool),
    pub terms: Vec<Term>,
    /// The loops around it, outermost first.
    loops: Vec<Loop>,
}

/// A summand of a printed expression.
#[derive(Clone)]
pub(super) struct Term {
    pub text: String,
    /// The operator before it, `+` or `~`.
    pub operator: char,
}

/// A loop of the source: where it starts, and its variable if it has one.
#[derive(Clone, PartialEq, Eq)]
struct Loop {
    start: usize,
    variable: Option<String>,
}

/// The expression of an `if` or `elif`.
struct Condition {
    at: usize,
    text: String,
    loops: Vec<Loop>,
}

/// What a source has of interest, in order.
#[derive(Default)]
pub(super) struct Source {
    pub prints: Vec<Print>,
    conditions: Vec<Condition>,
}

impl Source {
    pub fn new(source: &str) -> Result<Self, Error> {
        let mut found = Self::default();
        let mut loops: Vec<Loop> = Vec::new();
        let mut captured = 0_usize;
        let pieces = pieces(source)?;
        for (index, piece) in pieces.iter().enumerate() {
            let word = |index: usize| piece.words.get(index).map_or("", |word| &source[word.clone()]);
            match (&piece.kind, word(0)) {
                (PieceKind::Statement, "for") => loops.push(loop_of(source, piece)),
                (PieceKind::Statement, "endfor") => drop(loops.pop()),
                (PieceKind::Statement, "macro" | "call" | "filter") => captured += 1,
                (PieceKind::Statement, "set") if !piece.words.iter().any(|word| &source[word.clone()] == "=") => {
                    captured += 1;
                }
                (PieceKind::Statement, "endmacro" | "endcall" | "endfilter" | "endset") => {
                    captured = captured.saturating_sub(1);
                }
                (PieceKind::Statement, "if" | "elif") if captured == 0 => {
                    let text = of_words(source, &piece.words[1..]).into();
                    found.conditions.push(Condition { at: piece.span.start, text, loops: loops.clone() });
                }
                (PieceKind::Print, _) if captured == 0 => found.prints.push(print(source, piece, &loops)),
                (PieceKind::Text, _) if captured == 0 => {
                    let next = pieces.get(index + 1).map(|next| next.span.start);
                    found.prints.push(text(source, piece, next, &loops));
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// The conditions that can be asked where `print` stands, the nearest before it first.
    pub fn conditions(&self, print: &Print) -> Vec<&str> {
        let is_known = |condition: &&Condition| print.loops.starts_with(&condition.loops);
        let (before, after): (Vec<_>, Vec<_>) =
            self.conditions.iter().filter(is_known).partition(|condition| condition.at < print.span.start);
        before.into_iter().rev().chain(after).map(|condition| condition.text.as_str()).collect()
    }
}

impl Print {
    /// The variables of the loops around it, innermost first.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.loops.iter().rev().filter_map(|one| one.variable.as_deref())
    }
}

fn of_words<'a>(source: &'a str, words: &[Range<usize>]) -> &'a str {
    match (words.first(), words.last()) {
        (Some(first), Some(last)) => &source[first.start..last.end],
        _ => "",
    }
}

fn loop_of(source: &str, piece: &Piece) -> Loop {
    let word = |index: usize| piece.words.get(index).map(|word| &source[word.clone()]);
    let variable = word(1).filter(|_| word(2) == Some("in")).map(str::to_string);
    Loop { start: piece.span.start, variable }
}

fn print(source: &str, piece: &Piece, loops: &[Loop]) -> Print {
    let whole = &source[piece.span.clone()];
    let trims = (whole.starts_with("{{-"), whole.ends_with("-}}"));
    Print { span: piece.span.clone(), trims, terms: terms(source, &piece.words), loops: loops.to_vec() }
}

/// A text between tags as a print of a string. What the tag behind it trims goes with it.
fn text(source: &str, piece: &Piece, next: Option<usize>, loops: &[Loop]) -> Print {
    let trimmed = next.filter(|next| source[piece.span.end..*next].trim().is_empty());
    let span = piece.span.start..trimmed.unwrap_or(piece.span.end);
    let terms = vec![Term { text: quoted(&source[piece.span.clone()]), operator: '+' }];
    Print { span, trims: (false, false), terms, loops: loops.to_vec() }
}

/// The summands of an expression: itself where it is no plain sum.
fn terms(source: &str, words: &[Range<usize>]) -> Vec<Term> {
    let words = without_brackets(source, words);
    let whole = || vec![Term { text: of_words(source, words).into(), operator: '+' }];
    // A condition in brackets needs them.
    let term = |words: &[Range<usize>]| {
        let inner = without_brackets(source, words);
        let has_words =
            inner.iter().any(|word| matches!(&source[word.clone()], "if" | "and" | "or" | "not" | "in" | "is"));
        let is_sum =
            depths(source, inner).any(|(word, depth)| depth == 0 && matches!(word, "+" | "~" | "-" | "*" | "/" | "%"));
        of_words(source, if has_words || is_sum { words } else { inner }).to_string()
    };
    let (mut found, mut start, mut operator) = (Vec::new(), 0, '+');
    for (index, (word, depth)) in depths(source, words).enumerate() {
        match word {
            "+" | "~" if depth == 0 => {
                found.push(Term { text: term(&words[start..index]), operator });
                (start, operator) = (index + 1, if word == "~" { '~' } else { '+' });
            }
            "==" | "!=" | "<" | "<=" | ">" | ">=" | "-" | "*" | "**" | "/" | "//" | "%" | "," | "if" | "else"
            | "and" | "or" | "not" | "in" | "is"
                if depth == 0 =>
            {
                return whole();
            }
            _ => {}
        }
    }
    found.push(Term { text: term(&words[start..]), operator });
    if found.iter().any(|term| term.text.is_empty()) { whole() } else { found }
}

/// What stands in the brackets around an expression.
fn without_brackets<'a>(source: &str, words: &'a [Range<usize>]) -> &'a [Range<usize>] {
    let mut words = words;
    while let [first, inner @ .., last] = words
        && (&source[first.clone()], &source[last.clone()]) == ("(", ")")
        && depths(source, inner).all(|(_, depth)| depth >= 0)
    {
        words = inner;
    }
    words
}

/// The words with how many brackets are open behind each.
fn depths<'a>(source: &'a str, words: &'a [Range<usize>]) -> impl Iterator<Item = (&'a str, i32)> {
    let mut depth = 0;
    words.iter().map(move |word| {
        let word = &source[word.clone()];
        depth += match word {
            "(" | "[" | "{" => 1,
            ")" | "]" | "}" => -1,
            _ => 0,
        };
        (word, depth)
    })
}

/// A string literal that stands for `text`.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"))
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

/// Where in a literal's body the output's letter `at` is written; `None` where an escape makes that hard to say.
pub(super) fn body_offset(body: &str, at: usize) -> Option<usize> {
    let mut chars = body.char_indices();
    for _ in 0..at {
        if chars.next()?.1 == '\\' && !matches!(chars.next()?.1, 'n' | 't' | 'r' | '\\' | '\'' | '"') {
            return None;
        }
    }
    Some(chars.offset())
}
