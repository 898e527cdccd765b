//! Which summands of a print are to be tagged, on which conditions, and the print with its tags.

use super::source::{Print, Term, body_offset, literal, quoted};

/// What is wanted of one summand's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Nothing,
    All,
    /// All but so many letters at its start and at its end.
    Within(usize, usize),
    /// So many letters behind so many others.
    From(usize, usize),
}

/// What is wanted of a summand at one time that its print is reached.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// What it prints before what is wanted.
    pub head: String,
    /// Letters that are wanted.
    pub length: usize,
    /// Letters behind them.
    pub tail: usize,
}

/// What these places say together, `None` of a place where nothing is printed; `None` if they contradict each other.
pub(super) fn agreed<'a>(places: impl IntoIterator<Item = &'a Option<Place>>) -> Option<Wanted> {
    let (mut within, mut from): (Option<Wanted>, Option<Wanted>) = (None, None);
    let (mut same_tail, mut same_length) = (true, true);
    for Place { head, length, tail } in places.into_iter().flatten() {
        let head = head.chars().count();
        let (one, other) = match (head, length, tail) {
            (_, 0, _) => (Wanted::Nothing, Wanted::Nothing),
            (0, _, 0) => (Wanted::All, Wanted::All),
            _ => (Wanted::Within(head, *tail), Wanted::From(head, *length)),
        };
        same_tail &= *within.get_or_insert(one) == one;
        same_length &= *from.get_or_insert(other) == other;
    }
    match (within, from) {
        (None, _) | (_, None) => Some(Wanted::Nothing),
        // Where both fit, the end that is nearer is the one that is meant.
        (Some(Wanted::Within(_, tail)), Some(Wanted::From(_, length))) if same_tail && same_length && length < tail => {
            from
        }
        (within, _) if same_tail => within,
        (_, from) if same_length => from,
        _ => None,
    }
}

/// How a print is to be tagged.
#[derive(Debug)]
pub(super) enum Plan {
    /// What is wanted of each summand.
    Terms(Vec<Wanted>),
    /// One plan where a condition holds and another where it does not.
    If(String, Box<Plan>, Box<Plan>),
}

impl Plan {
    /// Whether anything is to be tagged.
    pub fn is_some(&self) -> bool {
        match self {
            Self::Terms(wanted) => wanted.iter().any(|wanted| *wanted != Wanted::Nothing),
            Self::If(_, then, otherwise) => then.is_some() || otherwise.is_some(),
        }
    }
}

/// The print with its wanted stretches in generation tags.
///
/// The outermost delimiters trim what the print's did: `+` keeps what `trim_blocks` and `lstrip_blocks` would take.
pub(super) fn tagged(print: &Print, plan: &Plan) -> String {
    written(print, plan, Some(signs(print)))
}

/// What tells in a print's place whether `condition` holds: tags around a text if it does, and around none if not.
pub(super) fn asking(print: &Print, condition: &str) -> String {
    let (open, close) = signs(print);
    format!("{{%{open} generation %}}{{{{ '1' if ({condition}) else '' }}}}{{% endgeneration {close}%}}")
}

fn signs(print: &Print) -> (char, char) {
    (if print.trims.0 { '-' } else { '+' }, if print.trims.1 { '-' } else { '+' })
}

fn written(print: &Print, plan: &Plan, signs: Option<(char, char)>) -> String {
    let (condition, then, otherwise) = match plan {
        Plan::Terms(wanted) => return pieces(&print.terms, wanted, signs),
        Plan::If(condition, then, otherwise) => (condition, then, otherwise),
    };
    // Within a condition it is the condition's tags that touch the text around.
    let (then, otherwise) = (written(print, then, None), written(print, otherwise, None));
    let sign = |sign: Option<char>| sign.map(String::from).unwrap_or_default();
    let (open, close) = (sign(signs.map(|signs| signs.0)), sign(signs.map(|signs| signs.1)));
    format!("{{%{open} if {condition} %}}{then}{{% else %}}{otherwise}{{% endif {close}%}}")
}

/// A stretch of a print: summands, or pieces of them, all to be tagged or none.
struct Stretch {
    tagged: bool,
    text: String,
}

/// The stretches, each a print of its own; `signs` are those of the first and the last delimiter.
fn pieces(terms: &[Term], wanted: &[Wanted], signs: Option<(char, char)>) -> String {
    let stretches = stretches(terms, wanted);
    let (mut out, last) = (String::new(), stretches.len() - 1);
    for (i, Stretch { tagged, text }) in stretches.iter().enumerate() {
        let open = signs.filter(|_| i == 0).map(|(open, _)| open);
        let close = signs.filter(|_| i == last).map(|(_, close)| close);
        let sign = |sign: Option<char>| sign.map(String::from).unwrap_or_default();
        if *tagged {
            out += &format!("{{%{} generation %}}{{{{ {text} }}}}{{% endgeneration {}%}}", sign(open), sign(close));
        } else {
            let dash = |c: Option<char>| sign(c.filter(|&c| c == '-'));
            out += &format!("{{{{{} {text} {}}}}}", dash(open), dash(close));
        }
    }
    out
}

fn stretches(terms: &[Term], wanted: &[Wanted]) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut push = |tagged: bool, text: &str, operator: char| match stretches.last_mut() {
        Some(last) if last.tagged == tagged => last.text += &format!(" {operator} {text}"),
        _ => stretches.push(Stretch { tagged, text: text.into() }),
    };
    for (term, wanted) in terms.iter().zip(wanted) {
        match wanted {
            Wanted::Nothing => push(false, &term.text, term.operator),
            Wanted::All => push(true, &term.text, term.operator),
            Wanted::Within(head, tail) => {
                let pieces = cut_literal(&term.text, *head, *tail).unwrap_or_else(|| cut(&term.text, *head, *tail));
                pieces.iter().for_each(|(tagged, piece)| push(*tagged, piece, term.operator));
            }
            Wanted::From(head, length) => {
                let pieces = cut_from(&term.text, *head, head + length);
                pieces.iter().for_each(|(tagged, piece)| push(*tagged, piece, term.operator));
            }
        }
    }
    stretches
}

/// A literal's pieces as literals.
fn cut_literal(term: &str, head: usize, tail: usize) -> Option<Vec<(bool, String)>> {
    let (quote, body) = literal(term)?;
    let length = (0..).map_while(|at| body_offset(body, at)).position(|offset| offset == body.len())?;
    let (start, end) = (body_offset(body, head)?, body_offset(body, length.checked_sub(tail)?)?);
    let pieces = [(false, &body[..start]), (true, body.get(start..end)?), (false, &body[end..])];
    let full = pieces.into_iter().filter(|(_, piece)| !piece.is_empty());
    Some(full.map(|(tagged, piece)| (tagged, format!("{quote}{piece}{quote}"))).collect())
}

/// Any other text's pieces as slices of it.
fn cut(term: &str, head: usize, tail: usize) -> Vec<(bool, String)> {
    let term = sliceable(term);
    let middle = match (head, tail) {
        (head, 0) => format!("{term}[{head}:]"),
        (0, tail) => format!("{term}[:-{tail}]"),
        (head, tail) => format!("{term}[{head}:-{tail}]"),
    };
    let mut pieces = vec![(true, middle)];
    if head > 0 {
        pieces.insert(0, (false, format!("{term}[:{head}]")));
    }
    if tail > 0 {
        pieces.push((false, format!("{term}[-{tail}:]")));
    }
    pieces
}

/// A text's pieces before, from and behind two letters.
fn cut_from(term: &str, start: usize, end: usize) -> Vec<(bool, String)> {
    let term = sliceable(term);
    let mut pieces = vec![(true, format!("{term}[{start}:{end}]")), (false, format!("{term}[{end}:]"))];
    if start > 0 {
        pieces.insert(0, (false, format!("{term}[:{start}]")));
    }
    pieces
}

/// The condition that a summand begins with `head`.
pub(super) fn begins(term: &Term, head: &str) -> String {
    let letters = head.chars().count();
    format!("{}[:{letters}] == {}", sliceable(&term.text), quoted(head))
}

/// The expression as one that can be sliced: in brackets, unless it is a name or the like.
fn sliceable(term: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_.'\"[]".contains(letter);
    if term.chars().all(is_plain) { term.into() } else { format!("({term})") }
}
