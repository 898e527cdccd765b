//! Undo, rewind, reset: bit for bit.

use lossglass::cancel::Cancel;
use lossglass::train::{LoraSettings, Method, Optimizer, Settings, TrainError, Trainer};

use super::{bits, decoder, examples, methods, settings, steps};

/// Bytes for about three states of a fixture's full training.
fn small_budget(name: &str) -> usize {
    3 * 3 * 4 * decoder(name).parameters()
}

#[test]
fn reset_restores_the_base_weights_and_the_run_can_be_repeated() {
    for name in ["llama", "gpt2"] {
        for method in methods() {
            let (mut decoder, examples, settings) = (decoder(name), examples(name), settings(method));
            let base = bits(&decoder);
            let mut trainer = Trainer::new(&decoder, Some(1 << 30));
            let first = steps(&mut trainer, &mut decoder, &examples, &settings, 4);
            let after = bits(&decoder);
            trainer.reset(&mut decoder).unwrap();
            assert!(bits(&decoder) == base && trainer.steps() == 0, "{name} {}", settings.method);
            let again = steps(&mut trainer, &mut decoder, &examples, &settings, 4);
            let losses = |reports: &[lossglass::train::StepReport]| {
                reports.iter().map(|report| (report.loss.to_bits(), report.grad_norm.to_bits())).collect::<Vec<_>>()
            };
            assert_eq!(losses(&first), losses(&again));
            assert!(bits(&decoder) == after, "{name} {}", settings.method);
        }
    }
}

/// Ten steps under settings that change in between, by method, optimizer and rate.
fn varied(step: usize) -> Settings {
    let lora = |rank| Method::Lora(LoraSettings { rank, ..LoraSettings::default() });
    match step {
        0..2 => settings(Method::Last { layers: 1 }),
        2..4 => settings(lora(2)),
        4..5 => settings(lora(3)),
        5..8 => Settings { optimizer: Optimizer::Sgd { momentum: 0.9 }, ..settings(Method::Full) },
        _ => Settings { lr: 1e-3, ..settings(Method::Full) },
    }
}

#[test]
fn every_step_can_be_gone_back_to_through_all_changes() {
    for budget in [1 << 30, small_budget("llama"), 0] {
        let (mut decoder, examples) = (decoder("llama"), examples("llama"));
        let mut trainer = Trainer::new(&decoder, Some(budget));
        let mut states = vec![bits(&decoder)];
        for step in 0..10 {
            steps(&mut trainer, &mut decoder, &examples, &varied(step), 1);
            states.push(bits(&decoder));
        }
        assert_eq!(trainer.oldest(), 0);
        for to in [9, 7, 5, 4, 3, 1, 0] {
            let mut fraction = 0.0;
            trainer.rewind(&mut decoder, to, &Cancel::default(), &mut |f| fraction = f).unwrap();
            assert_eq!(trainer.steps(), to);
            assert!(bits(&decoder) == states[to], "step {to} with a budget of {budget}");
            assert!((0.0..=1.0).contains(&fraction));
        }
        for step in 0..10 {
            steps(&mut trainer, &mut decoder, &examples, &varied(step), 1);
        }
        assert!(bits(&decoder) == states[10], "the same settings lead to the same weights");
    }
}

#[test]
fn without_a_budget_there_is_no_way_back() {
    let (mut decoder, examples) = (decoder("llama"), examples("llama"));
    let mut trainer = Trainer::new(&decoder, None);
    steps(&mut trainer, &mut decoder, &examples, &settings(Method::Full), 2);
    let before = bits(&decoder);
    let back = trainer.rewind(&mut decoder, 1, &Cancel::default(), &mut |_| {});
    assert!(matches!(back, Err(TrainError::OutOfReach { step: 1, oldest: 2, newest: 2 })), "{back:?}");
    assert!(trainer.reset(&mut decoder).is_err());
    assert!(bits(&decoder) == before);
}

#[test]
fn a_cancelled_step_leaves_the_weights() {
    let (mut decoder, examples) = (decoder("llama"), examples("llama"));
    let mut trainer = Trainer::new(&decoder, Some(1 << 30));
    steps(&mut trainer, &mut decoder, &examples, &settings(Method::Full), 1);
    let before = bits(&decoder);
    let cancelled = Cancel::default();
    cancelled.cancel();
    for method in methods() {
        let stopped = trainer.step(&mut decoder, &examples, &settings(method), &cancelled).unwrap_err();
        assert!(stopped.is_cancelled(), "{stopped}");
        assert!(bits(&decoder) == before && trainer.steps() == 1);
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    for method in [Method::Full, Method::Lora(LoraSettings::default())] {
        let run = |threads: usize| {
            let (mut decoder, examples) = (decoder("llama"), examples("llama"));
            let mut trainer = Trainer::new(&decoder, None);
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| steps(&mut trainer, &mut decoder, &examples, &settings(method.clone()), 3));
            bits(&decoder)
        };
        let one = run(1);
        assert!((2..=4).all(|threads| run(threads) == one), "{method}");
    }
}

/// Rewinding from step 12 to step 5, how many steps are taken again.
fn replayed(kept: Option<usize>, keepsake: usize) -> usize {
    let (mut decoder, examples, settings) = (decoder("llama"), examples("llama"), settings(Method::Full));
    let mut trainer = Trainer::new(&decoder, Some(0)).keep_within(keepsake);
    let mut after_five = Vec::new();
    for step in 1..=12 {
        steps(&mut trainer, &mut decoder, &examples, &settings, 1);
        if step == 5 {
            after_five = bits(&decoder);
        }
        // As one that gets better and better until step 5.
        trainer.keep(kept.map(|best| best.min(step)));
    }
    let mut count = 0;
    trainer.rewind(&mut decoder, 5, &Cancel::default(), &mut |_| count += 1).unwrap();
    assert!(bits(&decoder) == after_five && trainer.steps() == 5);
    count
}

#[test]
fn a_step_that_is_kept_is_at_hand_whatever_the_budget() {
    assert_eq!(replayed(None, 1 << 30), 5, "from the base weights");
    assert_eq!(replayed(Some(5), 1 << 30), 0);
    assert_eq!(replayed(Some(5), 0), 5, "what is too large is not kept");
}

/// Whatever method a step was taken with: its weights are seen to the bit, and the run goes on as if nobody had looked.
#[test]
fn a_look_back_shows_a_steps_weights_and_leaves_the_present_ones() {
    let (mut decoder, examples) = (decoder("llama"), examples("llama"));
    let mut trainer = Trainer::new(&decoder, Some(1 << 30));
    let mut states = vec![bits(&decoder)];
    for step in 0..10 {
        steps(&mut trainer, &mut decoder, &examples, &varied(step), 1);
        states.push(bits(&decoder));
        for (past, state) in states.iter().enumerate() {
            let seen = trainer.look_back(&mut decoder, past, bits).unwrap();
            assert!(seen == *state, "step {past} seen from step {}", step + 1);
            assert!(bits(&decoder) == states[step + 1] && trainer.steps() == step + 1);
        }
    }
    let (mut other, mut unwatched) = (super::decoder("llama"), Trainer::new(&super::decoder("llama"), Some(1 << 30)));
    for step in 0..10 {
        steps(&mut unwatched, &mut other, &examples, &varied(step), 1);
    }
    assert!(bits(&other) == states[10] && trainer.optimizer() == unwatched.optimizer());
}

#[test]
fn a_step_whose_weights_are_not_kept_has_kept_neighbours() {
    let (mut decoder, examples) = (decoder("llama"), examples("llama"));
    let mut trainer = Trainer::new(&decoder, Some(small_budget("llama")));
    steps(&mut trainer, &mut decoder, &examples, &settings(Method::Full), 10);
    let now = bits(&decoder);
    let is_kept = |trainer: &mut Trainer, decoder: &mut _, step| trainer.look_back(decoder, step, |_| ()).is_ok();
    let kept: Vec<usize> = (0..=11).filter(|&step| is_kept(&mut trainer, &mut decoder, step)).collect();
    assert!(kept.len() < 8 && kept.starts_with(&[0]) && kept.ends_with(&[9, 10]), "{kept:?}");
    for step in (0..10).filter(|step| !kept.contains(step)) {
        let refused = trainer.look_back(&mut decoder, step, |_| ()).unwrap_err();
        assert_eq!(refused.to_string(), format!("the weights after step {step} are not kept"));
        let [before, after] = trainer.nearest(step).map(Option::unwrap);
        assert_eq!(Some(&before), kept.iter().rfind(|&&other| other < step));
        assert_eq!(Some(&after), kept.iter().find(|&&other| other > step));
    }
    assert!(bits(&decoder) == now);
}
