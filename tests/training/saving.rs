//! Saving as the engine calls it: cancelled, gone on from with a way back.

use std::path::Path;

use candle_core::Device;
use lossglass::cancel::Cancel;
use lossglass::model::{Model, Source};
use lossglass::train::save::{Form, SaveError, read_state, save};
use lossglass::train::{Method, Trainer};

use crate::{bits, examples, settings, steps};

fn load(directory: &Path) -> Model {
    Model::load(&Source::Directory(directory.into()), &Device::Cpu, &Cancel::default(), &mut |_| {}).unwrap()
}

fn fixture() -> Model {
    load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/llama"))
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

#[test]
fn a_resumed_trainer_goes_back_as_far_as_it_was_resumed() {
    for method in crate::methods() {
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
