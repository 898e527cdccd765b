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
        _ if app.experiment.is_on() => theme.warning,
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
        _ if app.experiment.is_on() => experiment(app),
        _ => return notes(app, width),
    };
    if !app.is_current() && !app.is_empty() {
        message.push_str("; the tokens below are those of what was shown before");
    }
    text::wrap(&message, usize::from(width).saturating_sub(2))
}

/// What the text is run under, and what that does to the loss.
fn experiment(app: &App) -> String {
    let costs = match means(app) {
        Some([under, without]) => format!(": scored tokens cost {under:.3} nats, {without:.3} without it"),
        None => String::new(),
    };
    format!("experiment, {}{costs}; esc in Attend ends it", app.experiment.words())
}

/// The weighted mean of −log p under the experiment and without it, over the tokens that both know.
fn means(app: &App) -> Option<[f64; 2]> {
    let mask = app.mask()?;
    let known = (0..app.len()).filter_map(|t| {
        let (under, without) = (app.analysis.scores.nll(t)?, app.analysis.contrast.get(t).copied().flatten()?);
        Some([mask.weight(t), mask.weight(t) * under, mask.weight(t) * without])
    });
    let [weight, under, without] = known.fold([0.0; 3], |sum, next| std::array::from_fn(|i| sum[i] + next[i]));
    (weight > 0.0).then(|| [under / weight, without / weight])
}

/// What the model's files, the template or the tokenizer did that one would not expect.
fn notes(app: &App, width: u16) -> Vec<String> {
    let of_model = app.analysis.model.iter().flat_map(|model| &model.notes);
    let of_data = if app.shows(View::Train) { app.data_notes() } else { &[] };
    let of_logs = app.watching.iter().flat_map(|watching| &watching.run().problems);
    let notes = of_model.chain(of_data).chain(of_logs).chain(&app.sequence().notes);
    let notes: Vec<&str> = notes.map(String::as_str).collect();
    if notes.is_empty() || !app.is_current() {
        return Vec::new();
    }
    let message = format!("note: {}", crate::sequence::visible_text(&notes.join("; ")));
    text::wrap(&message, usize::from(width).saturating_sub(2))
}
