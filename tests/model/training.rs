//! Training against PyTorch, against composed operations and finite differences, and the way back.

mod data;
mod golden;
mod gradients;
mod history;
mod optimizers;
mod saving;
mod slow;

use std::sync::Arc;

use candle_core::Tensor;
use lossglass::cancel::Cancel;
use lossglass::decoder::Decoder;
use lossglass::loss::Labels;
use lossglass::mask::Visibility;
use lossglass::train::{Example, LoraSettings, Method, Projections, Settings, StepReport, TrainError, Trainer};
use serde_json::Value;

use crate::checkpoint;

/// A decoder whose weights are its own.
pub fn decoder(name: &str) -> Decoder {
    let (config, weights) = checkpoint::fixture(name);
    Decoder::new(&config, weights).unwrap()
}

/// A chat of `expected.json` with the targets of its assistant mask.
pub fn example(chat: &Value) -> Arc<Example> {
    let ids: Vec<u32> = serde_json::from_value(chat["ids"].clone()).unwrap();
    let mask: Vec<f64> = serde_json::from_value(chat["assistant_mask"].clone()).unwrap();
    Arc::new(Example {
        weights: mask.into_iter().enumerate().map(|(t, w)| if t == 0 { 0.0 } else { w }).collect(),
        ids,
        visibility: Visibility::default(),
        labels: Labels::Next,
    })
}

/// The chats of a fixture.
pub fn examples(name: &str) -> Vec<Arc<Example>> {
    checkpoint::json(&format!("{name}/expected.json"))["chat"].as_array().unwrap().iter().map(example).collect()
}

/// Without clipping, at a rate that does something.
pub fn settings(method: Method) -> Settings {
    Settings { method, lr: 2e-3, clip: 0.0, ..Settings::default() }
}

/// Every method.
pub fn methods() -> Vec<Method> {
    let lora = |projections| Method::Lora(LoraSettings { rank: 3, alpha: 6.0, projections });
    let mut all = vec![Method::Full, Method::Last { layers: 1 }, Method::Embeddings];
    all.extend(Projections::EVERY.map(lora));
    all
}

pub fn steps(
    trainer: &mut Trainer,
    decoder: &mut Decoder,
    examples: &[Arc<Example>],
    settings: &Settings,
    n: usize,
) -> Vec<StepReport> {
    (0..n).map(|_| trainer.step(decoder, examples, settings, &Cancel::default()).unwrap()).collect()
}

/// All weights, adapters included, as bits.
pub fn bits(decoder: &Decoder) -> Vec<(String, Vec<u32>)> {
    let values = |tensor: &Tensor| -> Vec<u32> {
        tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap().into_iter().map(f32::to_bits).collect()
    };
    let base = decoder.named_tensors().iter().map(|named| (named.name.clone(), values(&named.tensor)));
    let adapters = decoder.adapters().into_iter();
    base.chain(adapters.map(|(name, adapter)| (name, [values(&adapter.a), values(&adapter.b)].concat()))).collect()
}

#[test]
fn what_cannot_be_trained_is_refused_and_changes_nothing() {
    let mut decoder = decoder("llama");
    let before = bits(&decoder);
    let mut trainer = Trainer::new(&decoder, Some(1 << 30));
    let chat = examples("llama").remove(0);
    let cancel = Cancel::default();
    let unscored = Arc::new(Example { weights: vec![0.0; chat.ids.len()], ..Example::clone(&chat) });
    let negative = Arc::new(Example { weights: vec![-1.0; chat.ids.len()], ..Example::clone(&chat) });
    let full = settings(Method::Full);
    let mut refuse = |examples: &[Arc<Example>], settings: &Settings, cancel: &Cancel| {
        let error = trainer.step(&mut decoder, examples, settings, cancel).unwrap_err();
        assert_eq!(trainer.steps(), 0);
        assert!(bits(&decoder) == before, "{error} changed a weight");
        error
    };
    assert!(matches!(refuse(&[unscored], &full, &cancel), TrainError::NothingScored));
    assert!(matches!(refuse(&[negative], &full, &cancel), TrainError::Weight(w) if w == -1.0));
    for method in [
        Method::Last { layers: 0 },
        Method::Last { layers: 9 },
        Method::Lora(LoraSettings { rank: 0, ..LoraSettings::default() }),
    ] {
        assert!(matches!(refuse(std::slice::from_ref(&chat), &settings(method), &cancel), TrainError::Method(_)));
    }
    let cancelled = Cancel::default();
    cancelled.cancel();
    assert!(refuse(&[chat], &settings(methods().pop().unwrap()), &cancelled).is_cancelled());
}

#[test]
fn an_exploding_rate_stops_with_the_weights_before_it() {
    let mut decoder = decoder("llama");
    let chats = examples("llama");
    let mut trainer = Trainer::new(&decoder, Some(1 << 30));
    steps(&mut trainer, &mut decoder, &chats[..1], &settings(Method::Full), 1);
    let good = bits(&decoder);
    let wild = Settings { lr: 1e38, ..settings(Method::Full) };
    steps(&mut trainer, &mut decoder, &chats[..1], &wild, 1);
    let error = trainer.step(&mut decoder, &chats[..1], &wild, &Cancel::default()).unwrap_err();
    assert!(matches!(error, TrainError::NotFinite { step: 3, .. }), "{error}");
    trainer.rewind(&mut decoder, 1, &Cancel::default(), &mut |_| {}).unwrap();
    assert!(bits(&decoder) == good);
}
