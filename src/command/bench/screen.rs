//! What a user waits for on screen: another mask, a frame, the first frame.

use std::time::Instant;

use anyhow::{Context, Result};

use super::line::{Bar, Line};
use super::rounds::{Rounds, Runs, time};
use super::stage;
use crate::app::view::score;
use crate::app::{Action, Command, View, update};
use crate::loss::{Denominator, Ledger};
use crate::mask::{LossMask, MaskOptions, Mode};
use crate::ui::Canvas;

/// Lengths of the text on screen, with what a frame of any view may take, in seconds.
const FRAMES: [(usize, f64); 2] = [(512, 2e-3), (4096, 4e-3)];
/// Tokens under masks.
const MASKED: usize = 4096;
/// Steps of the run that is on screen.
const STEPS: usize = 1000;

/// How often the program is started.
#[cfg(any(target_os = "linux", target_os = "macos"))]
const STARTS: usize = 11;

/// Measures all of it; `on_line` gets each line.
///
/// # Errors
/// If it is interrupted.
pub fn measure(rounds: &Rounds, on_line: &mut dyn FnMut(Line) -> Result<()>) -> Result<()> {
    on_line(mask(rounds)?)?;
    for line in changes(rounds)? {
        on_line(line)?;
    }
    for (tokens, most) in FRAMES {
        on_line(slowest_frame(rounds, tokens)?.bar(Some(Bar::AtMost(most))))?;
    }
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        let starts = Rounds { count: rounds.count.max(STARTS), stop: rounds.stop.clone(), ..*rounds };
        let start = super::first_frame::measure(&starts)?;
        on_line(Line::seconds("start to first frame", start).bar(Some(Bar::AtMost(50e-3))))?;
    }
    Ok(())
}

/// Another mask's loss, without a forward pass.
fn mask(rounds: &Rounds) -> Result<Line> {
    let chat = stage::long_chat(MASKED)?;
    let app = stage::scored_app(MASKED)?;
    let mask = rounds.often(|| {
        time(|| {
            let mask = LossMask::new(&chat, std::hint::black_box(Mode::Assistant), MaskOptions::default())?;
            let ledger = Ledger::new(&chat, &mask, &app.analysis.scores);
            std::hint::black_box(ledger.and_then(|ledger| ledger.loss(Denominator::All)));
            Ok(())
        })
    })?;
    Ok(Line::seconds("another mask and its loss, 4096 tokens", mask).bar(Some(Bar::AtMost(1e-3))))
}

/// From the key to the state that is drawn: the mask, its ledger, findings, and what the rows of Score differ in.
fn changes(rounds: &Rounds) -> Result<[Line; 2]> {
    let mut app = stage::chat_app(MASKED)?;
    app.view = View::Score;
    let mut press = |what: &str, command: Command| -> Result<Line> {
        let change = || {
            let start = Instant::now();
            std::hint::black_box(update(&mut app, Action::Do(command)));
            Ok(start.elapsed().as_secs_f64())
        };
        let runs = rounds.often(change)?;
        Ok(Line::seconds(format!("another {what}, all rows of Score"), runs).bar(Some(Bar::AtMost(1e-3))))
    };
    Ok([press("mask", Command::NextMode)?, press("weight", score::Command::PaintTokens.into())?])
}

/// The frame of the view that takes longest.
fn slowest_frame(rounds: &Rounds, tokens: usize) -> Result<Line> {
    let (mut text, chat) = (stage::scored_app(tokens)?, stage::chat_app(tokens)?);
    stage::train(&mut text, STEPS);
    let mut canvas = Canvas::new(stage::SIZE.0, stage::SIZE.1).context("a screen in memory")?;
    let mut slowest: Option<(View, Runs)> = None;
    for (mut app, views) in [(text, &View::EVERY[..]), (chat, &[View::Score])] {
        for &view in views {
            app.view = view;
            let runs = rounds.often(|| {
                let start = Instant::now();
                canvas.draw(&app);
                Ok(start.elapsed().as_secs_f64())
            })?;
            if slowest.is_none_or(|(_, least)| runs.median > least.median) {
                slowest = Some((view, runs));
            }
        }
    }
    let (view, runs) = slowest.context("a view")?;
    Ok(Line::seconds(format!("frame of {tokens} tokens, slowest: {}", view.title()), runs))
}
