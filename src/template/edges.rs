//! What stands around the marked pieces of a field: tags between them and whitespace at the ends.

use super::field::Field;
use super::locate::Located;
use super::marks::{Run, Style};

/// Joins the runs of one field where the text between them is the field's own, and takes in the tags before the first
/// and after the last piece.
pub(super) fn stitch(fields: &[Field], pieces: Vec<Run>, text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::with_capacity(pieces.len());
    for run in pieces {
        let source = &fields[run.field].text;
        match runs.last_mut() {
            Some(last)
                if last.field == run.field
                    && last.source.end <= run.source.start
                    && text[last.out.end..run.out.start] == source[last.source.end..run.source.start] =>
            {
                last.out.end = run.out.end;
                last.source.end = run.source.end;
            }
            _ => runs.push(run),
        }
    }
    for index in 0..runs.len() {
        let floor = if index == 0 { 0 } else { runs[index - 1].out.end };
        let ceiling = runs.get(index + 1).map_or(text.len(), |next| next.out.start);
        let run = &mut runs[index];
        let field = &fields[run.field];
        let head = field.text[..run.source.start].trim_start();
        if is_first(field, run) && text[floor..run.out.start].ends_with(head) {
            run.out.start -= head.len();
            run.source.start -= head.len();
        }
        let tail = field.text[run.source.end..].trim_end();
        if is_last(field, run) && text[run.out.end..ceiling].starts_with(tail) {
            run.out.end += tail.len();
            run.source.end += tail.len();
        }
    }
    runs
}

fn is_first(field: &Field, run: &Run) -> bool {
    field.pieces.first().is_some_and(|piece| piece.start == run.source.start)
}

fn is_last(field: &Field, run: &Run) -> bool {
    field.pieces.last().is_some_and(|piece| piece.end == run.source.end)
}

/// Whether any marked field has whitespace around its text.
pub(super) fn any(fields: &[Field], styles: &[Style]) -> bool {
    let edged = |field: &Field| field.text.trim().len() != field.text.len();
    fields.iter().zip(styles).any(|(field, style)| *style == Style::Pieces && edged(field))
}

/// Takes in the whitespace around each field that the template kept. Whitespace beside a field may be the template's
/// own; a render of the same chat with trimmed texts tells how much of it is.
pub(super) fn widen(fields: &[Field], located: &mut Located, trimmed: Option<(Vec<Run>, String)>) {
    let order = |runs: &[Run]| runs.iter().map(|run| run.field).collect::<Vec<_>>();
    let Some((bare, bare_text)) = trimmed.filter(|(runs, _)| order(runs) == order(&located.runs)) else {
        let note = "whitespace around the messages could not be told from the template's own";
        located.notes.push(note.into());
        return;
    };
    for gap in 0..=located.runs.len() {
        let start = gap.checked_sub(1).map_or(0, |last| located.runs[last].out.end);
        let end = located.runs.get(gap).map_or(located.text.len(), |run| run.out.start);
        let bare_start = gap.checked_sub(1).map_or(0, |last| bare[last].out.end);
        let bare_end = bare.get(gap).map_or(bare_text.len(), |run| run.out.start);
        // The whitespace after the last field and before the next.
        let after = gap.checked_sub(1).map_or("", |last| {
            let run = &located.runs[last];
            blank(&fields[run.field].text[run.source.end..])
        });
        let before = located.runs.get(gap).map_or("", |run| blank(&fields[run.field].text[..run.source.start]));
        let kept = split(&located.text[start..end], &bare_text[bare_start..bare_end], after, before);
        let Some((after, before)) = kept else {
            continue;
        };
        if let Some(last) = gap.checked_sub(1) {
            located.runs[last].out.end += after;
            located.runs[last].source.end += after;
        }
        if let Some(next) = located.runs.get_mut(gap) {
            next.out.start -= before;
            next.source.start -= before;
        }
    }
}

/// The text if it is all whitespace.
fn blank(text: &str) -> &str {
    if text.trim().is_empty() { text } else { "" }
}

/// How many bytes of `gap` the fields on either side own, where `bare` is what the template puts between them:
/// `gap` = (start of `after`) + `bare` + (end of `before`).
fn split(gap: &str, bare: &str, after: &str, before: &str) -> Option<(usize, usize)> {
    let own = gap.len().checked_sub(bare.len())?;
    (0..=own.min(after.len()))
        .rev()
        .filter(|kept| own - kept <= before.len() && after.is_char_boundary(*kept))
        .find(|kept| {
            gap.strip_prefix(&after[..*kept])
                .and_then(|rest| rest.strip_prefix(bare))
                .is_some_and(|rest| before.ends_with(rest))
        })
        .map(|kept| (kept, own - kept))
}
