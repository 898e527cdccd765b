//! The default command: the screen.

mod log;
mod session;

use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use anyhow::{Context, Result, anyhow};

use self::log::RunLogs;
use super::{input, models, terminal};
use crate::app::{App, Effect, Start, Watching};
use crate::cli::Cli;
use crate::data::Opened;
use crate::engine::{Engine, Event, Request, TrainEvent, TrainRequest};
use crate::lesson::Lesson;
use crate::mask::Policy;
use crate::sample;
use crate::sequence::visible_text;
use crate::source::Source;
use crate::tui::{self, Files, Inbound, Readers, Recording, Screen};

/// Opens the screen on what the arguments give, or on the first sample; a lesson begins there, or a run of others is
/// watched, with the model that speaks at first.
///
/// # Errors
/// If the input or the model's name is wrong, or the terminal cannot be used.
pub fn run(cli: Cli, lesson: Option<Arc<Lesson>>, watched: Option<(Watching, Source)>) -> Result<()> {
    let device = cli.model.device.open()?;
    let (overrides, start) = match &cli.session {
        Some(path) => session::start(path)?,
        None => (models::overrides(&cli.model)?, start(&cli, lesson.is_some())?),
    };
    let (watching, start) = match watched {
        Some((watching, model)) => (Some(watching), Start { model: Some(model), welcomes: false, ..start }),
        None => (None, start),
    };
    let logs = Arc::new(Mutex::new(RunLogs::new(&cli.screen.log)?));
    let directory = std::env::current_dir().context("the current directory is gone")?;
    let theme = terminal::theme(cli.screen.theme);
    let (presents, notes) = (cli.screen.present, cli.screen.notes.clone());
    let (app, effects) =
        App::new(Start { theme, unicode: terminal::is_utf8(), directory, presents, lesson, notes, watching, ..start });
    if let Some(path) = &cli.screen.notes {
        tui::append(path, "").with_context(|| format!("the notes {} cannot be written", path.display()))?;
    }
    let recording = cli.screen.record.as_deref().map(record).transpose()?;
    let (sender, inbox) = mpsc::channel();
    let events = sender.clone();
    let log = logs.clone();
    let emit = move |event| {
        if let Event::Train(TrainEvent::At(at)) = &event {
            log.lock().unwrap_or_else(PoisonError::into_inner).take(at);
        }
        events.send(Inbound::Action(crate::app::Action::Engine(event))).is_ok()
    };
    let engine = Engine::spawn(device, overrides, emit).context("starting the engine thread")?;
    let mut screen = Screen::enter(recording).context("taking the terminal")?;
    tui::on_signals(sender.clone()).context("catching signals")?;
    tui::read_terminal(sender.clone()).context("reading the terminal")?;
    let ended = run_loop(&mut screen, app, effects, engine, &sender, &inbox);
    let problem = screen.recording_problem();
    drop(screen);
    if let (Some(problem), Some(path)) = (problem, &cli.screen.record) {
        eprintln!("note: the recording {} ended early: {problem}", visible_text(&path.display().to_string()));
    }
    for problem in &logs.lock().unwrap_or_else(PoisonError::into_inner).problems {
        eprintln!("note: {}", visible_text(problem));
    }
    ended
}

/// What the arguments ask for.
fn start(cli: &Cli, has_lesson: bool) -> Result<Start> {
    let (opened, pack) = match input::packed(&cli.input, &cli.mask)? {
        Some((opened, pack)) => (Some(opened), Some(pack)),
        None => (input::sample(&cli.input)?, None),
    };
    let welcomes = opened.is_none() && !has_lesson;
    let opened = opened.unwrap_or_else(built_in);
    input::check(&cli.input, &cli.mask, &opened.sample)?;
    let model = cli.model.model.as_deref().map(Source::parse).transpose()?;
    let compare = cli.compare.compare.as_deref().map(Source::parse).transpose()?;
    let policy = input::policy(&cli.mask)?;
    let lists_set = opened.set.is_some() && cli.input.index.is_none();
    Ok(Start {
        // The list says it.
        note: opened.note.filter(|_| !lists_set),
        encoding: input::encoding(&cli.input.encoding, &policy),
        pack,
        model,
        compare,
        policy: Policy { split: policy.split.or(opened.split), ..policy },
        denominator: cli.mask.denominator.unwrap_or_default(),
        welcomes,
        form: opened.form,
        set: opened.set,
        lists_set,
        template: cli.model.template.as_deref().map(models::from_anywhere),
        eot_tokens: cli.model.eot_token.clone(),
        ..Start::on(opened.sample, opened.name)
    })
}

/// Begins a recording.
fn record(path: &Path) -> Result<Recording> {
    Recording::create(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => anyhow!("{} is there already: give --record another name", path.display()),
        _ => anyhow!("the recording {} cannot be written: {error}", path.display()),
    })
}

fn run_loop(
    screen: &mut Screen,
    mut app: App,
    effects: Vec<Effect>,
    mut engine: Engine,
    sender: &mpsc::Sender<Inbound>,
    inbox: &mpsc::Receiver<Inbound>,
) -> Result<()> {
    let readers = Readers { sample: input::open, record: input::record, set: input::records, model: models::describe };
    let mut files = Files::new(sender.clone(), readers);
    let perform = |effect| match effect {
        Effect::Engine(Request::Train(TrainRequest::Save { directory })) => {
            engine.send(Request::Train(TrainRequest::Save { directory: tui::from_home(directory) }));
        }
        Effect::Engine(request) => engine.send(request),
        Effect::CancelEngine => engine.cancel(),
        Effect::CancelSurvey => engine.cancel_survey(),
        Effect::Files(request) => files.perform(request),
        Effect::Picture { .. } => {} // the run loop takes it
    };
    tui::run(&mut screen.terminal, &mut app, effects, inbox, perform).context("drawing")?;
    Ok(())
}

/// The first sample of the program's own.
fn built_in() -> Opened {
    let first = &sample::BUILT_IN[0];
    Opened::new(first.name, first.sample(), None)
}
