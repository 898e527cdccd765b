//! `lesson`: the screen with a lesson, the list of lessons, and whether one is true.

mod check;
mod shelf;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, bail};

use super::{screen, terminal};
use crate::app::shipped;
use crate::cli::lesson::{LessonArgs, LessonCommand};
use crate::cli::{Cli, CompareArgs, InputArgs, MaskArgs, ModelArgs, ProgramArgs};
use crate::lesson::{Lesson, Mistake, SHIPPED};
use crate::sequence::visible_text;
use crate::source::Source;

/// The lesson that opens where none is named.
const FIRST: &str = SHIPPED[0].name;

/// Opens, lists or checks.
///
/// # Errors
/// If there is no such lesson, it has mistakes, or there is no terminal to open it in.
pub fn run(args: LessonArgs) -> Result<ExitCode> {
    match args.command {
        Some(LessonCommand::List) => list(),
        Some(LessonCommand::Check { lesson, model }) => {
            return match read(&lesson, model.as_deref())? {
                Ok(lesson) => check::run(lesson),
                Err(mistakes) => Ok(wrong(&lesson, &mistakes)),
            };
        }
        None => {
            let name = args.lesson.as_deref().unwrap_or(FIRST);
            let lesson = match read(name, args.model.as_deref())? {
                Ok(lesson) => lesson,
                Err(mistakes) => return Ok(wrong(name, &mistakes)),
            };
            if !terminal::has_screen() {
                bail!("a lesson needs a terminal; `lossglass lesson check` runs it without one");
            }
            let (input, model, mask) = (InputArgs::default(), ModelArgs::default(), MaskArgs::default());
            let compare = CompareArgs::default();
            let cli = Cli {
                command: None,
                input,
                model,
                mask,
                compare,
                screen: args.screen,
                session: None,
                program: ProgramArgs::default(),
            };
            screen::run(cli, Some(Arc::new(lesson)), None)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a lesson, with another model where one is named; or its mistakes.
fn read(name: &str, model: Option<&str>) -> Result<Result<Lesson, Vec<Mistake>>> {
    let model = model.map(Source::parse).transpose()?;
    let mut lesson = shelf::read(name)?;
    if let (Some(model), Ok(lesson)) = (model, &mut lesson) {
        (lesson.base, lesson.chat) = (model.clone(), model);
    }
    Ok(lesson)
}

/// Names every mistake by its line.
fn wrong(name: &str, mistakes: &[Mistake]) -> ExitCode {
    for mistake in mistakes {
        eprintln!("lossglass: {}, {mistake}", printable(name));
    }
    ExitCode::from(2)
}

/// A line for each lesson: name, title, what it is about.
fn list() {
    for lesson in SHIPPED {
        // A test reads every one of them.
        let Ok(Lesson { title, about, minutes, steps, .. }) = shipped(lesson.source) else { continue };
        let minutes = minutes.map_or_else(String::new, |minutes| format!(", about {minutes} minutes"));
        println!("{:<10}{title}", lesson.name);
        println!("{:<10}{about}; {} steps{minutes}", "", steps.len());
    }
}

/// A lesson's words, which may be anybody's.
fn printable(text: &str) -> String {
    visible_text(text)
}
