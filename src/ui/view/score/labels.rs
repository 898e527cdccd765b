//! `input_ids` and `labels` as a trainer sees them, and the shift between them.
//!
//! Left the data as it is stored, `labels[i]` beside `input_ids[i]`; right what the trainer makes of it: the logits of
//! row i are scored on `labels[i+1]`.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{Told, told};
use crate::app::App;
use crate::mask::LossMask;
use crate::ui::{Theme, text, token};

/// Lines that are worth giving it.
pub const WANTED: usize = 11;

/// Rows that are worth more than an explanation.
const LEAST: usize = 4;
/// What −100 is, and who shifts; the first that there is room for.
const EXPLAINED: [&str; 2] = [
    "−100: not scored, the trainer's loss skips it. The trainer shifts the labels, not you: logits[i], from tokens 0…i, are \
     scored on labels[i+1]",
    "−100: not scored; the trainer shifts the labels by one, not you",
];

/// Columns of the parts.
struct Widths {
    position: usize,
    token: usize,
    id: usize,
    label: usize,
    predicted: usize,
}

impl Widths {
    fn new(app: &App, mask: &LossMask, width: usize) -> Self {
        let longest = app.analysis.labels.iter().map(|label| label.width).max().unwrap_or(0);
        let ids = app.sequence().tokens.iter().map(|token| token.id).max().unwrap_or(0).to_string().len();
        let weighted = mask.weights().iter().any(|&weight| weight != 0.0 && weight != 1.0);
        let position = app.len().to_string().len();
        let (id, label) = (ids.max("input_ids".len()), ids.max("labels".len()) + if weighted { 6 } else { 0 });
        // Mark, blanks, the rule between the halves, the arrow.
        let fixed = 2 + 2 * position + id + 2 * label + 12;
        let tokens = width.saturating_sub(fixed);
        Self { position, token: longest.min(tokens.div_ceil(2)), id, label, predicted: longest.min(tokens / 2) }
    }
}

/// The rows around the cursor, in at most `height` lines.
pub fn lines(app: &App, theme: &Theme, width: usize, height: usize) -> Vec<Told> {
    let Some(mask) = app.mask() else {
        return told(vec![Line::styled("no labels: this mask does not apply", theme.warning)]);
    };
    let widths = Widths::new(app, mask, width);
    let mut lines = told(vec![heading(theme, &widths)]);
    let room = height.saturating_sub(1);
    let explanations = EXPLAINED.map(|words| text::wrap(words, width));
    let words = explanations.into_iter().find(|words| words.len() + LEAST <= room).unwrap_or_default();
    let rows = room - words.len();
    // The row that predicts the token under the cursor stands above the token's own.
    let focus = app.cursor.min(app.len().saturating_sub(1));
    let first = focus.saturating_sub(rows / 2).min(app.len().saturating_sub(rows));
    lines.extend((first..app.len()).take(rows).map(|i| (row(app, theme, mask, &widths, i), Some(i))));
    lines.extend(told(words.into_iter().map(|line| Line::styled(line, theme.dim)).collect()));
    lines
}

fn heading(theme: &Theme, widths: &Widths) -> Line<'static> {
    let Widths { position, token, id, label, .. } = *widths;
    let left = format!("  {:>position$} {} {:>id$} {:>label$}", "i", " ".repeat(token), "input_ids", "labels");
    let right = format!(" logits {:>1$} → labels[i+1]", "", position.saturating_sub(1));
    Line::from(vec![Span::styled(left, theme.dim), Span::styled(" │", theme.border), Span::styled(right, theme.dim)])
}

fn row(app: &App, theme: &Theme, mask: &LossMask, widths: &Widths, i: usize) -> Line<'static> {
    let Widths { position, token, id, label, predicted } = *widths;
    let is_here = i == app.cursor;
    let style = |t: usize| if mask.is_scored(t) { theme.text } else { theme.dim };
    let patch = |style: Style, is_it: bool| if is_it { style.patch(theme.cursor) } else { style };
    let own = text::pad_end(&token::label(app, i, token), token);
    let input = app.sequence().tokens.get(i).map_or(0, |token| token.id);
    let mut spans = vec![
        Span::styled(if is_here { "▸ " } else { "  " }, theme.accent),
        Span::styled(format!("{i:>position$} "), theme.dim),
        Span::styled(own, theme.text),
        Span::styled(format!(" {input:>id$} "), theme.text),
        Span::styled(text::pad_start(&label_of(app, mask, i), label), patch(style(i), is_here)),
        Span::styled(" │ ", theme.border),
    ];
    let target = i + 1;
    if target >= app.len() {
        spans.push(Span::styled(format!("{i:>position$} → none"), theme.dim));
        return Line::from(spans);
    }
    let (is_predicting, word) = (target == app.cursor, label_of(app, mask, target));
    spans.push(Span::styled(format!("{i:>position$} → "), if is_predicting { theme.accent } else { theme.dim }));
    spans.push(Span::styled(text::pad_start(&word, label), patch(style(target), is_predicting)));
    spans.push(Span::styled(format!(" {}", token::label(app, target, predicted)), style(target)));
    Line::from(spans)
}

/// The label at token `t`: its id, or −100 where it is not scored; with the weight, if that is not 1.
fn label_of(app: &App, mask: &LossMask, t: usize) -> String {
    let id = app.sequence().tokens.get(t).map_or(0, |token| token.id);
    match mask.weight(t) {
        0.0 => "−100".into(),
        1.0 => id.to_string(),
        weight => {
            let words = format!("{id} ×{weight}");
            if words.width() > 12 { format!("{id} ×{weight:.1e}") } else { words }
        }
    }
}
