//! Looking over a whole data set on threads of its own, while the engine goes on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Event;
use crate::cancel::Cancel;
use crate::data::{DataError, Place, Raw, Records};
use crate::model::Reader;
use crate::survey::{self, Judged, Repeats, Summary, Terms};

/// Records that are told together at most, and for how long they are held back.
const TOLD: usize = 512;
const HELD: Duration = Duration::from_millis(50);

/// A data set that is to be looked over.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Told with everything that comes of it.
    pub number: u64,
    pub file: PathBuf,
    pub terms: Terms,
}

/// What comes of it.
#[derive(Clone, Debug)]
pub enum SurveyEvent {
    /// The model that reads the records.
    Begun { model: String },
    /// The next records, and the share of the file that was read, where that is known.
    Records { records: Vec<Summary>, read: Option<f32> },
    /// It is over; what is wrong with the file, if that ended it.
    Ended(Result<(), String>),
}

/// Why no more records are taken.
enum Stop {
    File(DataError),
    NobodyListens,
}

impl From<DataError> for Stop {
    fn from(error: DataError) -> Self {
        Self::File(error)
    }
}

/// Begins the survey; what comes of it is told until `cancel` is set.
pub(super) fn start<F>(survey: Survey, reader: Reader, cancel: Cancel, emit: Arc<F>)
where
    F: Fn(Event) -> bool + Send + Sync + 'static,
{
    let number = survey.number;
    let tell = emit.clone();
    let work = move || {
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&survey, &reader, &cancel, &*tell)));
        let ended = outcome.unwrap_or_else(|_| Err("the survey failed on a record; open the file anew".into()));
        if !cancel.is_cancelled() {
            tell(Event::Survey { number, event: SurveyEvent::Ended(ended) });
        }
    };
    if let Err(error) = std::thread::Builder::new().name("survey".into()).spawn(work) {
        let ended = SurveyEvent::Ended(Err(format!("no thread to read the file with: {error}")));
        emit(Event::Survey { number, event: ended });
    }
}

fn run(survey: &Survey, reader: &Reader, cancel: &Cancel, emit: &dyn Fn(Event) -> bool) -> Result<(), String> {
    let begun = SurveyEvent::Begun { model: reader.name.clone() };
    emit(Event::Survey { number: survey.number, event: begun });
    let records = Records::open(&survey.file).map_err(|error| error.to_string())?;
    let progress = records.progress();
    let work = |raw: Raw| {
        let at = raw.at();
        (survey::judge(reader, &survey.terms, raw), at)
    };
    let mut repeats = Repeats::default();
    let (mut held, mut since): (Vec<Summary>, Option<Instant>) = (Vec::new(), None);
    let tell = |records| {
        let event = SurveyEvent::Records { records, read: progress.share() };
        emit(Event::Survey { number: survey.number, event })
    };
    let take = |(mut judged, at): (Judged, Place)| {
        repeats.look(&mut judged.entry);
        held.push(Summary::of(&judged, at));
        if held.len() < TOLD && since.is_some_and(|since| since.elapsed() < HELD) {
            return Ok(());
        }
        since = Some(Instant::now());
        if tell(std::mem::take(&mut held)) { Ok(()) } else { Err(Stop::NobodyListens) }
    };
    match survey::run(records, cancel, work, take) {
        Err(Stop::File(error)) => Err(error.to_string()),
        Err(Stop::NobodyListens) => Ok(()),
        Ok(()) => {
            if !held.is_empty() {
                tell(held);
            }
            Ok(())
        }
    }
}
