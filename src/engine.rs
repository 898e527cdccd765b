//! The thread that owns the model: requests in, events out.
//!
//! Every request carries a generation. A newer request of the same kind supersedes an older one: what is under way is
//! cancelled between two of its pieces, and its events still carry the old generation, so that the receiver can drop
//! them. A run of training steps goes on between requests, and whatever ends it cancels the step under way. A failure, a panic included, is an event; the thread lives on. No tensor leaves this thread.

mod course;
mod dataset;
mod inbox;
mod message;
mod room;
mod survey;
mod train;
mod training;
mod worker;

use std::sync::mpsc::{self, Sender};
use std::thread;

pub use message::{Event, ModelInfo, PackRequest, Request};
pub use survey::{Survey, SurveyEvent};
pub use training::{At, Data, Ended, Plan, Side, SideMask, TrainEvent, TrainRequest, Written};

use crate::cancel::Cancel;
use crate::model::Source;
use worker::Worker;

/// A handle on the engine thread. Dropping it cancels what is under way and ends the thread.
pub struct Engine {
    requests: Sender<(Request, Cancels)>,
    /// Of the analysis asked for last.
    last: Cancels,
    /// The model it wants.
    source: Option<Source>,
    /// Of what the trainer was asked for last.
    train: Cancel,
    /// Of the survey asked for last.
    survey: Cancel,
}

/// What stops an analysis. A changed text makes scoring the old one pointless, but not loading the model.
#[derive(Clone, Default)]
struct Cancels {
    load: Cancel,
    score: Cancel,
    train: Cancel,
    survey: Cancel,
}

impl Cancels {
    fn cancel(&self) {
        self.load.cancel();
        self.score.cancel();
    }
}

impl Engine {
    /// Starts the thread. `emit` is called on it for every event and must not block; it returns false when nobody
    /// listens any more.
    /// `template` takes the place of the models' own chat templates.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn spawn(
        device: candle_core::Device,
        template: Option<String>,
        emit: impl Fn(Event) -> bool + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let (requests, inbox) = mpsc::channel();
        thread::Builder::new().name("engine".into()).spawn(move || Worker::new(device, template, inbox, emit).run())?;
        Ok(Self {
            requests,
            last: Cancels::default(),
            source: None,
            train: Cancel::default(),
            survey: Cancel::default(),
        })
    }

    /// Hands a request to the thread; never blocks.
    pub fn send(&mut self, request: Request) {
        let mut cancels = Cancels::default();
        if let Request::Analyze { source, .. } = &request {
            self.last.score.cancel();
            if self.source.as_ref() == Some(source) && !self.last.load.is_cancelled() {
                cancels.load = self.last.load.clone();
            } else {
                self.last.load.cancel();
                self.source = Some(source.clone());
            }
            self.last = cancels.clone();
        }
        if let Request::Train(request) = &request
            && request.ends_a_run()
        {
            self.train.cancel();
            self.train = cancels.train.clone();
        }
        if matches!(request, Request::Survey(_)) {
            self.survey.cancel();
            self.survey = cancels.survey.clone();
        }
        // The thread ends only with this handle, so a send fails only while the process is ending.
        let _ = self.requests.send((request, cancels));
    }

    /// Stops looking over a data set.
    pub fn cancel_survey(&self) {
        self.survey.cancel();
    }

    /// Stops the analysis under way, if any, and what the trainer does.
    pub fn cancel(&self) {
        self.last.cancel();
        self.train.cancel();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.survey.cancel();
        self.cancel();
    }
}
