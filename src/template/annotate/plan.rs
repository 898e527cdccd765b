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

/// What decides at a print whether it is to be tagged.
pub(super) struct Condition<'a> {
    /// The expression of an `if`.
    pub text: String,
    /// The summands that are wanted where it does not hold: none, so that the print stays as it is, or these.
    pub otherwise: Option<&'a [Wanted]>,
}

/// The print with its wanted stretches in generation tags, where `condition` holds if there is one; `None` where a
/// summand would have to be cut that is no literal.
///
/// The outermost delimiters trim what the print's did: `+` keeps what `trim_blocks` and `lstrip_blocks` would take.
pub(super) fn tagged(
    source: &str,
    print: &Print,
    wanted: &[Wanted],
    condition: Option<&Condition<'_>>,
) -> Option<String> {
    let signs = (if print.trims.0 { '-' } else { '+' }, if print.trims.1 { '-' } else { '+' });
    // Within a condition it is the condition's tags that touch the text around.
    let Some(Condition { text, otherwise }) = condition else { return pieces(print, wanted, Some(signs)) };
    let then = pieces(print, wanted, None)?;
    let otherwise = match otherwise {
        Some(wanted) => pieces(print, wanted, None)?,
        None => plain(&source[print.span.clone()]),
    };
    Some(format!("{{%{} if {text} %}}{then}{{% else %}}{otherwise}{{% endif {}%}}", signs.0, signs.1))
}

/// A print that trims nothing around it.
fn plain(print: &str) -> String {
    let print = print.replacen("{{-", "{{", 1);
    print.strip_suffix("-}}").map_or(print.clone(), |start| format!("{start}}}}}"))
}

/// The stretches, each a print of its own; `signs` are those of the first and the last delimiter.
fn pieces(print: &Print, wanted: &[Wanted], signs: Option<(char, char)>) -> Option<String> {
    let stretches = stretches(&print.terms, wanted)?;
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
    Some(out)
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
