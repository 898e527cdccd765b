//! A step in slow motion, cell by cell.

use std::sync::Arc;

use lossglass::app::{App, Overlay, SlowMotion, StepStage, ThemeName, View};
use lossglass::loss::Labels;
use lossglass::sequence::Documents;
use lossglass::train::{LoraSettings, Method, Optimizer, Settings};

use crate::support::frame::{find, frame, lines};
use crate::support::sample::{at, chat, text};
use crate::support::slow::{of_examples, show, step, step_with};

/// The chat's step, at this stage.
fn shown(stage: StepStage) -> App {
    let mut app = at(View::Train, 11);
    let step = step(&app);
    show(&mut app, step, stage);
    app
}

#[test]
fn every_stage_in_two_sizes() {
    for stage in StepStage::EVERY {
        let app = shown(stage);
        insta::assert_snapshot!(format!("slow_{}_80x24", stage.name()), lines(&app, 80, 24));
        insta::assert_snapshot!(format!("slow_{}_120x40", stage.name()), lines(&app, 120, 40));
    }
}

#[test]
fn other_steps() {
    let sgd = Settings { optimizer: Optimizer::Sgd { momentum: 0.9 }, clip: 0.0, ..Settings::default() };
    let lora = Settings { method: Method::Lora(LoraSettings::default()), clip: 9.0, ..Settings::default() };
    let mut app = chat();
    let step = step_with(&app, sgd);
    show(&mut app, step, StepStage::Update);
    insta::assert_snapshot!("slow_sgd_80x24", lines(&app, 80, 24));
    let step = step_with(&app, lora);
    show(&mut app, step, StepStage::Gradient);
    insta::assert_snapshot!("slow_lora_80x24", lines(&app, 80, 24));
    let chat_ids = app.sequence().ids();
    let half: Vec<f64> = (0..chat_ids.len()).map(|t| if t > 9 { 0.5 } else { 0.0 }).collect();
    let examples = vec![(chat_ids, half), (text().ids(), vec![1.0; text().len()])];
    let step = of_examples(examples, Settings::default());
    show(&mut app, step, StepStage::Mask);
    insta::assert_snapshot!("slow_two_texts_120x40", lines(&app, 120, 40));
}

#[test]
fn a_target_that_does_not_count_has_no_row() {
    let mut app = shown(StepStage::Predict);
    let Some(Overlay::SlowStep(motion)) = &mut app.overlay else { panic!("no step") };
    motion.line = 4;
    for (stage, words) in [
        (StepStage::Predict, "the step computes no logits for it"),
        (StepStage::Loss, "the step computes no logits for it"),
        (StepStage::Gradient, "no gradient comes from it"),
        (StepStage::Batch, "its label is −100"),
    ] {
        let Some(Overlay::SlowStep(motion)) = &mut app.overlay else { panic!("no step") };
        motion.stage = stage;
        let screen = lines(&app, 120, 40);
        assert!(screen.contains(words), "{stage:?}: {screen}");
    }
}

#[test]
fn a_pack_and_labels_that_are_shifted_wrongly_are_said_to_be() {
    let mut app = chat();
    let mut step = step(&app);
    let example = Arc::make_mut(&mut step.passed[0].example);
    example.visibility = Documents::new([6]).into();
    show(&mut app, step.clone(), StepStage::Batch);
    let screen = lines(&app, 120, 40);
    assert!(screen.contains("no row: a packed text begins"), "{screen}");
    assert!(screen.contains("Packed: up to 2 texts in one sequence, each sees only itself."), "{screen}");
    Arc::make_mut(&mut step.passed[0].example).labels = Labels::Same;
    show(&mut app, step, StepStage::Batch);
    assert!(lines(&app, 120, 40).contains("row i is asked for token i: broken on purpose"));
}

#[test]
fn what_is_not_known_is_not_invented() {
    let mut app = chat();
    app.overlay = Some(Overlay::SlowStep(SlowMotion::default()));
    let screen = lines(&app, 80, 24);
    assert!(screen.contains("the step is being taken … · esc stops it"), "{screen}");
    assert!(screen.contains("1 Predict"), "the view stays in sight");
    let mut step = step(&app);
    step.passed[0].after.clear();
    show(&mut app, step, StepStage::Again);
    let screen = lines(&app, 80, 24);
    assert!(screen.contains("not known") && screen.contains("the new loss is not known"), "{screen}");
}

#[test]
fn without_colour_and_without_glyphs() {
    for stage in StepStage::EVERY {
        let mut app = shown(stage);
        (app.theme, app.unicode) = (ThemeName::Mono, false);
        let screen = lines(&app, 80, 24);
        assert!(screen.is_ascii(), "{screen}");
        assert!(stage != StepStage::Update || !screen.contains('?'), "every sign of a formula has a letter: {screen}");
    }
}

/// The numbers on a line behind its formula: those of its arithmetic, and the result.
fn numbers(line: &str) -> Vec<f64> {
    let (_, figures) = line.trim_matches(['│', ' ']).split_once("  ").expect("a formula, then figures");
    let of = |word: &str| word.replace('−', "-").trim_matches(['(', ')']).parse().ok();
    figures.replace('·', " ").split_whitespace().filter_map(|word| of(word.trim_end_matches('²'))).collect()
}

/// Anyone with a pocket calculator gets the same from what is on screen.
#[test]
fn the_arithmetic_on_screen_can_be_checked_by_hand() {
    for (width, height, tolerance) in [(80, 24, 1e-4), (120, 40, 2e-6)] {
        let screen = lines(&shown(StepStage::Update), width, height);
        let of = |formula: &str| {
            let line = screen.lines().find(|line| line.trim_matches(['│', ' ']).starts_with(formula));
            numbers(line.unwrap_or_else(|| panic!("{formula} is not there: {screen}")))
        };
        let close = |a: f64, b: f64, size: f64| (a - b).abs() <= tolerance * size.abs().max(b.abs());
        let w = of("w before")[0];
        let [raw, scale, g] = of("g = ∂L/∂w")[..] else { panic!("{screen}") };
        assert!(close(g, raw * scale, 0.0), "{screen}");
        let [beta, m, rest, g_again, first] = of("m = β₁·m")[..] else { panic!("{screen}") };
        assert!(g_again == g && close(first, beta * m + rest * g, 0.1 * g), "{screen}");
        let [beta, v, rest, g_again, second] = of("v = β₂·v")[..] else { panic!("{screen}") };
        assert!(g_again == g && close(second, beta * v + rest * g * g, 0.0), "{screen}");
        let [first_again, by, m_hat] = of("m* = m/")[..] else { panic!("{screen}") };
        assert!(first_again == first && close(by, 1.0 - 0.9_f64.powi(3), 0.0) && close(m_hat, first / by, 0.0));
        let [second_again, by, v_hat] = of("v* = v/")[..] else { panic!("{screen}") };
        assert!(second_again == second && close(by, 1.0 - 0.999_f64.powi(3), 0.0) && close(v_hat, second / by, 0.0));
        let [lr, m_again, root, epsilon, d] = of("d = lr·m*")[..] else { panic!("{screen}") };
        assert!(m_again == m_hat && epsilon == 1e-8 && close(root, v_hat.sqrt(), 0.0), "{screen}");
        assert!(close(d, lr * m_hat / (root + epsilon), 0.0), "{screen}");
        let [w_again, one, lr_again, lambda, decayed] = of("w·(1 − lr·λ)")[..] else { panic!("{screen}") };
        assert!((w_again, one, lr_again) == (w, 1.0, lr) && close(decayed, w * (1.0 - lr * lambda), 0.0));
        let [decayed_again, d_again, new] = of("w′ = w")[..] else { panic!("{screen}") };
        assert!(decayed_again == decayed && d_again == d && (new - (decayed - d)).abs() < 2e-8, "{screen}");
    }
}

#[test]
fn clicks_lead_down_to_where_a_figure_comes_from() {
    let clicked = |app: &App, needle: &str| {
        let (_, hits) = frame(app, 120, 40);
        format!("{:?}", hits.at(find(&lines(app, 120, 40), 3, needle)).expect(needle))
    };
    let to = |stage: &str, line: &str, tensor: &str| {
        format!("Trace(SlowPlace {{ stage: {stage}, line: {line}, tensor: {tensor} }})")
    };
    let nll = |app: &App, t: usize| match &app.overlay {
        Some(Overlay::SlowStep(motion)) => format!("{:.3}", motion.step.as_ref().unwrap().passed[0].nll(t).unwrap()),
        _ => panic!("no step"),
    };
    let app = shown(StepStage::Loss);
    assert_eq!(clicked(&app, &nll(&app, 11)), to("Predict", "Some(11)", "None"));
    assert_eq!(clicked(&app, "␣there"), to("Loss", "Some(11)", "None"), "its name chooses it");
    assert_eq!(clicked(&shown(StepStage::Mask), &nll(&app, 12)), to("Loss", "Some(12)", "None"));
    assert_eq!(clicked(&shown(StepStage::Again), &nll(&app, 10)), to("Loss", "Some(10)", "None"));
    assert_eq!(clicked(&shown(StepStage::Gradient), "layer 1"), to("Update", "None", "Some(4)"));
    assert_eq!(clicked(&shown(StepStage::Gradient), "◆ Hello"), to("Predict", "None", "None"));
    assert_eq!(clicked(&shown(StepStage::Update), "g = ∂L/∂w"), to("Gradient", "None", "None"));
    assert_eq!(clicked(&shown(StepStage::Update), "model.norm.weight"), to("Update", "None", "Some(10)"));
    let (_, hits) = frame(&app, 120, 40);
    let tab = find(&lines(&app, 120, 40), 1, "7 again");
    assert_eq!(format!("{:?}", hits.at(tab).unwrap()), to("Again", "None", "None"));
}
