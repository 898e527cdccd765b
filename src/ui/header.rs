//! The first line: which model speaks, and what it all comes to; and the line of tabs.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Hits, Theme, text};
use crate::app::{Action, App, Command, Progress, Training, View, Watching, keymap};

/// A piece of the header; where not all fit, those of the highest number go first.
struct Piece {
    expendable: u8,
    text: String,
}

/// Draws the first line.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let (mut left, mut right) = (model(app), result(app));
    let width = |pieces: &[Piece]| Line::raw(joined(pieces)).width() + 2;
    while width(&left) + width(&right) > usize::from(area.width) {
        let all = left.iter().chain(&right);
        let Some(least) = all.map(|piece| piece.expendable).max().filter(|&least| least > 0) else { break };
        left.retain(|piece| piece.expendable != least);
        right.retain(|piece| piece.expendable != least);
    }
    let right = Line::styled(format!("{} ", joined(&right)), theme.text).right_aligned();
    let room = area.width.saturating_sub(u16::try_from(right.width()).unwrap_or(area.width));
    let left = text::fit_start(&format!(" {}", joined(&left)), usize::from(room));
    frame.render_widget(right, area);
    frame.render_widget(Line::styled(left, theme.accent), Rect { width: room, ..area });
}

fn joined(pieces: &[Piece]) -> String {
    pieces.iter().map(|piece| piece.text.as_str()).collect::<Vec<_>>().join(" · ")
}

/// The program and the model.
fn model(app: &App) -> Vec<Piece> {
    let piece = |expendable, text: String| Piece { expendable, text };
    let mut pieces = vec![piece(3, "lossglass".into())];
    match &app.analysis.model {
        Some(model) => {
            pieces.push(piece(0, app.watching.as_ref().map_or(model.name.as_str(), Watching::name).to_owned()));
            pieces.push(piece(5, text::parameters(model.parameters)));
            pieces.push(piece(7, model.device.clone()));
        }
        None => pieces.push(piece(0, app.source().name())),
    }
    let of_life = app.life.as_ref().filter(|_| app.reel().is_of_life);
    pieces.extend(of_life.map(|life| piece(2, format!("checkpoint {} of {}", life.at + 1, life.checkpoints.len()))));
    pieces.extend(step(&app.training).map(|step| piece(0, step)));
    pieces
}

/// How far the weights are from the model's own, so that nobody takes what they say for what it says.
fn step(training: &Training) -> Option<String> {
    let (shown, all) = (training.shown_step(), training.step);
    let is_past = training.shown.is_some();
    (is_past || all > 0).then(|| match is_past {
        true => format!("step {} of {}", text::count(shown), text::count(all)),
        false => format!("step {}", text::count(all)),
    })
}

/// What is scored and what it costs, from the ledger of what is on screen and from nothing else.
fn result(app: &App) -> Vec<Piece> {
    let piece = |expendable, text: String| Piece { expendable, text };
    if !app.is_current() {
        return vec![piece(1, app.basis().name()), piece(0, "loss –".into())];
    }
    let mut pieces = vec![piece(6, app.sequence().kind.name().into())];
    if let Some(pack) = &app.sequence().pack {
        pieces.push(piece(5, format!("{} packed, {}", pack.documents.len(), pack.packing)));
    }
    if app.hides_mask() {
        pieces.push(piece(0, "the mask is hidden".into()));
        return pieces;
    }
    let Some(mask) = app.mask() else {
        pieces.push(piece(1, app.basis().name()));
        pieces.push(piece(0, "this mask does not apply".into()));
        return pieces;
    };
    pieces.push(piece(1, app.basis().mask_name(mask)));
    let scored = mask.scored();
    if scored == 0 {
        pieces.push(piece(0, "nothing scored".into()));
        return pieces;
    }
    let targets = app.sequence().target_count();
    pieces.push(piece(2, format!("{} of {} scored", text::count(scored), text::count(targets))));
    let name = format!("loss/{}", app.denominator.name());
    match app.ledger() {
        Some(ledger) => {
            let loss = ledger.loss(app.denominator).map_or_else(|| "–".into(), |loss| format!("{loss:.3} nats"));
            pieces.push(piece(0, format!("{name} {loss}")));
            if let Some(perplexity) = ledger.perplexity(app.denominator) {
                pieces.push(piece(4, format!("ppl {}", perplexity_text(perplexity))));
            }
        }
        None if app.is_hiding() => pieces.push(piece(0, format!("{name} hidden"))),
        None if app.analysis.progress == Progress::Scoring => {
            let (done, of) = (text::count(app.analysis.scores.len()), text::count(app.len()));
            pieces.push(piece(0, format!("{name} – · scoring {done}/{of}")));
        }
        None => pieces.push(piece(0, format!("{name} –"))),
    }
    pieces
}

/// Three digits that count, or powers of ten where it is astronomic.
fn perplexity_text(perplexity: f64) -> String {
    match perplexity {
        p if p < 100.0 => format!("{p:.2}"),
        p if p < 1e6 => text::count(p.round() as usize),
        p => format!("{p:.2e}"),
    }
}

/// Draws the tabs, and the keys that hold in every view.
pub fn draw_tabs(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let mut x = area.x.saturating_add(1);
    for (number, view) in (1..).zip(View::EVERY) {
        let style = if app.view == view { theme.accent.patch(theme.scored) } else { theme.dim };
        let line = Line::from(vec![Span::styled(format!("{number} "), theme.dim), Span::styled(view.title(), style)]);
        let tab = Rect { x, width: u16::try_from(line.width()).unwrap_or(0), ..area }.intersection(area);
        frame.render_widget(line, tab);
        hits.push(tab, Action::Do(Command::Show(view)));
        x = tab.right().saturating_add(2);
    }
    if !app.context().is_of_a_view() {
        return;
    }
    let mut keys: Vec<_> = keymap::bindings(app.context())
        .filter(|binding| {
            is_global(binding) && app.offers(binding.command) && !keymap::is_hidden(binding, app.context())
        })
        .collect();
    // Where there is room for few, help is one of them.
    let place = |command| match command {
        Command::Help => 0,
        Command::Lesson => 1,
        Command::Present => 3,
        _ => 2,
    };
    keys.sort_by_key(|binding| place(binding.command));
    let x = x.saturating_sub(1);
    let room = area.right().saturating_sub(x);
    super::footer::draw_keys(&keys, theme, frame, Rect { x, width: room, ..area }, true, hits);
}

/// Whether the tabs' line shows the binding, so that the footer need not.
pub fn is_global(binding: &keymap::Binding) -> bool {
    use Command::{ChooseModel, Edit, Help, Lesson, Open, Present, Quit};
    !binding.short.is_empty() && matches!(binding.command, Edit | Open | ChooseModel | Help | Quit | Lesson | Present)
}
