//! The weights that a run kept, as one small file: each checkpoint as coarse as its loss allows.

use std::path::Path;

use candle_core::{Device, Tensor};

use super::corpus::Corpus;
use super::{PretrainError, Recipe, evaluate};
use crate::cancel::Cancel;
use crate::checkpoint::life::header::LifeFile;
use crate::checkpoint::life::{Gained, advance};
use crate::decoder::layout::{self, Slot};
use crate::decoder::{Decoder, Weights};
use crate::memory;
use crate::model::Model;
use crate::source::{Source, run};

/// How far the loss of a decoded checkpoint may be from that of the weights that were kept, as a share of it.
pub const CLOSE: f64 = 0.005;
/// Steps in a tensor's directions, as shares of the size of its weights: the coarsest that is close enough is taken.
const COARSE: [f64; 24] = [
    1.6, 1.4, 1.2, 1.05, 0.9, 0.8, 0.7, 0.62, 0.55, 0.48, 0.42, 0.37, 0.32, 0.28, 0.24, 0.21, 0.18, 0.155, 0.13, 0.11,
    0.09, 0.08, 0.07, 0.06,
];

/// A checkpoint that was packed.
#[derive(Clone, Debug, PartialEq)]
pub struct Packed {
    pub step: usize,
    pub bytes: usize,
    /// Mean −log p of what is held out, each source by its weight: of the weights that were kept, and as decoded.
    pub nats: [f64; 2],
}

/// What the loss of weights is measured with.
struct Ruler<'a> {
    recipe: &'a Recipe,
    corpus: Corpus,
    bytes: Vec<usize>,
    cancel: &'a Cancel,
}

/// Packs the checkpoints of the run in `folder`; `on_packed` hears of each.
///
/// # Errors
/// If the run kept no weights, those of step 0 are not what its seed draws, a source cannot be read, or after `cancel`.
pub fn pack(
    recipe: &Recipe,
    folder: &Path,
    cancel: &Cancel,
    on_packed: &mut dyn FnMut(&Packed),
) -> Result<Vec<u8>, PretrainError> {
    let wrong = |reason: String| PretrainError::Folder { folder: folder.to_owned(), reason };
    let kept = run::checkpoints(folder);
    let Some((_, first)) = kept.first() else { return Err(wrong("has no checkpoints to pack".into())) };
    let mut model = open(first, cancel)?;
    let slots: Vec<Slot> = layout::slots(&model.config).collect();
    let shapes: Vec<Vec<usize>> = slots.iter().map(|slot| slot.shape.clone()).collect();
    memory::check(4 * shapes.iter().map(|shape| shape.iter().product::<usize>() as u64).sum::<u64>())
        .map_err(anyhow::Error::from)?;
    let corpus = Corpus::read(&recipe.stages[0], &model.reader(), cancel, &mut |_, _| {})?;
    let ruler = Ruler { recipe, corpus, bytes: evaluate::token_bytes(&model.vocabulary), cancel };
    let fresh =
        Model::fresh(&model.name, model.config.clone(), (*model.vocabulary).clone(), recipe.seed, &Device::Cpu)?;
    let mut decoded = values(&fresh, &slots)?;
    let mut differences = Vec::new();
    for (step, path) in &kept {
        model = open(path, cancel)?;
        let of_kept = ruler.nats(&model)?;
        let gained = Gained::new(&shapes, &decoded, &values(&model, &slots)?).map_err(anyhow::Error::from)?;
        for (at, &coarse) in COARSE.iter().enumerate() {
            let bytes = gained.rounded(coarse).map_err(anyhow::Error::from)?;
            let mut now = decoded.clone();
            advance(&shapes, &mut now, &bytes).map_err(&wrong)?;
            set(&mut model, &slots, &now)?;
            let of_decoded = ruler.nats(&model)?;
            if (of_decoded / of_kept - 1.0).abs() <= CLOSE || at + 1 == COARSE.len() {
                on_packed(&Packed { step: *step, bytes: bytes.len(), nats: [of_kept, of_decoded] });
                differences.push((*step, bytes));
                decoded = now;
                break;
            }
        }
    }
    let differences = differences.iter().map(|(step, bytes)| (*step, bytes.as_slice())).collect();
    Ok(LifeFile { seed: recipe.seed, differences }.write())
}

fn open(path: &Path, cancel: &Cancel) -> Result<Model, PretrainError> {
    Ok(Model::load(&Source::Directory(path.to_owned()), &Device::Cpu, cancel, &mut |_| {})?)
}

/// The values of every tensor, in the order of its slots.
fn values(model: &Model, slots: &[Slot]) -> Result<Vec<Vec<f32>>, PretrainError> {
    let named = model.decoder.named_tensors();
    let of_slot = |slot: &Slot| {
        let found = named.iter().find(|named| named.name == slot.name);
        let tensor = found.ok_or_else(|| anyhow::anyhow!("the weights have no {}", slot.name))?;
        anyhow::Ok(tensor.tensor.flatten_all()?.to_vec1()?)
    };
    Ok(slots.iter().map(of_slot).collect::<Result<_, _>>()?)
}

/// The model gets these values.
fn set(model: &mut Model, slots: &[Slot], values: &[Vec<f32>]) -> Result<(), PretrainError> {
    let of_slot = |(slot, values): (&Slot, &Vec<f32>)| {
        Ok((slot.name.clone(), Tensor::from_slice(values, slot.shape.as_slice(), &Device::Cpu)?))
    };
    let weights: Result<Weights, candle_core::Error> = slots.iter().zip(values).map(of_slot).collect();
    let weights = weights.map_err(anyhow::Error::from)?;
    model.decoder = Decoder::new(&model.config, weights).map_err(anyhow::Error::from)?;
    Ok(())
}

impl Ruler<'_> {
    /// Mean −log p of what is held out, each source by its weight.
    fn nats(&self, model: &Model) -> Result<f64, PretrainError> {
        let (stage, most) = (&self.recipe.stages[0], self.recipe.watch.sequences);
        let losses = evaluate::held_out(model, &self.bytes, stage, &self.corpus, most, self.cancel)?;
        let losses = losses.ok_or(PretrainError::Stopped)?;
        let weight = |name: &str| stage.sources.iter().find(|source| source.name == name).map_or(0.0, |s| s.weight);
        let all: f64 = losses.iter().map(|loss| weight(&loss.source)).sum();
        match losses.is_empty() {
            true => Err(PretrainError::Source {
                source_name: stage.sources[0].name.clone(),
                reason: "nothing is held out to measure with; set `held_out`".into(),
            }),
            false => Ok(losses.iter().map(|loss| weight(&loss.source) * loss.nats).sum::<f64>() / all),
        }
    }
}
