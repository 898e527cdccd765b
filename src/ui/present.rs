//! In front of a class: several views side by side, the one that keys go to marked, and the key just pressed in words.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Hits, Theme, text, token, view};
use crate::app::{Action, App, Command, Subject, View};

/// Draws the views that have room in `area`, each by its own hand.
pub fn draw_views(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let (views, across) = app.panes(area.width, area.height);
    if let [only] = views[..] {
        return view::draw(only, app, theme, frame, area, hits);
    }
    let marked = theme.marked();
    let rows = Layout::vertical(vec![Constraint::Fill(1); views.len().div_ceil(across)]).split(area);
    for (views, row) in views.chunks(across).zip(rows.iter()) {
        let places = Layout::horizontal(vec![Constraint::Fill(1); views.len()]).split(*row);
        for (&one, &place) in views.iter().zip(places.iter()) {
            let number = View::EVERY.iter().position(|&view| view == one).map_or(0, |at| at + 1);
            if one == app.view {
                view::draw(one, app, &marked, frame, inside(one, place), hits);
                draw_number(number, theme.cursor, frame, place);
            } else {
                let mut clicks = Hits::default();
                view::draw(one, app, theme, frame, inside(one, place), &mut clicks);
                hits.push(place, Action::Do(Command::Show(one)));
                hits.extend_within(one, clicks);
                draw_number(number, theme.accent, frame, place);
            }
        }
    }
}

/// Where the view is drawn: Train begins with words, which leave its number a column.
fn inside(view: View, place: Rect) -> Rect {
    match view {
        View::Train => Rect { x: place.x.saturating_add(1), width: place.width.saturating_sub(1), ..place },
        _ => place,
    }
}

/// The key that shows the view, in its corner.
fn draw_number(number: usize, style: Style, frame: &mut Frame, place: Rect) {
    frame.render_widget(Span::styled(number.to_string(), style), place.resize((1, 1).into()));
}

/// Rows of the line that tells what was pressed.
pub fn told_height(app: &App) -> u16 {
    u16::from(app.presenting.is_on)
}

/// Draws the key just pressed, what it does, and what that came to.
pub fn draw_told(app: &App, theme: &Theme, frame: &mut Frame, area: Rect) {
    let Some(told) = &app.presenting.told else {
        let words = " the key pressed stands here, with what it does";
        frame.render_widget(Line::styled(text::fit_start(words, usize::from(area.width)), theme.dim), area);
        return;
    };
    let mut spans = vec![
        Span::raw(" "),
        Span::styled(format!(" {} ", crate::sequence::visible_text(&told.key)), theme.cursor),
        Span::styled(format!("  {}", told.what), theme.text),
    ];
    if let Some(now) = told.subject.and_then(|subject| now(app, subject)) {
        spans.push(Span::styled(format!("  {now}"), theme.accent));
    }
    frame.render_widget(Line::from(spans), area);
}

/// What that is now.
fn now(app: &App, subject: Subject) -> Option<String> {
    Some(match subject {
        Subject::Token if app.is_empty() => return None,
        Subject::Token if app.cursor == app.len() => "what would come next".into(),
        Subject::Token => format!("token {} {}", app.cursor, token::label(app, app.cursor, 24)),
        Subject::View => app.view.title().into(),
        Subject::Mask => format!("mask {}", app.basis().name()),
        Subject::Denominator => format!("loss/{}", app.denominator.name()),
        Subject::Step => format!("step {}", text::count(app.training.step)),
        Subject::Theme => app.theme.name().into(),
    })
}
