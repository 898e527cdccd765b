//! Where two token sequences have borders in common.

use std::ops::Range;

use super::NothingInCommon;
use crate::sequence::{Kind, Sequence};
use crate::template::Placed;

/// Stretches as bytes of the first text and as tokens of both.
pub(super) struct Aligned {
    pub stretches: Vec<(Range<usize>, [Range<usize>; 2])>,
    pub notes: Vec<String>,
}

/// Two runs of equal text, one in each sequence.
struct Common {
    first: Range<usize>,
    second: Range<usize>,
}

pub(super) fn align(first: &Sequence, second: &Sequence) -> Result<Aligned, NothingInCommon> {
    if first.kind != second.kind {
        return Err(NothingInCommon::Kinds);
    }
    if own_text(first).is_empty() || own_text(second).is_empty() {
        return Err(NothingInCommon::Empty);
    }
    let mut notes = Vec::new();
    let whole = whole(first, second);
    let common = match (whole, first.kind) {
        (Some(common), _) => vec![common],
        (None, Kind::Chat) => {
            notes.push("the two templates give different texts: only what the messages say is compared".to_owned());
            contents(first, second)
        }
        (None, Kind::Text) => Vec::new(),
    };
    if common.is_empty() {
        return Err(NothingInCommon::texts(own_text(first), own_text(second)));
    }
    for (name, sequence) in [("A", first), ("B", second)] {
        notes.extend(sequence.uncut_len().map(|all| {
            format!("{name} takes {} of {all} tokens: what its context cuts off is not compared", sequence.len())
        }));
    }
    let mut stretches = Vec::new();
    for Common { first: in_first, second: in_second } in common {
        let (ours, theirs) = (borders(first, &in_first), borders(second, &in_second));
        let mut theirs = theirs.into_iter().peekable();
        let mut last: Option<(usize, [usize; 2])> = None;
        for (at, token) in ours {
            while theirs.next_if(|(other, _)| *other < at).is_some() {}
            let Some(&(_, other)) = theirs.peek().filter(|(other, _)| *other == at) else { continue };
            if let Some((start, [a, b])) = last {
                stretches.push((in_first.start + start..in_first.start + at, [a..token, b..other]));
            }
            last = Some((at, [token, other]));
        }
    }
    Ok(Aligned { stretches, notes })
}

/// The whole text, if one begins with the other: a context may cut it.
fn whole(first: &Sequence, second: &Sequence) -> Option<Common> {
    let (ours, theirs) = (own_text(first), own_text(second));
    let length = ours.len().min(theirs.len());
    (length > 0 && ours.as_bytes()[..length] == theirs.as_bytes()[..length]).then(|| {
        let (start, other) = (first.text.len() - ours.len(), second.text.len() - theirs.len());
        Common { first: start..start + length, second: other..other + length }
    })
}

/// The text without what was put before it.
fn own_text(sequence: &Sequence) -> &str {
    &sequence.text[sequence.prefix.as_ref().map_or(0, String::len)..]
}

/// What both templates printed of the messages' contents, as it was written.
fn contents(first: &Sequence, second: &Sequence) -> Vec<Common> {
    let mut common = Vec::new();
    for ours in &first.contents {
        for theirs in second.contents.iter().filter(|theirs| theirs.message == ours.message) {
            let source = ours.source.start.max(theirs.source.start)..ours.source.end.min(theirs.source.end);
            let within = |placed: &Placed, text: &str| {
                let place = |byte: usize| (placed.out.start + byte - placed.source.start).min(text.len());
                place(source.start)..place(source.end)
            };
            if source.start < source.end {
                let (a, b) = (within(ours, &first.text), within(theirs, &second.text));
                let length = a.len().min(b.len()); // a context may cut one
                common.push(Common { first: a.start..a.start + length, second: b.start..b.start + length });
            }
        }
    }
    common.retain(|common| !common.first.is_empty());
    common
}

/// Places in `range`, from its start, where a token ends and another begins, with the token that begins there. Of
/// several tokens that begin at one place (some have no width) it is the last.
fn borders(sequence: &Sequence, range: &Range<usize>) -> Vec<(usize, usize)> {
    let tokens = &sequence.tokens;
    let first = tokens.partition_point(|token| token.span.start < range.start);
    let mut borders: Vec<(usize, usize)> = Vec::new();
    let mut add = |at: usize, token: usize| match borders.last_mut() {
        Some(last) if last.0 == at => last.1 = token,
        _ => borders.push((at, token)),
    };
    for (t, token) in tokens.iter().enumerate().skip(first) {
        if token.span.start <= range.end {
            add(token.span.start - range.start, t);
        }
        if token.span.end > range.end {
            break;
        }
        if token.span.end == range.end || t + 1 == tokens.len() {
            add(token.span.end - range.start, t + 1);
        }
    }
    borders
}
