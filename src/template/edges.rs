//! Tags that a template takes off a text and writes anew around it, as Qwen3's does with `<think>`.

use super::field::Field;
use super::locate::Run;

/// Joins the runs of one field where the text between them is what the field has there, and takes in what it has before
/// the first and after the last.
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
