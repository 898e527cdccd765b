//! Colours by role.
//!
//! Colours are the 256 indexed ones, which every terminal with more than sixteen has, or the terminal's own sixteen,
//! or none. Colour is never the only carrier: scored is underlined, the cursor is reversed or bold, the target has an
//! arrow.

mod palette;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Style};
use ratatui::widgets::{Block, BorderType};

use crate::app::ThemeName;

/// How many steps the heat scale has.
pub const HEAT_LEVELS: usize = 8;
/// −log p in nats at which bars of −log p end.
pub const HEAT_MAX: f64 = HEAT_LEVELS as f64;

/// What each role looks like.
#[derive(Clone, Debug)]
pub struct Theme {
    /// What the whole screen lies on; nothing where that is the terminal's own.
    ground: Style,
    /// Ordinary text.
    pub text: Style,
    /// Text of less weight.
    pub dim: Style,
    /// Titles, the active tab, keys in the footer.
    pub accent: Style,
    /// Frames.
    pub border: Style,
    /// A scored token or value; patched over other styles.
    pub scored: Style,
    /// An unscored one.
    pub unscored: Style,
    /// The target in a distribution.
    pub target: Style,
    /// Bars of a distribution.
    pub bar: Style,
    /// The cursor; patched over other styles.
    pub cursor: Style,
    /// What is selected beside the cursor; patched over other styles.
    pub selected: Style,
    /// The cursor's row in a table; patched over other styles.
    pub cursor_row: Style,
    pub error: Style,
    pub warning: Style,
    /// From low to high −log p.
    heat: [Style; HEAT_LEVELS],
    /// The same steps for every other token in a row; each lies nearer to its own step than to another.
    heat_beside: [Style; HEAT_LEVELS],
    /// The same steps for what is drawn in ink, bars and the like.
    ink: [Style; HEAT_LEVELS],
    /// What became costlier, and what became cheaper.
    pub rise: Style,
    pub fall: Style,
    /// Every other token in a row that has no heat yet; patched over other styles.
    pub beside: Style,
    /// How frames are drawn.
    edge: BorderType,
    /// Whether `heat` is told by weight of the letters, there being no colour.
    pub is_mono: bool,
    /// Whether glyphs beyond ASCII can be shown.
    pub unicode: bool,
}

impl Theme {
    /// The theme of that name.
    pub fn of(name: ThemeName, unicode: bool) -> Self {
        let theme = match name {
            ThemeName::Dark => palette::dark(),
            ThemeName::Light => palette::light(),
            ThemeName::Contrast => palette::contrast(),
            ThemeName::Ansi => palette::ansi(),
            ThemeName::Mono => palette::mono(),
        };
        Self { unicode, ..theme }
    }

    /// The style of a value of −log p, in nats.
    pub fn heat(&self, nll: f64) -> Style {
        self.heat[heat_level(nll)]
    }

    /// Its style where the token before it in a row may have the same heat: told from [`Theme::heat`] by a shade, or
    /// where there are few colours or none by slanted letters.
    pub fn heat_beside(&self, nll: f64) -> Style {
        self.heat_beside[heat_level(nll)]
    }

    /// The style of a bar that stands for a value of −log p, in nats.
    pub fn ink(&self, nll: f64) -> Style {
        self.ink[heat_level(nll)]
    }

    /// The styles of the heat scale, from low to high.
    pub fn heat_scale(&self) -> &[Style; HEAT_LEVELS] {
        &self.heat
    }

    /// The same with frames that stand out, for the one view among several that keys go to.
    pub fn marked(&self) -> Self {
        Self { border: self.accent, edge: BorderType::Thick, ..self.clone() }
    }

    /// Lays the ground under all that was drawn and named no colour of its own.
    pub fn lay_ground(&self, buffer: &mut Buffer) {
        let (Some(fg), Some(bg)) = (self.ground.fg, self.ground.bg) else { return };
        for cell in &mut buffer.content {
            if cell.bg == Color::Reset {
                cell.bg = bg;
            }
            if cell.fg == Color::Reset {
                cell.fg = fg;
            }
        }
    }

    /// A frame without a title.
    pub fn frame<'a>(&self) -> Block<'a> {
        Block::bordered().border_type(self.edge).border_style(self.border)
    }

    /// A frame with a title.
    pub fn block<'a>(&self, title: impl Into<String>) -> Block<'a> {
        let title: String = title.into();
        self.frame().title(ratatui::text::Span::styled(format!(" {title} "), self.accent))
    }
}

/// The step of the heat scale that `nll` falls on, 0…7: one a nat, everything from 7 nats up on the last.
pub fn heat_level(nll: f64) -> usize {
    // A cast of NaN or of a negative value gives 0, of a huge one the greatest usize.
    (nll as usize).min(HEAT_LEVELS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heat_is_a_step_a_nat_and_ends_at_the_last() {
        let levels = [0.0, 0.99, 1.0, 6.99, 7.0, 8.0, 1e9, f64::INFINITY].map(heat_level);
        assert_eq!(levels, [0, 0, 1, 6, 7, 7, 7, 7]);
        assert_eq!([f64::NAN, -1.0].map(heat_level), [0, 0]);
    }

    #[test]
    fn mono_has_no_colour() {
        let theme = Theme::of(ThemeName::Mono, true);
        let styles = [theme.text, theme.dim, theme.accent, theme.cursor, theme.error, theme.warning, theme.bar];
        let scales = theme.heat_scale().iter().chain(&theme.heat_beside).chain(&theme.ink);
        for style in styles.iter().chain([&theme.rise, &theme.fall]).chain(scales) {
            assert_eq!((style.fg, style.bg, style.underline_color), (None, None, None));
        }
    }

    /// Of the cube of 256-colour terminals and its greys, as in WCAG 2.2, relative luminance.
    fn luminance(colour: Color) -> f64 {
        let Color::Indexed(index @ 16..) = colour else { panic!("{colour:?} is not of the cube") };
        let channel = |value: f64| if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) };
        let step = |step: u8| channel([0.0, 95.0, 135.0, 175.0, 215.0, 255.0][usize::from(step)] / 255.0);
        match index {
            232.. => channel(f64::from(8 + 10 * u16::from(index - 232)) / 255.0),
            _ => {
                let cube = index - 16;
                0.2126 * step(cube / 36) + 0.7152 * step(cube / 6 % 6) + 0.0722 * step(cube % 6)
            }
        }
    }

    /// How far letters stand out from their ground, 1…21 (WCAG 2.2, contrast ratio).
    fn contrast(theme: &Theme, style: Style) -> f64 {
        let style = theme.ground.patch(style);
        let (fg, bg) = (luminance(style.fg.expect("a colour")), luminance(style.bg.expect("a ground")));
        (fg.max(bg) + 0.05) / (fg.min(bg) + 0.05)
    }

    #[test]
    fn what_a_projector_shows_stands_out() {
        for (name, words, bars) in [(ThemeName::Contrast, 7.0, 4.5), (ThemeName::Light, 4.5, 2.7)] {
            let theme = Theme::of(name, true);
            let roles = [theme.text, theme.dim, theme.accent, theme.unscored, theme.target, theme.cursor];
            let roles = roles.into_iter().chain([theme.selected, theme.error, theme.warning, theme.rise, theme.fall]);
            let beside = theme.ground.patch(theme.beside);
            for style in roles.chain([theme.bar, beside]).chain(theme.heat) {
                assert!(contrast(&theme, style) >= words, "{name:?}: {style:?} {}", contrast(&theme, style));
            }
            for style in theme.ink.into_iter().chain([theme.border]) {
                assert!(contrast(&theme, style) >= bars, "{name:?}: {style:?} {}", contrast(&theme, style));
            }
        }
    }

    #[test]
    fn luminance_goes_one_way_through_both_shades_of_every_step() {
        let luminance = |style: &Style| luminance(style.bg.or(style.fg).expect("a colour"));
        for (name, sign) in [(ThemeName::Dark, 1.0), (ThemeName::Contrast, 1.0), (ThemeName::Light, -1.0)] {
            let theme = Theme::of(name, true);
            let pairs = theme.heat.iter().zip(&theme.heat_beside);
            let steps: Vec<[f64; 2]> = pairs.map(|(a, b)| [luminance(a), luminance(b)].map(|l| l * sign)).collect();
            for (at, [step, next]) in steps.iter().zip(&steps[1..]).map(|(a, b)| [a, b]).enumerate() {
                let apart = (step[0] - step[1]).abs();
                assert!(apart > 0.0, "{name:?}: the shades of step {at} are one");
                assert!(step[0].max(step[1]) < next[0].min(next[1]), "{name:?}: {at} reaches into the next");
            }
            let ink = theme.ink.iter().map(|style| luminance(style) * sign);
            assert!(ink.is_sorted_by(|a, b| a < b), "{name:?}: ink goes both ways");
        }
    }
}
