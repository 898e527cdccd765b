//! The figures right of the grid: how many targets a row scores, what it does otherwise, its loss.

use ratatui::text::Span;
use unicode_width::UnicodeWidthStr;

use crate::app::{App, Difference, Scoring};
use crate::ui::{Theme, text};

/// Columns for the loss at least, two blanks before it included.
const LOSS: usize = 8;
/// Columns of the screen below which the differences in numbers are left out.
const NARROW: u16 = 56;

/// How wide the figures are, blanks before them included.
pub struct Figures {
    count: usize,
    /// 0 where there is no room.
    difference: usize,
    loss: usize,
}

impl Figures {
    /// Wide enough for every row.
    pub fn of(app: &App, width: u16) -> Self {
        let widest = app.scorings.iter().map(|scoring| difference(scoring.difference).width()).max().unwrap_or(0);
        Self {
            count: app.len().to_string().len().max("scored".len()) + 1,
            difference: if width < NARROW { 0 } else { widest.max(3) + 2 },
            loss: app.scorings.iter().map(|scoring| loss(app, scoring).width() + 2).max().unwrap_or(0).max(LOSS),
        }
    }

    /// Columns in all.
    pub fn width(&self) -> usize {
        self.count + self.difference + self.loss
    }

    /// Their names, `blanks` columns further to the right.
    pub fn heading(&self, theme: &Theme, blanks: usize) -> [Span<'static>; 2] {
        let (count, loss) = (self.count + blanks, self.difference + self.loss);
        [
            Span::styled(format!("{:>count$}", "scored"), theme.dim),
            Span::styled(format!("{:>loss$}", "loss"), theme.dim),
        ]
    }

    /// Those of one row.
    pub fn spans(&self, app: &App, theme: &Theme, scoring: &Scoring, is_current: bool) -> Vec<Span<'static>> {
        let style = if is_current { theme.text.patch(theme.cursor_row) } else { theme.text };
        let mut spans = vec![Span::styled(format!("{:>1$}", scoring.scored, self.count), style)];
        if self.difference > 0 {
            let difference = difference(scoring.difference);
            spans.push(Span::styled(text::pad_start(&difference, self.difference), theme.warning));
        }
        spans.push(Span::styled(format!("{:>1$}", loss(app, scoring), self.loss), style));
        spans
    }
}

fn loss(app: &App, scoring: &Scoring) -> String {
    match &scoring.ledger {
        Some(ledger) if app.is_current() => {
            ledger.loss(app.denominator).map_or_else(|| "undefined".into(), |loss| format!("{loss:.3}"))
        }
        _ => "–".into(),
    }
}

/// How many tokens more and fewer a row counts than the mask that counts, and how many with another weight.
fn difference(Difference { more, fewer, reweighted }: Difference) -> String {
    [("+", more), ("−", fewer), ("≠", reweighted)]
        .into_iter()
        .filter(|&(_, count)| count > 0)
        .map(|(sign, count)| format!("{sign}{count}"))
        .collect()
}
