//! The thread that owns the model: requests in, events out.
//!
//! Every request carries a generation. A newer request of the same kind supersedes an older one: what is under way is
//! cancelled between two of its pieces, and its events still carry the old generation, so that the receiver can drop
//! them. A run of training steps goes on between requests, and whatever ends it cancels the step under way. A failure,
//! a panic included, is an event; the thread lives on. No tensor leaves this thread.

mod checkpoint;
mod compare;
mod dataset;
mod experiment;
mod hand_over;
mod inbox;
mod look;
mod message;
mod on_screen;
mod probes;
mod room;
mod run;
mod scored;
mod slow;
mod survey;
mod train;
mod train_message;
mod worker;
mod write;

use std::sync::mpsc::{self, Sender};
use std::thread;

pub use checkpoint::CheckpointRequest;
pub use compare::{CompareEvent, CompareRequest, FreeText};
pub use experiment::Experiment;
pub use look::{Look, LookAt, LookEvent, Seen};
pub use message::{Event, Request};
pub use survey::{Survey, SurveyEvent};
pub use train_message::{
    At, CopyMask, CopyPlan, Data, Ended, HandOver, Measure, Plan, TrainEvent, TrainRequest, Watch, Written,
};
pub use write::{WriteEvent, WriteRequest, WriteWhat, WrittenText};

use crate::cancel::Cancel;
use crate::model::Overrides;
use crate::source::Source;
use worker::Worker;

/// A handle on the engine thread. Dropping it cancels what is under way and ends the thread.
pub struct Engine {
    requests: Sender<(Request, Cancels)>,
    /// The analysis asked for last.
    first: Lane,
    /// What was asked of the second model last.
    second: Lane,
    /// Of what the trainer was asked for last.
    train: Cancel,
    /// Of the survey asked for last.
    survey: Cancel,
    /// Of the look inside asked for last.
    look: Cancel,
    /// Of what is written to its end.
    write: Cancel,
}

/// What stops an answer.
#[derive(Clone, Default)]
struct Cancels {
    load: Cancel,
    score: Cancel,
    train: Cancel,
    survey: Cancel,
    look: Cancel,
    write: Cancel,
}

/// What one model was asked for last. A changed text makes scoring the old one pointless, but not loading the model.
#[derive(Default)]
struct Lane {
    source: Option<Source>,
    load: Cancel,
    score: Cancel,
}

impl Lane {
    /// A newer request supersedes the one before.
    fn renew(&mut self, source: Option<&Source>) -> Cancels {
        self.score.cancel();
        self.score = Cancel::default();
        if self.source.as_ref() != source || self.load.is_cancelled() {
            self.load.cancel();
            self.load = Cancel::default();
            self.source = source.cloned();
        }
        Cancels { load: self.load.clone(), score: self.score.clone(), ..Cancels::default() }
    }

    fn cancel(&self) {
        self.load.cancel();
        self.score.cancel();
    }
}

impl Engine {
    /// Starts the thread. `emit` is called on it for every event and must not block; it returns false when nobody
    /// listens any more.
    /// `overrides` take the place of what the models' own files say.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn spawn(
        device: candle_core::Device,
        overrides: Overrides,
        emit: impl Fn(Event) -> bool + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let (requests, inbox) = mpsc::channel();
        thread::Builder::new()
            .name("engine".into())
            .spawn(move || Worker::new(device, overrides, inbox, emit).run())?;
        Ok(Self {
            requests,
            first: Lane::default(),
            second: Lane::default(),
            train: Cancel::default(),
            survey: Cancel::default(),
            look: Cancel::default(),
            write: Cancel::default(),
        })
    }

    /// Hands a request to the thread; never blocks.
    pub fn send(&mut self, request: Request) {
        let mut cancels = match &request {
            Request::Analyze { source, .. } => {
                self.second.score.cancel(); // of the text before
                self.first.renew(Some(source))
            }
            Request::Compare(CompareRequest::Score { source, .. }) => self.second.renew(Some(source)),
            Request::Compare(CompareRequest::Write { .. }) => {
                let Lane { load, score, .. } = &self.second;
                Cancels { load: load.clone(), score: score.clone(), ..Cancels::default() }
            }
            Request::Compare(CompareRequest::Forget) => self.second.renew(None),
            _ => Cancels::default(),
        };
        // A look waits for nothing and nothing waits for it; what is written goes on until something else is asked for.
        if !matches!(request, Request::Distribution { .. } | Request::Survey(_)) {
            std::mem::take(&mut self.write).cancel();
            if !matches!(request, Request::Write(_)) {
                std::mem::take(&mut self.look).cancel();
            }
        }
        (cancels.look, cancels.write) = (self.look.clone(), self.write.clone());
        if let Request::Train(request) = &request
            && request.ends_a_run()
        {
            self.train.cancel();
            self.train = Cancel::default();
            cancels.train = self.train.clone();
        }
        if matches!(request, Request::Survey(_)) {
            self.survey.cancel();
            self.survey = Cancel::default();
            cancels.survey = self.survey.clone();
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
        self.first.cancel();
        self.second.cancel();
        self.train.cancel();
        self.look.cancel();
        self.write.cancel();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.survey.cancel();
        self.cancel();
    }
}
