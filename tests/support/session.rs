//! The real program without a terminal: app, engine thread and a screen in memory.

mod keys;

use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use lossglass::app::{Action, App, Effect, FileRequest, Start, update};
use lossglass::engine::{Engine, Event};
use lossglass::sample::Sample;
use lossglass::ui::{self, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use self::keys::action;

pub struct Session {
    pub app: App,
    pub terminal: Terminal<TestBackend>,
    engine: Engine,
    events: Receiver<Event>,
    /// What was asked to be done with files.
    pub files: Vec<FileRequest>,
}

impl Session {
    pub fn new(sample: Sample, name: &str, columns: u16, rows: u16) -> Self {
        Self::start(Start::on(sample, name), columns, rows)
    }

    /// From any start.
    pub fn start(start: Start, columns: u16, rows: u16) -> Self {
        let (sender, events) = mpsc::channel();
        let emit = move |event| sender.send(event).is_ok();
        let engine = Engine::spawn(candle_core::Device::Cpu, Default::default(), emit).expect("a thread");
        let (app, effects) = App::new(start);
        let terminal = Terminal::new(TestBackend::new(columns, rows)).expect("a screen");
        let mut session = Self { app, terminal, engine, events, files: Vec::new() };
        session.perform(effects);
        session.act(Action::Resize(columns, rows));
        session
    }

    pub fn act(&mut self, action: Action) {
        let effects = update(&mut self.app, action);
        self.perform(effects);
    }

    /// Presses keys as the key table names them, between spaces.
    pub fn keys(&mut self, keys: &str) {
        for key in keys.split_whitespace() {
            self.act(action(&self.app, keys::key(key)));
        }
    }

    /// Takes in what the engine says until `done`.
    pub fn until(&mut self, done: impl Fn(&App) -> bool) {
        let start = Instant::now();
        while !done(&self.app) {
            let step = self.app.lesson.as_ref().map(|sitting| (sitting.at, sitting.stage));
            let progress = (&self.app.analysis.progress, self.app.training.step);
            assert!(start.elapsed() < Duration::from_secs(60), "waited too long: {progress:?}, lesson {step:?}");
            if let Ok(event) = self.events.recv_timeout(Duration::from_millis(50)) {
                self.act(Action::Engine(settled(event)));
            }
        }
    }

    /// Until everything is scored and the distribution under the cursor is there.
    pub fn until_ready(&mut self) {
        self.until(|app| {
            let ready = matches!(app.analysis.progress, lossglass::app::Progress::Ready { .. });
            ready && (app.cursor == 0 || app.distribution().is_some())
        });
    }

    /// The screen as lines of text.
    pub fn screen(&mut self) -> String {
        let (app, theme) = (&self.app, Theme::of(self.app.theme, self.app.unicode));
        self.terminal.draw(|frame| drop(ui::draw(app, &theme, frame))).expect("drawn");
        self.terminal.backend().to_string()
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Engine(request) => self.engine.send(request),
                Effect::CancelEngine => self.engine.cancel(),
                Effect::CancelSurvey => self.engine.cancel_survey(),
                Effect::Files(request) => self.files.push(request),
                Effect::Picture { .. } => {}
            }
        }
    }
}

/// Seconds differ from run to run, and pictures must not.
fn settled(event: Event) -> Event {
    match event {
        Event::Finished { generation, .. } => Event::Finished { generation, seconds: 0.0 },
        event => event,
    }
}
