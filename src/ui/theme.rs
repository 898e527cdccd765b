//! Colours and glyphs by role.

use ratatui::style::{Color, Modifier, Style};

use crate::app::ThemeName;

/// What each role looks like. Colour is never the only carrier: scored is underlined too.
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
    /// A scored token or value.
    pub scored: Style,
    /// An unscored one.
    pub unscored: Style,
    /// The target in a distribution.
    pub target: Style,
    /// The cursor.
    pub cursor: Style,
    pub error: Style,
    pub warning: Style,
    /// Background from low to high −log p; empty where there is no colour.
    ramp: Vec<Color>,
    /// Whether glyphs beyond ASCII can be shown.
    pub unicode: bool,
}

impl Theme {
    /// The theme of that name.
    pub fn of(name: ThemeName, unicode: bool) -> Self {
        let plain = Style::new();
        let _ = name;
        Self {
            text: plain,
            dim: plain.add_modifier(Modifier::DIM),
            accent: plain.add_modifier(Modifier::BOLD),
            border: plain,
            scored: plain.add_modifier(Modifier::UNDERLINED),
            unscored: plain,
            target: plain,
            cursor: plain.add_modifier(Modifier::REVERSED),
            error: plain,
            warning: plain,
            ramp: vec![],
            unicode,
        }
    }
}
