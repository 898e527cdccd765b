//! The embedded base model as it was along its training: what `assets/models/tiny-base.life` keeps.

use super::run::{Checkpoint, Life};
use super::{Embedded, Source};
use crate::checkpoint::life::header::LifeFile;

static LIFE: &[u8] = include_bytes!("../../assets/models/tiny-base.life");

/// The steps of the run that made both: `tiny-base` has had the first stages, `tiny-chat` all of it.
const STEPS: [(Embedded, usize); 2] = [(Embedded::TinyBase, 7000), (Embedded::TinyChat, 7700)];

/// The embedded base model after some steps of training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Early(usize);

impl Early {
    /// What the file is called, for messages.
    pub const FILE: &'static str = "tiny-base.life";

    /// The file.
    pub fn bytes() -> &'static [u8] {
        LIFE
    }

    /// After so many steps; `None` where that is not kept.
    pub fn after(step: usize) -> Option<Self> {
        steps().contains(&step).then_some(Self(step))
    }

    /// Steps of training that it has had.
    pub fn step(self) -> usize {
        self.0
    }

    /// The name after `--model`.
    pub fn name(self) -> String {
        format!("{}@{}", Embedded::TinyBase.name(), self.0)
    }

    /// What that name means.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (model, step) = name.split_once('@')?;
        Self::after(step.parse().ok()?).filter(|_| model == Embedded::TinyBase.name())
    }
}

/// The steps that are kept.
fn steps() -> Vec<usize> {
    LifeFile::read(LIFE).map_or_else(|_| Vec::new(), |file| file.differences.iter().map(|(step, _)| *step).collect())
}

/// From the random weights to an embedded model: `None` of one that was not trained.
pub(super) fn life(of: Embedded) -> Option<Life> {
    let end = STEPS.iter().position(|(model, _)| *model == of)?;
    let kept = steps().into_iter().map(|step| (step, Source::Early(Early(step))));
    let shipped = STEPS[..=end].iter().map(|&(model, step)| (step, Source::Embedded(model)));
    let checkpoints = kept.chain(shipped).map(|(step, source)| Checkpoint { step, source, is_here: true }).collect();
    let note = (of == Embedded::TinyChat).then(|| {
        "all rows but the last learned from texts, up to tiny-base; the last one went on with chats".to_owned()
    });
    Some(Life { name: of.name().to_owned(), checkpoints, note })
}
