//! What the documents of a pack cost by themselves, and after what stands before them.

use ratatui::text::Line;

use super::{Told, told};
use crate::app::App;
use crate::loss::document_losses;
use crate::sequence::{Pack, Packing};
use crate::ui::{Theme, text, token};

/// Tokens of another price that are named at most.
const TOKENS: usize = 8;

/// A line a document, then the tokens whose −log p naive packing changes most; in at most `height` lines.
pub fn lines(app: &App, theme: &Theme, width: usize, height: usize) -> Vec<Told> {
    let words =
        |words: &str| told(text::wrap(words, width).into_iter().map(|line| Line::styled(line, theme.dim)).collect());
    let Some(pack) = &app.sequence().pack else {
        return words("nothing is packed; start with --chat FILE --pack N");
    };
    let mut lines = words(&format!("{} packing, K switches; each document's loss in nats", pack.packing));
    if app.analysis.contrast.is_empty() {
        lines.extend(words("what the other packing costs is not known yet; R scores it anew"));
        return lines;
    }
    let Some(mask) = app.mask() else { return words("this mask does not apply") };
    lines.push((Line::styled("document  scored    block    naive   change", theme.dim), None));
    let losses = document_losses(pack, mask, &app.analysis.scores, &app.analysis.contrast);
    let here = app.sequence().document(app.cursor).map(|(number, _)| number);
    for (i, (document, loss)) in pack.documents.iter().zip(losses).enumerate() {
        let line = format!(
            "{:>8}  {:>6}  {:>7}  {:>7}  {:>7}",
            i + 1,
            text::count(loss.scored),
            number(loss.block),
            number(loss.naive),
            change(loss.block, loss.naive)
        );
        let style = if here == Some(i) { theme.accent } else { theme.text };
        lines.push((Line::styled(line, style), Some(document.tokens.start)));
    }
    let named = height.saturating_sub(lines.len() + 1).min(TOKENS);
    let changed = changed(app, pack);
    if named > 0 && !changed.is_empty() {
        lines.push((Line::styled("tokens that naive packing changes most", theme.dim), None));
        lines.extend(changed.into_iter().take(named).map(|(t, block, naive)| {
            let label = text::pad_end(&token::label(app, t, 16), 16);
            let (from, to, by) = (number(Some(block)), number(Some(naive)), change(Some(block), Some(naive)));
            (Line::styled(format!("{label}  {from:>7}  {to:>7}  {by:>7}"), theme.text), Some(t))
        }));
    }
    lines.truncate(height);
    lines
}

/// Tokens with their −log p under block and under naive packing, those first that differ most.
fn changed(app: &App, pack: &Pack) -> Vec<(usize, f64, f64)> {
    let both = |t: usize| {
        let (block, naive) = of_token(app, pack, t)?;
        Some((t, block, naive))
    };
    let mut changed: Vec<_> = (0..app.len()).filter_map(both).collect();
    changed.sort_by(|a, b| (b.2 - b.1).abs().total_cmp(&(a.2 - a.1).abs()));
    changed
}

/// −log p of token `t` under block and under naive packing, where both are known.
pub fn of_token(app: &App, pack: &Pack, t: usize) -> Option<(f64, f64)> {
    let own = app.analysis.scores.nll(t)?;
    let other = app.analysis.contrast.get(t).copied().flatten()?;
    Some(match pack.packing {
        Packing::Block => (own, other),
        Packing::Naive => (other, own),
    })
}

fn number(loss: Option<f64>) -> String {
    loss.map_or_else(|| "–".into(), |loss| format!("{loss:.3}"))
}

/// By how much naive packing costs more.
pub fn change(block: Option<f64>, naive: Option<f64>) -> String {
    block.zip(naive).map_or_else(|| "–".into(), |(block, naive)| format!("{:+.3}", naive - block))
}
