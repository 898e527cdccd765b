//! The plot of a demonstration: what it watches, after every step.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::axes::{self, Axes};
use super::curve;
use super::plot::{Bounds, Level, Look, Series};
use crate::app::{App, Stage};
use crate::sequence::visible_text;
use crate::ui::Theme;

/// Rows from which on the loss stands below it, too.
pub const ROOM_FOR_LOSS: u16 = 24;

/// Draws the plot in its frame.
pub fn draw(app: &App, theme: &Theme, frame: &mut Frame, area: Rect, stage: &Stage) {
    let series = series(theme, stage, usize::from(area.width));
    let title = if stage.is_of_probability() { "p of each first token" } else { "Loss: true text, own text" };
    let width = usize::from(area.width);
    let legend = curve::legend(theme, &series, app, width).right_aligned();
    let block = theme.block(crate::ui::text::fit_start(title, width.saturating_sub(6))).title_bottom(legend);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(bounds) = Bounds::around(&series) else {
        frame.render_widget(Line::styled(" nothing is measured yet", theme.dim), inner);
        return;
    };
    let levels = levels(app, stage);
    let (bounds, unit) = match stage.is_of_probability() {
        true => (Bounds { y: (0.0, 1.0), is_log: false, ..bounds }, "p"),
        false if bounds.is_log => (bounds.reaching(&levels), "log"),
        false => (bounds.reaching(&levels), "nats"),
    };
    axes::draw(app, theme, frame, inner, &Axes { series: &series, levels: &levels, bounds, unit, has_best: false });
}

/// A line for each thing that is watched, the first on top. Lines that swing from step to step would fill the plot once
/// there are many steps: points then.
fn series(theme: &Theme, stage: &Stage, width: usize) -> Vec<Series> {
    let steps = stage.probes.first().map_or(0, |probe| probe.losses.len());
    let look = if stage.is_of_probability() && steps * 3 > width { Look::Points } else { Look::Line };
    let looks = [("●", theme.accent), ("○", theme.warning)].into_iter().cycle();
    let line = |(probe, (glyph, style)): (&crate::app::Probe, _)| Series {
        name: visible_text(&probe.name),
        glyph,
        style,
        points: probe.losses.iter().map(|&(step, nll)| (step as f64, stage.drawn(nll))).collect(),
        look,
    };
    let mut series: Vec<Series> = stage.probes.iter().zip(looks).map(line).collect();
    series.retain(|one| !one.points.is_empty());
    series.reverse();
    series
}

/// The share of each answer in the data, once where they are the same; else what guessing costs.
fn levels(app: &App, stage: &Stage) -> Vec<Level> {
    if !stage.is_of_probability() {
        return curve::guessing(app).into_iter().collect();
    }
    let mut shares = stage.shares.clone();
    shares.sort_by(f64::total_cmp);
    shares.dedup();
    let is_one = shares.len() == 1;
    let words = |share: f64| {
        let long = format!("{} of the data: {share:.2}", if is_one { "share of each" } else { "share" });
        vec![long, format!("share {share:.2}")]
    };
    shares.into_iter().map(|value| Level { value, words: words(value) }).collect()
}
