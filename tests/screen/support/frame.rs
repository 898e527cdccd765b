//! The screen of a state, in memory.

use lossglass::app::App;
use lossglass::ui::{self, Hits, Theme};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Position;
use ratatui::{Terminal, backend::TestBackend};
use unicode_width::UnicodeWidthStr;

/// One frame.
pub fn frame(app: &App, width: u16, height: u16) -> (Buffer, Hits) {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut hits = Hits::default();
    let theme = Theme::of(app.theme, app.unicode);
    terminal.draw(|frame| hits = ui::draw(app, &theme, frame)).unwrap();
    (terminal.backend().buffer().clone(), hits)
}

/// The frame's lines, as a terminal shows them.
pub fn lines(app: &App, width: u16, height: u16) -> String {
    let (buffer, _) = frame(app, width, height);
    let rows = buffer.content.chunks(usize::from(width)).map(|row| line(row).trim_end().to_owned());
    rows.collect::<Vec<_>>().join("\n")
}

/// The frame's lines with every cell, the hidden one after a glyph of two columns too.
pub fn cells(app: &App, width: u16, height: u16) -> String {
    let (buffer, _) = frame(app, width, height);
    let line = |row: &[Cell]| row.iter().map(Cell::symbol).collect::<String>().trim_end().to_owned();
    buffer.content.chunks(usize::from(width)).map(line).collect::<Vec<_>>().join("\n")
}

/// The cell after a glyph of two columns is not shown.
fn line(row: &[Cell]) -> String {
    let mut hidden = 0_usize;
    let shown = row.iter().filter(|cell| {
        let is_shown = hidden == 0;
        hidden = if is_shown { cell.symbol().width().saturating_sub(1) } else { hidden - 1 };
        is_shown
    });
    shown.map(Cell::symbol).collect()
}

/// Where `needle` stands in these lines, below the first `skipped`; every cell is one column there.
pub fn find(lines: &str, skipped: usize, needle: &str) -> Position {
    let mut lines = lines.lines().enumerate().skip(skipped);
    let (y, line) = lines.find(|(_, line)| line.contains(needle)).expect(needle);
    let x = line[..line.find(needle).unwrap()].chars().count();
    Position::new(x as u16, y as u16)
}
