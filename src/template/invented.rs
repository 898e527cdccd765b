//! Text that the template adds: what of it is about the record's own tools, and what no record has.

use std::ops::Range;

use super::{Part, Rendered, Segment};

/// What the template writes of the record's tools, as bytes of the text: the added text that it does not write `without`
/// them.
pub(super) fn of_tools(rendered: &Rendered, without: Option<&Rendered>) -> Vec<Range<usize>> {
    let usual: Vec<&str> = without.into_iter().flat_map(added).map(|(_, text)| text).collect();
    let of_segment = |(segment, text): (&Segment, &str)| {
        let start = segment.span.start;
        let kept =
            usual.iter().filter(|usual| !usual.is_empty()).find_map(|usual| Some((text.find(usual)?, usual.len())));
        let longest = || usual.iter().map(|usual| same_start(text, usual)).max().unwrap_or(0);
        let (at, length) = kept.unwrap_or_else(|| (0, longest()));
        [start..start + at, start + at + length..segment.span.end].into_iter().filter(|range| !range.is_empty())
    };
    added(rendered).flat_map(of_segment).collect()
}

/// The turns that are neither a message's nor about the record's tools, a sentence each.
pub(super) fn notes(rendered: &Rendered) -> Vec<String> {
    let is_about_tools = |span: &Range<usize>| rendered.facts.tools.contains(span);
    let turns = added(rendered)
        .filter(|(segment, text)| segment.turn.is_none() && !text.trim().is_empty() && !is_about_tools(&segment.span));
    let note = |(segment, _): (&Segment, &str)| {
        let role = segment.role.as_deref().unwrap_or("system");
        let article = if role.starts_with('a') { "an" } else { "a" };
        format!("the template adds {article} {role} text of its own")
    };
    turns.map(note).collect()
}

/// Bytes with which both texts begin.
fn same_start(one: &str, other: &str) -> usize {
    let pairs = one.chars().zip(other.chars()).take_while(|(one, other)| one == other);
    pairs.map(|(letter, _)| letter.len_utf8()).sum()
}

fn added(rendered: &Rendered) -> impl Iterator<Item = (&Segment, &str)> {
    let added = rendered.segments.iter().filter(|segment| segment.part == Part::DefaultSystem);
    added.map(|segment| (segment, &rendered.text[segment.span.clone()]))
}
