//! Update: one weight, from its gradient to its new value, as arithmetic that can be checked by hand.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{Notes, Scene, WIDE, minus};
use crate::app::{Action, SlowPlace, StepStage};
use crate::sequence::visible_text;
use crate::train::{Moved, MovedTensor, Optimizer, Update};
use crate::ui::{Hits, text};

/// Digits that count, of a weight and of what it is moved by where there is little room.
const WEIGHT_DIGITS: usize = 8;
const FEW_DIGITS: usize = 5;

pub fn formula(scene: &Scene) -> String {
    match scene.step.settings.optimizer {
        Optimizer::AdamW => "AdamW: w′ = w·(1 − lr·λ) − lr·m* / (√v* + ε), with β₁ 0.9, β₂ 0.999, ε 1e-8".into(),
        Optimizer::Sgd { momentum: 0.0 } => "SGD: w′ = w − lr·(g + λ·w)".into(),
        Optimizer::Sgd { .. } => "SGD with momentum: b′ = μ·b + g + λ·w, w′ = w − lr·b′".into(),
    }
}

pub fn draw(scene: &Scene, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let Some((tensor, moved)) = scene.motion.moved(scene.step) else { return };
    let is_wide = area.width >= WIDE;
    let steps = arithmetic(scene, moved, if is_wide { WEIGHT_DIGITS - 1 } else { FEW_DIGITS });
    let high = u16::try_from(steps.len() + 1).unwrap_or(area.height).min(area.height);
    let [top, _, below] =
        Layout::vertical([Constraint::Length(high), Constraint::Length(1), Constraint::Fill(1)]).areas(area);
    let mut rows = top.rows();
    if let Some(row) = rows.next() {
        frame.render_widget(head(scene, tensor, moved, usize::from(row.width)), row);
    }
    let column = |part: fn(&Term) -> &str| steps.iter().map(|term| part(term).width()).max().unwrap_or(0);
    let (formulas, numbers) = (column(|term| &term.formula), column(|term| &term.numbers));
    for (term, row) in steps.iter().zip(rows) {
        let style = if term.is_stored { scene.theme.target } else { scene.theme.text };
        let mut line = Line::from(vec![
            Span::styled(format!("  {}  ", text::pad_end(&term.formula, formulas)), scene.theme.accent),
            Span::styled(text::pad_end(&term.numbers, numbers), scene.theme.text),
            Span::styled(format!(" = {}", term.result), style),
        ]);
        let note = Span::styled("  as stored, in f32", scene.theme.dim);
        if term.is_stored && line.width() + note.width() <= usize::from(row.width) {
            line.push_span(note);
        }
        frame.render_widget(line, row);
        if term.is_gradient {
            hits.push(row, Action::Trace(scene.place(StepStage::Gradient)));
        }
    }
    draw_tensors(scene, frame, below, hits);
}

/// The weight's name and place, and which of those that are kept it is.
fn head(scene: &Scene, tensor: &MovedTensor, moved: &Moved, width: usize) -> Line<'static> {
    let place: Vec<String> = tensor.place(moved.index).iter().map(usize::to_string).collect();
    let name = format!("{}[{}]", visible_text(&tensor.name), place.join(", "));
    let which = format!("weight {} of {}", scene.motion.weight + 1, tensor.weights.len());
    let name = text::fit_end(&name, width.saturating_sub(which.width() + 2));
    let gap = width.saturating_sub(name.width() + which.width());
    Line::from(vec![
        Span::styled(name, scene.theme.text.patch(scene.theme.scored)),
        Span::raw(" ".repeat(gap)),
        Span::styled(which, scene.theme.dim),
    ])
}

/// One line of the arithmetic.
struct Term {
    formula: String,
    numbers: String,
    result: String,
    /// The result is a value that the step stored.
    is_stored: bool,
    is_gradient: bool,
}

fn term(formula: &str, numbers: String, result: String) -> Term {
    Term { formula: formula.into(), numbers, result, is_stored: false, is_gradient: false }
}

fn stored(formula: &str, numbers: String, result: String) -> Term {
    Term { is_stored: true, ..term(formula, numbers, result) }
}

/// The update line by line; `digits` that count, of all but the weight.
fn arithmetic(scene: &Scene, moved: &Moved, digits: usize) -> Vec<Term> {
    let step = scene.step;
    let figure = |value: f64| figure(value, digits);
    let of = |value: f32| figure(f64::from(value));
    let weight = |value: f64| self::figure(value, WEIGHT_DIGITS);
    let (lr, lambda) = (text::rate(step.report.lr), step.settings.weight_decay);
    let old = weight(f64::from(moved.weight[0]));
    let new = weight(f64::from(moved.weight[1]));
    let update = step.update(moved);
    let (Update::AdamW { gradient, .. } | Update::Sgd { gradient, .. }) = update;
    let name = if step.report.clipped { "g = ∂L/∂w × clip" } else { "g = ∂L/∂w" };
    let clipped =
        if step.report.clipped { format!("{} × {:.6}", of(moved.gradient), step.scale()) } else { of(moved.gradient) };
    let mut terms = vec![
        term("w before", String::new(), old.clone()),
        Term { is_gradient: true, ..term(name, clipped, figure(gradient)) },
    ];
    let g = bracketed(figure(gradient));
    match update {
        Update::AdamW { corrections, corrected, decayed, step: d, .. } => {
            let ([m, first], [v, second]) = (moved.first.map(of), moved.second.map(of));
            let m = bracketed(m);
            let t = step.updates;
            let [c1, c2] = corrections.map(figure);
            let [m_hat, v_hat] = corrected.map(figure);
            let root = figure(corrected[1].sqrt());
            let decayed = weight(decayed);
            terms.extend([
                stored("m = β₁·m + (1−β₁)·g", format!("0.9·{m} + 0.1·{g}"), first.clone()),
                stored("v = β₂·v + (1−β₂)·g²", format!("0.999·{v} + 0.001·({})²", figure(gradient)), second.clone()),
                term(&format!("m* = m/(1−β₁^{t})"), format!("{first} / {c1}"), m_hat.clone()),
                term(&format!("v* = v/(1−β₂^{t})"), format!("{second} / {c2}"), v_hat),
                term("d = lr·m*/(√v* + ε)", format!("{lr}·{} / ({root} + 1e-8)", bracketed(m_hat)), figure(d)),
                term("w·(1 − lr·λ)", format!("{old}·(1 − {lr}·{lambda})"), decayed.clone()),
                stored("w′ = w·(1 − lr·λ) − d", format!("{decayed} − {}", bracketed(figure(d))), new),
            ]);
        }
        Update::Sgd { momentum, decay, buffer, step: d, .. } => {
            let b = bracketed(of(moved.first[0]));
            terms.extend([
                term("λ·w", format!("{lambda}·{}", bracketed(old.clone())), figure(decay)),
                stored(
                    "b = μ·b + g + λ·w",
                    format!("{momentum}·{b} + {g} + {}", bracketed(figure(decay))),
                    of(moved.first[1]),
                ),
                term("d = lr·b", format!("{lr}·{}", bracketed(figure(buffer))), figure(d)),
                stored("w′ = w − d", format!("{old} − {}", bracketed(figure(d))), new),
            ]);
        }
    }
    terms
}

fn bracketed(number: String) -> String {
    if number.starts_with('−') { format!("({number})") } else { number }
}

/// A number with so many digits that count.
fn figure(value: f64, digits: usize) -> String {
    let places = digits.saturating_sub(1);
    let scientific = format!("{value:.places$e}");
    // The exponent after rounding: 0.0009999 is 0.001.
    let exponent = scientific.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok());
    match exponent {
        _ if value == 0.0 => "0".into(),
        Some(exponent @ -3..4) => {
            let behind = usize::try_from(places as i32 - exponent).unwrap_or(0);
            minus(&format!("{value:.behind$}"))
        }
        _ => minus(&scientific),
    }
}

/// The tensors, with the norm of their gradient and the greatest move of a weight that is kept.
fn draw_tensors(scene: &Scene, frame: &mut Frame, area: Rect, hits: &mut Hits) {
    let (theme, tensors) = (scene.theme, &scene.step.tensors);
    let mut rows = area.rows();
    let width = usize::from(area.width);
    let names = tensors.iter().map(|tensor| tensor.name.width()).max().unwrap_or(0).min(width.saturating_sub(32));
    let Some(row) = rows.next() else { return };
    let heading = format!("  {} {:>12} {:>14}", text::pad_end("tensor", names), "|g|", "greatest move");
    frame.render_widget(Line::styled(text::fit_start(&heading, width), theme.dim), row);
    let room = usize::from(area.height).saturating_sub(1);
    let chosen = scene.motion.tensor;
    let first = chosen.saturating_sub(room / 2).min(tensors.len().saturating_sub(room));
    for ((i, tensor), row) in tensors.iter().enumerate().skip(first).zip(rows) {
        let most = tensor.weights.iter().map(Moved::change).max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(0.0);
        let style = if i == chosen { theme.text.patch(theme.cursor_row) } else { theme.dim };
        let name = text::pad_end(&text::fit_end(&visible_text(&tensor.name), names), names);
        let line = Line::from(vec![
            Span::styled(if i == chosen { "▸ " } else { "  " }, theme.accent),
            Span::styled(format!("{name} {:>12} {:>14}", figure(tensor.norm, 4), figure(most, 4)), style),
        ]);
        frame.render_widget(line, row);
        hits.push(row, Action::Trace(SlowPlace { stage: StepStage::Update, line: None, tensor: Some(i) }));
    }
}

pub fn notes(scene: &Scene) -> Notes {
    let theme = scene.theme;
    let Some((tensor, moved)) = scene.motion.moved(scene.step) else { return Notes::new() };
    let is_idle = moved.gradient == 0.0 && moved.first == [0.0; 2];
    let change = figure(moved.change(), 4);
    let words = match scene.step.settings.optimizer {
        _ if is_idle && tensor.name.ends_with(".lora_A.weight") && tensor.norm == 0.0 => {
            "It has no gradient: an adapter's A has none while its B is zero, as it is before the first step.".into()
        }
        _ if is_idle => "It has no gradient: nothing that counts in the loss depends on it.".to_owned(),
        Optimizer::AdamW if scene.step.updates == 1 => {
            "AdamW's first update moves each weight that has a gradient by about lr, whatever its size: m*/√v* = ±1."
                .into()
        }
        _ => format!("Update {} of this optimizer.", scene.step.updates),
    };
    vec![
        (format!("It moved by {change}. {words}"), theme.text),
        ("home: greatest gradient of all · end: greatest move · tab: another weight of this tensor".into(), theme.dim),
    ]
}
