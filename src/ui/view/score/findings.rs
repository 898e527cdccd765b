//! What is worth a second look in the sequence under the mask that counts.

use ratatui::text::{Line, Span};

use super::{Told, told};
use crate::app::App;
use crate::mask::finding::{Finding, Severity};
use crate::sequence::visible_text;
use crate::ui::{Theme, text, token};

/// How many there are, and how many of them are major: `2, 1 major`.
pub fn count(app: &App) -> String {
    let major = app.findings.iter().filter(|finding| finding.severity == Severity::Major).count();
    match (app.findings.len(), major) {
        (0, _) => String::new(),
        (all, 0) => all.to_string(),
        (all, major) => format!("{all}, {major} major"),
    }
}

/// The findings in at most `height` lines, from the one at the cursor on if not all fit.
pub fn lines(app: &App, theme: &Theme, width: usize, height: usize) -> Vec<Told> {
    if !app.is_current() {
        return told(vec![Line::styled("nothing is known yet of what is asked for now", theme.dim)]);
    }
    if app.findings.is_empty() {
        let words = text::wrap("nothing is found wrong with this sequence under this mask", width);
        return told(words.into_iter().map(|line| Line::styled(line, theme.dim)).collect());
    }
    let blocks: Vec<Vec<Line>> = app.findings.iter().map(|finding| finding_lines(app, theme, finding, width)).collect();
    let fits = |from: usize| blocks[from..].iter().map(Vec::len).sum::<usize>() <= height;
    let here = app.findings.iter().position(|finding| finding.token == Some(app.cursor)).unwrap_or(0);
    // As far down as the one at the cursor needs, no further.
    let first = if fits(0) { 0 } else { (0..=here).find(|&from| fits(from)).unwrap_or(here) };
    let mut lines: Vec<Told> = Vec::new();
    let mut shown = 0;
    for (block, finding) in blocks.iter().zip(&app.findings).skip(first) {
        let is_last = first + shown + 1 == blocks.len();
        if shown > 0 && lines.len() + block.len() + usize::from(!is_last) > height {
            break;
        }
        lines.extend(block.iter().map(|line| (line.clone(), finding.token)));
        shown += 1;
    }
    let more = blocks.len() - shown;
    if more > 0 {
        lines.truncate(height.saturating_sub(1));
        lines.push((Line::styled(format!("and {more} more; f goes on"), theme.dim), None));
    }
    lines
}

/// What is found, where, and what to do about it.
fn finding_lines(app: &App, theme: &Theme, finding: &Finding, width: usize) -> Vec<Line<'static>> {
    let is_here = finding.token == Some(app.cursor);
    let style = match finding.severity {
        Severity::Major => theme.error,
        Severity::Minor => theme.warning,
    };
    let place = finding.token.map_or_else(String::new, |t| format!(" at token {t} {}", token::label(app, t, 16)));
    let what =
        format!("{} {}{place}: {}", finding.severity.name(), finding.code.name(), visible_text(&finding.message));
    let inner = width.saturating_sub(2);
    let said = text::wrap(&what, inner).into_iter().map(|line| Span::styled(line, style));
    let fix = text::wrap(finding.fix(), inner).into_iter().map(|line| Span::styled(line, theme.dim));
    let mark = if is_here { "▸ " } else { "  " };
    said.chain(fix)
        .enumerate()
        .map(|(i, span)| Line::from(vec![Span::styled(if i == 0 { mark } else { "  " }, theme.accent), span]))
        .collect()
}
