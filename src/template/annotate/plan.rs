//! Which summands of a print are to be tagged, and the print with its tags.

use std::ops::Range;

use super::source::{Print, Term, body_offset, literal};

/// What is wanted of one summand's text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wanted {
    Nothing,
    All,
    /// These bytes of what it prints.
    Some(Range<usize>),
}

/// A stretch of a print: summands, or pieces of them, all to be tagged or none.
struct Stretch {
    tagged: bool,
    text: String,
}

/// What the places in which a summand was printed say: `None` if they contradict each other.
pub(super) fn wanted(occurrences: &[(Range<usize>, Range<usize>)]) -> Option<Wanted> {
    let mut known = None;
    for (printed, wanted) in occurrences.iter().filter(|(printed, _)| !printed.is_empty()) {
        let this = if wanted.is_empty() {
            Wanted::Nothing
        } else if printed == wanted {
            Wanted::All
        } else {
            Wanted::Some(wanted.start - printed.start..wanted.end - printed.start)
        };
        match &known {
            None => known = Some(this),
            Some(known) if *known != this => return None,
            Some(_) => {}
        }
    }
    Some(known.unwrap_or(Wanted::Nothing))
}

/// The print with its wanted stretches in generation tags, for messages of the assistant's alone if `variable` names the
/// message; `None` where a summand would have to be cut that is no literal.
///
/// The outermost delimiters trim what the print's did: `+` keeps what `trim_blocks` and `lstrip_blocks` would take.
pub(super) fn tagged(source: &str, print: &Print, wanted: &[Wanted], variable: Option<&str>) -> Option<String> {
    let stretches = stretches(&print.terms, wanted)?;
    let (open, close) = (if print.trims.0 { '-' } else { '+' }, if print.trims.1 { '-' } else { '+' });
    let mut out = String::new();
    let last = stretches.len() - 1;
    for (i, stretch) in stretches.iter().enumerate() {
        // Within a condition it is the condition's tags that touch the text around.
        let is_outer = variable.is_none();
        let (first, last) = (is_outer && i == 0, is_outer && i == last);
        let sign = |is_edge: bool, sign: char| if is_edge { sign.to_string() } else { String::new() };
        out += &match stretch.tagged {
            true => format!(
                "{{%{} generation %}}{{{{ {} }}}}{{% endgeneration {}%}}",
                sign(first, open),
                stretch.text,
                sign(last, close)
            ),
            false => format!(
                "{{{{{} {} {}}}}}",
                sign(first && open == '-', open),
                stretch.text,
                sign(last && close == '-', close)
            ),
        };
    }
    let Some(variable) = variable else { return Some(out) };
    let plain = source[print.span.clone()].replacen("{{-", "{{", 1);
    let plain = plain.strip_suffix("-}}").map_or(plain.clone(), |start| format!("{start}}}}}"));
    Some(format!("{{%{open} if {variable}['role'] == 'assistant' %}}{out}{{% else %}}{plain}{{% endif {close}%}}"))
}

fn stretches(terms: &[Term], wanted: &[Wanted]) -> Option<Vec<Stretch>> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut push = |tagged: bool, text: &str, operator: char| match stretches.last_mut() {
        Some(last) if last.tagged == tagged => last.text += &format!(" {operator} {text}"),
        _ => stretches.push(Stretch { tagged, text: text.into() }),
    };
    for (term, wanted) in terms.iter().zip(wanted) {
        match wanted {
            Wanted::Nothing => push(false, &term.text, term.operator),
            Wanted::All => push(true, &term.text, term.operator),
            Wanted::Some(range) => {
                let (quote, body) = literal(&term.text)?;
                let (start, end) = (body_offset(body, range.start)?, body_offset(body, range.end)?);
                for (tagged, piece) in [(false, &body[..start]), (true, &body[start..end]), (false, &body[end..])] {
                    if !piece.is_empty() {
                        push(tagged, &format!("{quote}{piece}{quote}"), term.operator);
                    }
                }
            }
        }
    }
    Some(stretches)
}
