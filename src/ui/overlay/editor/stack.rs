//! How high each turn of the editor is.

use unicode_width::UnicodeWidthStr;

use crate::app::{Editor, TurnEditor};
use crate::sequence::visible_text;

/// Rows a box has beside its text.
const FRAME: u16 = 2;
/// Rows of the focused turn below which the others are left out, not just cut short.
const LEAST_FOCUSED: u16 = 4;

/// Rows that all turns take if nothing is cut short.
pub fn needed(editor: &Editor, width: u16) -> u16 {
    full(editor, width).iter().fold(0, |sum, &height| sum.saturating_add(height))
}

/// Rows of each turn on `room` rows: 0 is out of sight, 1 a line, 3 and more a box. The focused one comes first, then
/// those near it.
pub fn heights(editor: &Editor, width: u16, room: u16) -> Vec<u16> {
    let full = full(editor, width);
    if needed(editor, width) <= room {
        return full;
    }
    let others = u16::try_from(full.len() - 1).unwrap_or(u16::MAX);
    let mut heights = vec![0; full.len()];
    let reserved = others.min(room.saturating_sub(LEAST_FOCUSED));
    let focused = full[editor.focus].min(room - reserved);
    heights[editor.focus] = focused;
    let mut left = room - focused;
    for i in by_distance(editor) {
        heights[i] = left.min(1);
        left -= heights[i];
    }
    for i in by_distance(editor) {
        // A box with one line of text at least, or none.
        let more = full[i].saturating_sub(1).min(left);
        if heights[i] == 1 && more >= FRAME {
            heights[i] += more;
            left -= more;
        }
    }
    heights
}

/// The turns but the focused one, the nearest first.
fn by_distance(editor: &Editor) -> Vec<usize> {
    let mut others: Vec<usize> = (0..editor.turns.len()).filter(|&i| i != editor.focus).collect();
    others.sort_by_key(|i| i.abs_diff(editor.focus));
    others
}

fn full(editor: &Editor, width: u16) -> Vec<u16> {
    let rows = |(i, turn): (usize, &TurnEditor)| {
        // Where one types there is a line to go on to.
        let spare = u16::from(i == editor.focus);
        text_rows(turn, usize::from(width).saturating_sub(4)).saturating_add(FRAME + spare)
    };
    editor.turns.iter().enumerate().map(rows).collect()
}

/// Rows that the text takes at most `width` columns wide; not counted further than any screen is high.
fn text_rows(turn: &TurnEditor, width: usize) -> u16 {
    const ENOUGH: usize = 200;
    let mut rows = 0;
    for line in turn.area.lines() {
        // A byte is never wider than a column, and only short lines are worth measuring.
        let columns = if line.len() > ENOUGH * width.max(1) { line.len() } else { line.width() };
        // Words do not fill their lines: one in ten columns stays empty, or so.
        rows += if columns <= width { 1 } else { (columns + columns / 10) / width.max(1) + 1 };
        if rows >= ENOUGH {
            break;
        }
    }
    rows.clamp(1, ENOUGH) as u16
}

/// The first lines of the text, printable, no more than about `columns` columns of them.
pub fn beginning(turn: &TurnEditor, columns: usize) -> Vec<String> {
    let mut left = columns;
    let mut lines = Vec::new();
    for line in turn.area.lines() {
        let start: String = line.chars().take(left).collect();
        lines.push(visible_text(&start));
        left = left.saturating_sub(start.len().max(1));
        if left == 0 {
            break;
        }
    }
    lines
}
