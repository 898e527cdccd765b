//! Why there is no result, or not all of it, and what to do; or else what to know of how the text came about.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{Theme, text};
use crate::app::{App, Progress, View};

/// Rows the banner takes: none while all is well, at most a third of the screen.
pub fn height(app: &App, screen: Rect) -> u16 {
    u16::try_from(lines(app, screen.width).len()).unwrap_or(u16::MAX).min(screen.height / 3)
}

/// Draws the banner into `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let style = match app.analysis.progress {
        Progress::Failed(_) => theme.error,
        Progress::Cancelled => theme.warning,
        _ => theme.dim,
    };
    for (line, row) in lines(app, area.width).into_iter().zip(area.rows()) {
        frame.render_widget(Line::styled(format!(" {line}"), style), row);
    }
}

fn lines(app: &App, width: u16) -> Vec<String> {
    let mut message = match &app.analysis.progress {
        Progress::Failed(message) => {
            format!("{} (R tries again, m chooses a model, e edits, o opens)", crate::sequence::visible_text(message))
        }
        Progress::Cancelled => {
            let (done, of) = (text::count(app.analysis.scores.len()), text::count(app.len()));
            format!("stopped with {done} of {of} tokens computed; R goes on")
        }
        _ => return notes(app, width),
    };
    if !app.is_current() && !app.is_empty() {
        message.push_str("; the tokens below are those of what was shown before");
    }
    text::wrap(&message, usize::from(width).saturating_sub(2))
}

/// What the model's files, the template or the tokenizer did that one would not expect.
fn notes(app: &App, width: u16) -> Vec<String> {
    let of_model = app.analysis.model.iter().flat_map(|model| &model.notes);
    let of_data = if app.view == View::Train { app.data_notes() } else { &[] };
    let notes: Vec<&str> = of_model.chain(of_data).chain(&app.sequence().notes).map(String::as_str).collect();
    if notes.is_empty() || !app.is_current() {
        return Vec::new();
    }
    let message = format!("note: {}", crate::sequence::visible_text(&notes.join("; ")));
    text::wrap(&message, usize::from(width).saturating_sub(2))
}
