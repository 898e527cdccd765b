//! Drawing: the state in, a frame out. Nothing here changes state.
//!
//! ```text
//! header   lossglass · model                                   kind · mask · scored · loss
//! tabs     1 Predict  2 Attend  3 Score  4 Train  5 Compare                 keys for all
//! strip    the sequence, with the one cursor
//! welcome  the ways to begin, on the first screen
//! banner   why scoring failed or stopped, only then
//! view     Predict | Attend | Score | Train | Compare | Generate, beside it or over it a lesson; when presenting, several
//!          views
//! told     when presenting, the key just pressed and what it does
//! footer   the keys that matter now                                              progress
//! ```
//! Over it lies at most one overlay: help, editor, a list, the training settings, where to save, what to hand out, a
//! weight, a step in slow motion. The editor leaves header and strip in sight, so that one sees what the typing does. How a
//! view or an overlay is drawn stands in `view` and `overlay`, each under the name that its room has in
//! [`app`](crate::app). What is drawn can be a [`picture`], too.

mod ascii;
mod banner;
mod bar;
mod canvas;
mod columns;
mod empty;
mod footer;
mod header;
mod input_line;
mod lesson;
mod overlay;
pub mod picture;
mod present;
mod strip;
pub mod text;
mod theme;
mod token;
mod view;
mod welcome;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::text::Line;

pub use canvas::Canvas;
pub use theme::Theme;

use crate::app::{Action, App, View};

/// Columns and rows below which nothing sensible can be shown.
const SMALLEST: (u16, u16) = (40, 10);

/// What a click means, by place; what is drawn later lies on top.
#[derive(Clone, Debug, Default)]
pub struct Hits(Vec<(Rect, Action)>);

impl Hits {
    /// A click in `area` means `action`.
    pub fn push(&mut self, area: Rect, action: Action) {
        self.0.push((area, action));
    }

    /// What lies at `position`, topmost first.
    pub fn at(&self, position: Position) -> Option<&Action> {
        self.0.iter().rev().find(|(area, _)| area.contains(position)).map(|(_, action)| action)
    }

    /// Adds clicks in a view among several: they make it the one that keys go to.
    fn extend_within(&mut self, view: View, clicks: Self) {
        let within = |(area, action)| (area, Action::Within(view, Box::new(action)));
        self.0.extend(clicks.0.into_iter().map(within));
    }

    /// Something lies over `area`: what was there cannot be clicked.
    fn cover(&mut self, area: Rect) {
        self.0.retain(|(below, _)| !below.intersects(area));
    }
}

/// Draws one frame; returns what a click would mean.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame) -> Hits {
    let mut hits = Hits::default();
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        draw_too_small(theme, frame, area);
    } else {
        draw_screen(app, theme, frame, area, &mut hits);
    }
    theme.lay_ground(frame.buffer_mut());
    if !theme.unicode {
        ascii::fold(frame.buffer_mut());
    }
    hits
}

fn draw_screen(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let [header, tabs, strip, welcome, banner, view, told, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(strip::height(app, area)),
        Constraint::Length(welcome::height(app, area)),
        Constraint::Length(banner::height(app, area)),
        Constraint::Min(3),
        Constraint::Length(present::told_height(app)),
        Constraint::Length(footer::height(app, area)),
    ])
    .areas(area);
    header::draw(app, theme, frame, header);
    header::draw_tabs(app, theme, frame, tabs, hits);
    strip::draw(app, theme, frame, strip, hits);
    welcome::draw(theme, frame, welcome, hits);
    banner::draw(app, theme, frame, banner);
    let (lesson, view) = lesson::split(app, view);
    let (editor, view) = overlay::editor::split(app, view);
    lesson::draw(app, theme, frame, lesson, hits);
    present::draw_views(app, theme, frame, view, hits);
    present::draw_told(app, theme, frame, told);
    footer::draw(app, theme, frame, footer, hits);
    let above_footer = area.resize((area.width, footer.y - area.y).into());
    overlay::draw(app, theme, frame, above_footer, editor, hits);
}

/// Says so, as far as it fits.
fn draw_too_small(theme: &Theme, frame: &mut Frame, area: Rect) {
    let message = format!("too small: {}x{} is needed", SMALLEST.0, SMALLEST.1);
    for (row, line) in area.rows().zip(text::wrap(&message, usize::from(area.width))) {
        frame.render_widget(Line::styled(line, theme.warning), row);
    }
}
