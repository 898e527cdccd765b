//! The overlay that asks for the folder of a run that is handed over, and for its trainer.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Clear;

use crate::app::{App, HandoverForm, Overlay};
use crate::handover::Recipient;
use crate::ui::{Hits, Theme, input_line, text};

const WIDEST: u16 = 84;

/// Draws the overlay into the middle of `area`.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, _hits: &mut Hits) {
    let Some(Overlay::Handover(form)) = &app.overlay else { return };
    let width = WIDEST.min(area.width.saturating_sub(4));
    let lines = lines(app, form, theme, usize::from(width.saturating_sub(2)));
    let height = (lines.len() as u16 + 2).min(area.height);
    let place = area.centered(Constraint::Length(width), Constraint::Length(height));
    frame.render_widget(Clear, place);
    let block = theme.block("Hand the run over: a folder for another trainer");
    let inner = block.inner(place);
    frame.render_widget(block, place);
    for (line, row) in lines.into_iter().zip(inner.rows()) {
        frame.render_widget(line, row);
    }
}

/// The folder, the trainers, what the chosen one is given, and the run.
fn lines<'a>(app: &App, form: &HandoverForm, theme: &Theme, width: usize) -> Vec<Line<'a>> {
    let typed = input_line::spans(theme, &form.directory, width.saturating_sub(3));
    let typed = Line::from_iter([Span::styled(" > ", theme.accent)].into_iter().chain(typed));
    let names = Recipient::EVERY.iter().flat_map(|&recipient| {
        let style = if recipient == form.to { theme.cursor } else { theme.dim };
        [Span::raw(" "), Span::styled(format!(" {} ", recipient.name()), style)]
    });
    let settings = &app.training.settings;
    let run = format!(
        "{} steps of {} on {}: {}, {}, lr {:e}",
        form.steps,
        settings.examples_a_step(),
        app.training.data.describe(),
        settings.method,
        settings.optimizer,
        settings.lr
    );
    let words = [meaning(form.to).to_owned(), run];
    let words = words.iter().flat_map(|words| text::wrap(words, width.saturating_sub(1)));
    let words = words.map(|line| Line::styled(format!(" {line}"), theme.dim));
    [typed, Line::from_iter(names)].into_iter().chain(words).collect()
}

/// What each trainer is given.
fn meaning(to: Recipient) -> &'static str {
    match to {
        Recipient::Transformers => "a script on its Trainer; weights, denominator, schedule as here",
        Recipient::Trl => "a script on its SFTTrainer, with TRL's own loss",
        Recipient::Axolotl => "a configuration; its warm-up and weight decay are not quite these",
        Recipient::Torchtune => "a configuration; llama and qwen2 models, all weights or LoRA",
    }
}
