//! What each theme's roles look like.

use ratatui::style::{Color, Modifier, Style};
use ratatui::widgets::BorderType;

use super::Theme;

const BLACK: Color = Color::Indexed(16);
const WHITE: Color = Color::Indexed(231);

fn on(background: u8, foreground: Color) -> Style {
    Style::new().bg(Color::Indexed(background)).fg(foreground)
}

fn ink(color: u8) -> Style {
    Style::new().fg(Color::Indexed(color))
}

/// Dark blue over violet and rose to yellow: the order of matplotlib's inferno, whose luminance rises evenly, so that
/// it reads the same to colour-blind eyes and in print.
pub fn dark() -> Theme {
    Theme {
        ground: Style::new(),
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
        edge: BorderType::Rounded,
        is_mono: false,
        unicode: true,
    }
}

/// The same scale the other way round: on paper, more ink is more loss.
pub fn light() -> Theme {
    Theme {
        ground: Style::new().fg(BLACK).bg(WHITE),
        text: Style::new(),
        dim: ink(239),
        accent: ink(19).add_modifier(Modifier::BOLD),
        border: ink(245),
        scored: Style::new().add_modifier(Modifier::UNDERLINED),
        unscored: ink(239),
        target: ink(22).add_modifier(Modifier::BOLD),
        bar: ink(25),
        cursor: Style::new().fg(WHITE).bg(BLACK).add_modifier(Modifier::BOLD),
        selected: Style::new().fg(BLACK).bg(Color::Indexed(153)),
        cursor_row: Style::new().add_modifier(Modifier::BOLD),
        error: ink(124).add_modifier(Modifier::BOLD),
        warning: ink(94),
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
        ink: [173, 203, 167, 161, 125, 90, 54, 53].map(ink),
        rise: ink(130),
        fall: ink(23),
        beside: Style::new().bg(Color::Indexed(254)),
        edge: BorderType::Rounded,
        is_mono: false,
        unicode: true,
    }
}

/// For a projector in a room that is not dark: white and full colours on black, nothing in grey. Letters stand out from
/// their ground by 7:1 or more (WCAG 2.2, enhanced contrast); half of the heat scale is dark under white letters, half
/// bright under black ones.
pub fn contrast() -> Theme {
    Theme {
        ground: Style::new().fg(WHITE).bg(BLACK),
        text: Style::new(),
        dim: ink(252),
        accent: ink(226).add_modifier(Modifier::BOLD),
        border: ink(250),
        scored: Style::new().add_modifier(Modifier::UNDERLINED),
        unscored: ink(252),
        target: ink(118).add_modifier(Modifier::BOLD),
        bar: ink(51),
        cursor: on(231, BLACK).add_modifier(Modifier::BOLD),
        selected: on(21, WHITE),
        cursor_row: Style::new().add_modifier(Modifier::BOLD),
        error: on(210, BLACK).add_modifier(Modifier::BOLD),
        warning: ink(220),
        heat: [
            on(17, WHITE),
            on(19, WHITE),
            on(55, WHITE),
            on(91, WHITE),
            on(203, BLACK),
            on(208, BLACK),
            on(214, BLACK),
            on(226, BLACK),
        ],
        heat_beside: [
            on(18, WHITE),
            on(20, WHITE),
            on(56, WHITE),
            on(125, WHITE),
            on(204, BLACK),
            on(209, BLACK),
            on(216, BLACK),
            on(229, BLACK),
        ],
        ink: [63, 134, 170, 204, 209, 215, 221, 227].map(ink),
        rise: ink(214),
        fall: ink(51),
        beside: Style::new().bg(Color::Indexed(238)),
        edge: BorderType::Rounded,
        is_mono: false,
        unicode: true,
    }
}

/// Four steps of heat are what sixteen colours tell apart by luminance on a dark and on a light ground.
pub fn ansi() -> Theme {
    let on = |background, foreground| Style::new().bg(background).fg(foreground);
    let (none, blue) = (Style::new(), on(Color::Blue, Color::White));
    let (cyan, yellow) = (on(Color::Cyan, Color::Black), on(Color::Yellow, Color::Black));
    let heat = [none, blue, blue, cyan, cyan, cyan, yellow, yellow];
    Theme {
        ground: Style::new(),
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
        edge: BorderType::Rounded,
        is_mono: false,
        unicode: true,
    }
}

fn slanted(style: Style) -> Style {
    style.add_modifier(Modifier::ITALIC)
}

/// Modifiers only: what is sure is dim, what is costly is bold.
pub fn mono() -> Theme {
    let (plain, dim) = (Style::new(), Style::new().add_modifier(Modifier::DIM));
    let bold = plain.add_modifier(Modifier::BOLD);
    let heat = [dim, plain, plain, plain, bold, bold, bold, bold];
    Theme {
        ground: Style::new(),
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
        edge: BorderType::Rounded,
        is_mono: true,
        unicode: true,
    }
}
