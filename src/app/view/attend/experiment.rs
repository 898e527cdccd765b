//! Masks in the place of the model's own, forbidden edges, labels that are shifted wrongly.

use crate::app::{App, Effect};
use crate::loss::Labels;
use crate::mask::{AttentionChoice, AttentionMask, Cut};
use crate::sequence::Packing;

/// Tokens of a window where the crosshair does not say how many.
const WINDOW: usize = 8;

/// The edge under the crosshair is forbidden or allowed, or the token to all rows.
pub fn forbid(app: &mut App, to_all: bool) -> Vec<Effect> {
    let (row, column) = (app.crosshair_row(), app.crosshair_column());
    if app.cursor == 0 || app.is_empty() {
        app.shared.say("the first token has no row: nothing predicts it");
        return Vec::new();
    }
    if row == column && !to_all {
        app.shared.say("a token always sees itself; H moves the crosshair to an earlier one");
        return Vec::new();
    }
    let scope = app.scope();
    let cut = if to_all { Cut::token(column, scope) } else { Cut::edge(row, column, scope) };
    app.run_otherwise(|shared| shared.toggle_cut(cut))
}

/// Window, prefix, none, the packings of a pack, and the model's own again.
pub fn next_mask(app: &mut App) -> Vec<Effect> {
    let now = app.experiment.attention;
    let back = app.crosshair_row() - app.crosshair_column();
    let window = AttentionChoice::Mask(AttentionMask::Sliding(if back > 0 { back + 1 } else { WINDOW }));
    let prefix = AttentionChoice::Mask(AttentionMask::Prefix(prefix(app)));
    let none = AttentionChoice::Mask(AttentionMask::None);
    let after = match now {
        AttentionChoice::Mask(AttentionMask::Causal) => window,
        AttentionChoice::Mask(AttentionMask::Sliding(_)) => prefix,
        AttentionChoice::Mask(AttentionMask::Prefix(_)) => none,
        AttentionChoice::Mask(AttentionMask::None) if app.pack.is_some() => AttentionChoice::Packing(Packing::Block),
        AttentionChoice::Packing(Packing::Block) => AttentionChoice::Packing(Packing::Naive),
        _ => AttentionChoice::default(),
    };
    app.shared.say(format!("attention {after}: {}", after.words()));
    app.run_otherwise(|shared| shared.attend_under(after))
}

/// The prompt of a chat or a completion, else what stands before the cursor.
fn prefix(app: &App) -> usize {
    let split = app.policy.split.map(|chars| app.sequence().token_at_char(chars));
    match app.sequence().prompt_length(split) {
        n if n > 0 && n < app.len() => n,
        _ => app.cursor.max(1),
    }
}

/// Each position is asked for the token it reads, or for the next one again.
pub fn shift_labels(app: &mut App) -> Vec<Effect> {
    let labels = if app.experiment.labels == Labels::Next { Labels::Same } else { Labels::Next };
    app.shared.say(labels.words());
    app.run_otherwise(|shared| shared.shift_labels(labels))
}

/// Forbidden edges go first, then the mask and the labels; `None` where nothing is on.
pub fn end(app: &mut App) -> Option<Vec<Effect>> {
    if !app.experiment.is_on() {
        return None;
    }
    Some(app.run_otherwise(|shared| {
        if shared.allow_all_edges() {
            shared.say("every edge is allowed again");
        } else {
            shared.end_experiment();
            shared.say("the model reads as it was trained to");
        }
    }))
}
