//! What a view says where there is no token to show.

use ratatui::text::{Line, Span};

use super::Theme;
use crate::app::{App, Progress};

/// In one line.
pub fn line(app: &App, theme: &Theme) -> Line<'static> {
    let what = if is_without_text(app) { "no tokens; e edits, o opens, or paste a text".into() } else { what(app) };
    Line::styled(format!(" {what}"), theme.dim)
}

/// In full, with what there is to do.
pub fn lines(app: &App, theme: &Theme) -> Vec<Line<'static>> {
    let keys = |key: &'static str, what: &'static str| {
        Line::from(vec![Span::styled(format!("{key:>6}"), theme.accent), Span::styled(format!("  {what}"), theme.dim)])
    };
    let mut lines = vec![Line::raw(""), Line::styled(format!("  {}", what(app)), theme.text), Line::raw("")];
    if app.analysis.progress == Progress::Cancelled && !app.is_current() {
        lines.push(keys("R", "go on"));
    }
    lines.extend([
        keys(
            "e",
            if is_without_text(app) { "type a text, or a chat with ctrl-t" } else { "edit the text or the chat" },
        ),
        keys("o", "open a sample or a file"),
        keys("m", "choose a model"),
        keys("paste", "a text from the clipboard"),
    ]);
    lines
}

/// Whether there is nothing because the sample has no token, not because its tokens are still to come.
fn is_without_text(app: &App) -> bool {
    app.is_current() && !matches!(app.analysis.progress, Progress::Failed(_))
}

fn what(app: &App) -> String {
    match &app.analysis.progress {
        _ if is_without_text(app) => "There is no text yet.".into(),
        Progress::Loading { name, opening } => format!("{} …", opening.text(name)),
        Progress::Waiting | Progress::Scoring => "one moment …".into(),
        Progress::Failed(_) => "Nothing to show: see above.".into(),
        Progress::Cancelled | Progress::Ready { .. } => "Nothing is computed yet; R goes on.".into(),
    }
}
