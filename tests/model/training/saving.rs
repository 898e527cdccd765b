//! Saving as the engine calls it: cancelled, gone on from with a way back.

use std::path::Path;

use candle_core::Device;
use lossglass::cancel::Cancel;
use lossglass::decoder::Decoder;
use lossglass::loss::Scores;
use lossglass::model::Model;
use lossglass::score::Scorer;
use lossglass::source::Source;
use lossglass::train::save::{Form, SaveError, read_state, save};
use lossglass::train::{LoraSettings, Method, Projections, Trainer};

use super::{bits, examples, settings, steps};
use crate::checkpoint::{self, FAMILIES};
use crate::fixtures;

fn load(directory: &Path) -> Model {
    Model::load(&Source::Directory(directory.into()), &Device::Cpu, &Cancel::default(), &mut |_| {}).unwrap()
}

fn fixture() -> Model {
    family("llama")
}

fn family(name: &str) -> Model {
    load(&fixtures::fixture(name))
}

#[test]
fn a_cancelled_save_leaves_nothing_half_written() {
    let (temporary, mut model) = (tempfile::tempdir().unwrap(), fixture());
    let place = temporary.path().join("deep/save");
    let mut trainer = Trainer::new(&model.decoder, None);
    let settings = settings(Method::Full);
    steps(&mut trainer, &mut model.decoder, &examples("llama"), &settings, 1);
    let names = |directory: &Path| std::fs::read_dir(directory).unwrap().count();
    let mut fractions = Vec::new();
    let saved =
        save(&model, &trainer, &settings, &place, true, &Cancel::default(), &mut |f| fractions.push(f)).unwrap();
    assert!(saved.form == Form::Full && fractions.is_sorted() && fractions.last() == Some(&1.0), "{fractions:?}");
    let written: u64 = std::fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum();
    assert_eq!(saved.bytes, written);
    let before = (std::fs::read(place.join("model.safetensors")).unwrap(), names(&place));
    steps(&mut trainer, &mut model.decoder, &examples("llama"), &settings, 1);
    for half in [0.0, 0.5, 1.0] {
        let cancel = Cancel::default();
        let mut on_progress = |fraction: f32| {
            if fraction >= half {
                cancel.cancel()
            }
        };
        let stopped = save(&model, &trainer, &settings, &place, true, &cancel, &mut on_progress);
        assert!(matches!(stopped, Err(SaveError::Cancelled)), "{stopped:?}");
        assert!((std::fs::read(place.join("model.safetensors")).unwrap(), names(&place)) == before);
        assert_eq!(names(place.parent().unwrap()), 1, "nothing lies beside it");
    }
}

/// A trained model, saved under every method that writes another form, speaks the same when it is loaded again.
#[test]
fn every_family_says_the_same_after_it_is_saved() {
    for name in FAMILIES {
        for method in
            [Method::Full, Method::Lora(LoraSettings { projections: Projections::All, ..LoraSettings::default() })]
        {
            let (temporary, mut model) = (tempfile::tempdir().unwrap(), family(name));
            let place = temporary.path().join("save");
            let (settings, examples) = (settings(method), examples(name));
            let mut trainer = Trainer::new(&model.decoder, None);
            steps(&mut trainer, &mut model.decoder, &examples, &settings, 2);
            save(&model, &trainer, &settings, &place, false, &Cancel::default(), &mut |_| {}).unwrap();
            let again = load(&place);
            assert_eq!(again.config, model.config, "{name} {}", settings.method);
            let nll = |model: &Model| nll(&model.decoder, &examples[0].ids);
            assert_eq!(nll(&model), nll(&again), "{name} {}", settings.method);
            assert!(nll(&model) != nll(&family(name)), "{name} {} learned nothing", settings.method);
        }
    }
}

/// The text part of a model that sees is saved as a text model.
#[test]
fn a_model_that_sees_is_saved_without_its_eyes() {
    let original = family("gemma3");
    let directory = tempfile::tempdir().unwrap();
    for file in ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"] {
        std::fs::copy(fixtures::fixture("gemma3").join(file), directory.path().join(file)).unwrap();
    }
    let text = checkpoint::json("gemma3/config.json");
    let config = serde_json::json!({"model_type": "gemma3", "text_config": text, "eos_token_id": [2, 0]});
    std::fs::write(directory.path().join("config.json"), config.to_string()).unwrap();
    let named = original.decoder.named_tensors().iter();
    let tensors: std::collections::HashMap<String, candle_core::Tensor> =
        named.map(|named| (format!("language_model.{}", named.name), named.tensor.clone())).collect();
    candle_core::safetensors::save(&tensors, directory.path().join("model.safetensors")).unwrap();
    let mut model = load(directory.path());
    assert!(model.name.ends_with(" (text part)"), "{}", model.name);
    let (settings, examples) = (settings(Method::Full), examples("gemma3"));
    let mut trainer = Trainer::new(&model.decoder, None);
    steps(&mut trainer, &mut model.decoder, &examples, &settings, 1);
    let place = directory.path().join("save");
    save(&model, &trainer, &settings, &place, false, &Cancel::default(), &mut |_| {}).unwrap();
    let again = load(&place);
    assert_eq!((&again.config, again.name.as_str()), (&original.config, "save"));
    assert_eq!(again.stop_ids(), model.stop_ids());
    assert!(bits(&again.decoder) == bits(&model.decoder));
    let saved: serde_json::Value = serde_json::from_slice(&std::fs::read(place.join("config.json")).unwrap()).unwrap();
    assert_eq!(saved["model_type"], "gemma3_text");
}

/// What is written of a model that came without a config, as from GGUF, reads as the same model.
#[test]
fn every_family_describes_itself() {
    for name in FAMILIES {
        let model = family(name);
        let directory = tempfile::tempdir().unwrap();
        let of = |file: &str| fixtures::fixture(name).join(file);
        for file in ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "model.safetensors"] {
            std::fs::copy(of(file), directory.path().join(file)).unwrap();
        }
        let config = serde_json::to_vec(&model.config.to_json()).unwrap();
        std::fs::write(directory.path().join("config.json"), config).unwrap();
        let again = load(directory.path());
        assert_eq!(again.config, model.config, "{name}");
        let ids = &examples(name)[0].ids;
        assert_eq!(nll(&model.decoder, ids), nll(&again.decoder, ids), "{name}");
    }
}

/// Of every target.
fn nll(decoder: &Decoder, ids: &[u32]) -> Vec<f64> {
    let mut scores = Scores::default();
    let mut on_rows = |from, rows| scores.splice(from, rows);
    assert!(Scorer::new().score(decoder, ids, 0, &Cancel::default(), &mut on_rows).unwrap());
    (1..ids.len()).map(|t| scores.nll(t).unwrap()).collect()
}

#[test]
fn a_resumed_trainer_goes_back_as_far_as_it_was_resumed() {
    for method in super::methods() {
        let (temporary, mut model) = (tempfile::tempdir().unwrap(), fixture());
        let place = temporary.path().join("save");
        let settings = settings(method);
        let examples = examples("llama");
        let mut trainer = Trainer::new(&model.decoder, None);
        steps(&mut trainer, &mut model.decoder, &examples, &settings, 2);
        save(&model, &trainer, &settings, &place, true, &Cancel::default(), &mut |_| {}).unwrap();
        let mut model = load(&place);
        let start = bits(&model.decoder);
        let resumed = read_state(&place, &model.decoder).unwrap();
        assert_eq!((&resumed.settings, resumed.step), (&settings, 2));
        assert_eq!(&resumed.optimizer, trainer.optimizer());
        let mut trainer = Trainer::new(&model.decoder, Some(1 << 30));
        trainer.resume(&mut model.decoder, &resumed.settings, resumed.optimizer, resumed.step).unwrap();
        let first = steps(&mut trainer, &mut model.decoder, &examples, &settings, 3);
        assert_eq!((trainer.steps(), trainer.oldest()), (5, 2));
        trainer.rewind(&mut model.decoder, 2, &Cancel::default(), &mut |_| {}).unwrap();
        assert!(bits(&model.decoder) == start, "{}", settings.method);
        assert!(trainer.reset(&mut model.decoder).is_err(), "the base weights are in no save");
        let again = steps(&mut trainer, &mut model.decoder, &examples, &settings, 3);
        assert_eq!(first.last().unwrap().loss.to_bits(), again.last().unwrap().loss.to_bits());
    }
}
