//! Colours by role.
//!
//! Colours are the 256 indexed ones, which every terminal with more than sixteen has, or the terminal's own sixteen,
//! or none. Colour is never the only carrier: scored is underlined, the cursor is reversed or bold, the target has an
//! arrow.

use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::{Block, BorderType};

use crate::app::ThemeName;

/// How many steps the heat scale has.
pub const HEAT_LEVELS: usize = 8;
/// −log p in nats at which bars of −log p end.
pub const HEAT_MAX: f64 = HEAT_LEVELS as f64;

/// What each role looks like.
#[derive(Clone, Debug)]
pub struct Theme {
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
    /// Whether `heat` is told by weight of the letters, there being no colour.
    pub is_mono: bool,
    /// Whether glyphs beyond ASCII can be shown.
    pub unicode: bool,
}

impl Theme {
    /// The theme of that name.
    pub fn of(name: ThemeName, unicode: bool) -> Self {
        let theme = match name {
            ThemeName::Dark => dark(),
            ThemeName::Light => light(),
            ThemeName::Ansi => ansi(),
            ThemeName::Mono => mono(),
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

    /// A frame without a title.
    pub fn frame<'a>(&self) -> Block<'a> {
        Block::bordered().border_type(BorderType::Rounded).border_style(self.border)
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

const BLACK: Color = Color::Indexed(16);
const WHITE: Color = Color::Indexed(231);

/// Dark blue over violet and rose to yellow: the order of matplotlib's inferno, whose luminance rises evenly, so that
/// it reads the same to colour-blind eyes and in print.
fn dark() -> Theme {
    let on = |background: u8, foreground| Style::new().bg(Color::Indexed(background)).fg(foreground);
    let ink = |color: u8| Style::new().fg(Color::Indexed(color));
    Theme {
        text: Style::new(),
        dim: ink(246),
        accent: ink(117).add_modifier(Modifier::BOLD),
        border: ink(240),
        scored: Style::new().add_modifier(Modifier::UNDERLINED),
        unscored: ink(246),
        target: ink(120).add_modifier(Modifier::BOLD),
        bar: ink(74),
        cursor: Style::new().fg(BLACK).bg(WHITE).add_modifier(Modifier::BOLD),
        selected: Style::new().fg(WHITE).bg(Color::Indexed(25)),
        cursor_row: Style::new().add_modifier(Modifier::BOLD),
        error: ink(210).add_modifier(Modifier::BOLD),
        warning: ink(221),
        heat: [
            on(17, WHITE),
            on(54, WHITE),
            on(90, WHITE),
            on(125, WHITE),
            on(167, BLACK),
            on(209, BLACK),
            on(215, BLACK),
            on(227, BLACK),
        ],
        // A step or two of blue further, which hardly counts in luminance.
        heat_beside: [
            on(19, WHITE),
            on(55, WHITE),
            on(91, WHITE),
            on(126, WHITE),
            on(168, BLACK),
            on(210, BLACK),
            on(216, BLACK),
            on(229, BLACK),
        ],
        ink: [60, 97, 133, 168, 203, 209, 215, 227].map(ink),
        rise: ink(215),
        fall: ink(80),
        beside: Style::new().bg(Color::Indexed(236)),
        is_mono: false,
        unicode: true,
    }
}

/// The same scale the other way round: on paper, more ink is more loss.
fn light() -> Theme {
    let on = |background: u8, foreground| Style::new().bg(Color::Indexed(background)).fg(foreground);
    let ink = |color: u8| Style::new().fg(Color::Indexed(color));
    Theme {
        text: Style::new(),
        dim: ink(241),
        accent: ink(25).add_modifier(Modifier::BOLD),
        border: ink(248),
        scored: Style::new().add_modifier(Modifier::UNDERLINED),
        unscored: ink(241),
        target: ink(22).add_modifier(Modifier::BOLD),
        bar: ink(31),
        cursor: Style::new().fg(WHITE).bg(BLACK).add_modifier(Modifier::BOLD),
        selected: Style::new().fg(BLACK).bg(Color::Indexed(153)),
        cursor_row: Style::new().add_modifier(Modifier::BOLD),
        error: ink(124).add_modifier(Modifier::BOLD),
        warning: ink(130),
        heat: [
            on(230, BLACK),
            on(223, BLACK),
            on(216, BLACK),
            on(209, BLACK),
            on(167, BLACK),
            on(125, WHITE),
            on(90, WHITE),
            on(54, WHITE),
        ],
        heat_beside: [
            on(229, BLACK),
            on(222, BLACK),
            on(215, BLACK),
            on(210, BLACK),
            on(168, BLACK),
            on(126, WHITE),
            on(91, WHITE),
            on(55, WHITE),
        ],
        ink: [187, 216, 209, 203, 167, 125, 90, 54].map(ink),
        rise: ink(166),
        fall: ink(30),
        beside: Style::new().bg(Color::Indexed(254)),
        is_mono: false,
        unicode: true,
    }
}

/// Four steps of heat are what sixteen colours tell apart by luminance on a dark and on a light ground.
fn ansi() -> Theme {
    let on = |background, foreground| Style::new().bg(background).fg(foreground);
    let (none, blue) = (Style::new(), on(Color::Blue, Color::White));
    let (cyan, yellow) = (on(Color::Cyan, Color::Black), on(Color::Yellow, Color::Black));
    let heat = [none, blue, blue, cyan, cyan, cyan, yellow, yellow];
    Theme {
        text: Style::new(),
        dim: Style::new().add_modifier(Modifier::DIM),
        accent: Style::new().fg(Color::Cyan).add_modifier(Modifier::BOLD),
        border: Style::new().add_modifier(Modifier::DIM),
        scored: Style::new().add_modifier(Modifier::UNDERLINED),
        unscored: Style::new().add_modifier(Modifier::DIM),
        target: Style::new().fg(Color::Green).add_modifier(Modifier::BOLD),
        bar: Style::new().fg(Color::Cyan),
        cursor: Style::new().fg(Color::Black).bg(Color::White),
        selected: Style::new().fg(Color::White).bg(Color::Magenta),
        cursor_row: Style::new().add_modifier(Modifier::BOLD),
        error: Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        warning: Style::new().fg(Color::Yellow),
        heat,
        heat_beside: heat.map(slanted),
        ink: heat.map(|step| Style { fg: step.bg, bg: None, ..step }),
        rise: Style::new().fg(Color::Yellow),
        fall: Style::new().fg(Color::Cyan),
        beside: slanted(Style::new()),
        is_mono: false,
        unicode: true,
    }
}

fn slanted(style: Style) -> Style {
    style.add_modifier(Modifier::ITALIC)
}

/// Modifiers only: what is sure is dim, what is costly is bold.
fn mono() -> Theme {
    let (plain, dim) = (Style::new(), Style::new().add_modifier(Modifier::DIM));
    let bold = plain.add_modifier(Modifier::BOLD);
    let heat = [dim, plain, plain, plain, bold, bold, bold, bold];
    Theme {
        text: plain,
        dim,
        accent: bold,
        border: plain,
        scored: plain.add_modifier(Modifier::UNDERLINED),
        unscored: dim,
        target: bold,
        bar: plain,
        cursor: plain.add_modifier(Modifier::REVERSED),
        selected: plain.add_modifier(Modifier::REVERSED).add_modifier(Modifier::DIM),
        cursor_row: bold,
        error: bold,
        warning: bold,
        heat,
        heat_beside: heat.map(slanted),
        ink: heat,
        rise: bold,
        fall: plain,
        beside: slanted(Style::new()),
        is_mono: true,
        unicode: true,
    }
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

    #[test]
    fn luminance_goes_one_way_through_both_shades_of_every_step() {
        // The cube of 256-colour terminals; luminance as in WCAG 2.2, relative luminance.
        let luminance = |style: &Style| {
            let colour = style.bg.or(style.fg);
            let Some(Color::Indexed(index @ 16..232)) = colour else { panic!("{style:?} is not of the cube") };
            let channel = |step: u8| {
                let value = [0.0, 95.0, 135.0, 175.0, 215.0, 255.0][usize::from(step)] / 255.0;
                if value <= 0.04045_f64 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            let cube = index - 16;
            0.2126 * channel(cube / 36) + 0.7152 * channel(cube / 6 % 6) + 0.0722 * channel(cube % 6)
        };
        for (name, sign) in [(ThemeName::Dark, 1.0), (ThemeName::Light, -1.0)] {
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
