//! How the program starts.

use std::path::PathBuf;
use std::sync::Arc;

use super::{ThemeName, Watching};
use crate::data::DataSet;
use crate::lesson::Lesson;
use crate::loss::Denominator;
use crate::mask::Policy;
use crate::sample::{Form, Sample};
use crate::sequence::{EncodeOptions, PackRequest};
use crate::session::Session;
use crate::source::Source;

/// How the program starts.
#[derive(Clone, Debug)]
pub struct Start {
    pub sample: Sample,
    pub sample_name: String,
    /// What to say at first.
    pub note: Option<String>,
    pub encoding: EncodeOptions,
    /// The data set whose records are packed, where they are.
    pub pack: Option<PackRequest>,
    pub model: Option<Source>,
    /// The model to compare it with.
    pub compare: Option<Source>,
    /// Which targets count.
    pub policy: Policy,
    pub denominator: Denominator,
    pub theme: ThemeName,
    pub unicode: bool,
    /// Whether it is presented to a class.
    pub presents: bool,
    /// Whether the ways to begin are shown.
    pub welcomes: bool,
    /// Where a lesson writes what is for the teacher.
    pub notes: Option<PathBuf>,
    pub directory: PathBuf,
    /// The form that the sample was found in.
    pub form: Form,
    /// The data set that the sample is a record of.
    pub set: Option<DataSet>,
    /// Whether its list is opened.
    pub lists_set: bool,
    /// The chat template and the turn-ending tokens that take the place of the model's own, as they were given.
    pub template: Option<String>,
    pub eot_tokens: Vec<String>,
    /// The sitting that is gone on with; what is said above is of it.
    pub session: Option<Box<Session>>,
    /// The lesson that begins.
    pub lesson: Option<Arc<Lesson>>,
    /// The run of others that is watched.
    pub watching: Option<Watching>,
}

impl Start {
    /// On that sample, everything else as it is by default.
    pub fn on(sample: Sample, sample_name: impl Into<String>) -> Self {
        let form = Form::of_sample(&sample);
        Self {
            sample,
            sample_name: sample_name.into(),
            note: None,
            encoding: EncodeOptions::default(),
            pack: None,
            model: None,
            compare: None,
            policy: Policy::default(),
            denominator: Denominator::default(),
            theme: ThemeName::default(),
            unicode: true,
            presents: false,
            welcomes: false,
            notes: None,
            directory: PathBuf::from("."),
            form,
            set: None,
            lists_set: false,
            template: None,
            eot_tokens: Vec::new(),
            session: None,
            lesson: None,
            watching: None,
        }
    }

    /// A sitting is gone on with, by that model and beside that second one; it begins on the text of its first steps.
    pub fn again(session: Box<Session>, model: Option<Source>, compare: Option<Source>) -> Self {
        let first = session.first_text();
        let start = Self {
            encoding: first.encoding,
            pack: first.pack_request(),
            model,
            compare,
            denominator: session.loss.denominator,
            form: first.form,
            template: session.model.template.clone(),
            eot_tokens: session.model.eot_tokens.clone(),
            ..Self::on(first.sample.clone(), first.name.clone())
        };
        Self { session: Some(session), ..start }
    }
}
