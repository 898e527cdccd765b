//! Demonstrations, the best step, the verdict, and the runs of this sitting.

use lossglass::app::{Action, App, Effect, TrainPanel, TrainingData, update};
use lossglass::engine::{Data, Ended, Event, Measure, Request, TrainEvent, TrainRequest};
use lossglass::loss::Denominator;

use super::training::{asked, at, hear, paused, plan, report, rows, stands, stepped, trained};
use super::{notice, picker, press};
use crate::support::sample::{chat, chat_sequence, tokenised};

/// The demonstration of that name, chosen, its text scored and its probes asked for.
fn staged(name: &str) -> (App, Vec<Effect>) {
    let mut app = chat();
    press(&mut app, "4 t");
    update(&mut app, Action::Paste(name.into()));
    let effects = press(&mut app, "enter");
    assert_eq!(asked(&effects), ["analyze"], "another sample or model is asked for first");
    let generation = app.analysis.generation;
    update(&mut app, Action::Engine(tokenised(generation, chat_sequence())));
    let rows = rows(&app, 0);
    update(&mut app, Action::Engine(Event::Scored { generation, from: 0, rows }));
    let effects = update(&mut app, Action::Engine(Event::Finished { generation, seconds: 0.0 }));
    (app, effects)
}

/// The trainer's word after the step to `step`, with what was measured.
fn measured(app: &mut App, step: usize, probes: &[f64]) -> Vec<Effect> {
    let mut at = at(app, step, if step == 0 { Vec::new() } else { vec![report(step)] });
    at.probes = vec![probes.iter().copied().map(Some).collect()];
    hear(app, TrainEvent::At(at))
}

fn measures(effects: &[Effect]) -> Vec<Measure> {
    let watched = effects.iter().find_map(|effect| match effect {
        Effect::Engine(Request::Train(TrainRequest::Probe { probes, .. })) => Some(probes),
        _ => None,
    });
    watched.expect("probes").iter().map(|watch| watch.measure).collect()
}

#[test]
fn two_answers_are_learned_in_turn_and_everything_is_as_before_in_the_end() {
    let (mut app, effects) = staged("two right");
    assert_eq!(asked(&effects)[..2], ["reset", "probe 5 every 1"]);
    assert_eq!(measures(&effects), [Measure::Scored, Measure::Scored, Measure::Scored, Measure::First, Measure::First]);
    assert!(notice(&app).0.starts_with("two right answers: r takes its 60 steps"), "{:?}", notice(&app));
    let effects = press(&mut app, "r");
    assert!(asked(&effects).contains(&"run 60".into()));
    let Data::Samples { samples, .. } = &plan(&effects).data else { panic!("{effects:?}") };
    assert_eq!(samples.len(), 2);
    let settings = &plan(&effects).first.settings;
    assert!(!settings.shuffle && settings.denominator == Denominator::Sum && app.denominator == Denominator::Sum);
    measured(&mut app, 0, &[1.0, 2.0, 3.0, 0.0, 9.0]);
    measured(&mut app, 1, &[1.0, 2.0, 3.0, 0.25_f64.ln().abs(), 0.5_f64.ln().abs()]);
    assert_eq!(app.training.probes.iter().map(|probe| probe.losses.len()).collect::<Vec<_>>(), [2, 2, 2]);
    hear(&mut app, TrainEvent::Ended(Ended::Goal("60 steps".into())));
    assert!(notice(&app).0.ends_with("p(The…) 0.25, share 0.50 · p(Paris…) 0.50, share 0.50"), "{:?}", notice(&app));
    assert!(asked(&press(&mut app, "t")).is_empty());
    let training = &app.training;
    assert!(training.stage.is_none() && app.overlay.is_none() && training.data == TrainingData::Screen);
    assert_eq!((training.settings.lr, app.denominator, training.goal.steps), (5e-5, Denominator::Scored, None));
    assert_eq!(asked(&press(&mut app, "space"))[0], "probe 3 every 1", "what it watched is watched no more");
}

#[test]
fn the_own_text_is_watched_beside_the_true_one_by_a_model_that_has_not_learned_it() {
    let (mut app, effects) = staged("own text");
    assert_eq!(app.source().name(), "tiny-base");
    assert_eq!(measures(&effects)[1..], [Measure::TrueText, Measure::OwnText]);
    let effects = press(&mut app, "r");
    assert!(matches!(plan(&effects).data, Data::Screen { .. }) && asked(&effects).contains(&"run 24".into()));
    measured(&mut app, 0, &[1.0, 6.0, 1.5]);
    paused(&mut app);
    assert!(notice(&app).0.ends_with("true text 6.000 nats, own text 1.500"), "{:?}", notice(&app));
    // Another sample ends it.
    press(&mut app, "o");
    update(&mut app, Action::Pick(1));
    let generation = app.analysis.generation;
    update(&mut app, Action::Engine(tokenised(generation, chat_sequence())));
    assert!(app.training.stage.is_none() && app.training.settings.lr == 5e-5);
}

#[test]
fn the_list_has_twins_and_demonstrations() {
    let mut app = chat();
    press(&mut app, "4 t");
    assert_eq!(picker(&app).total(), lossglass::app::PRESETS.len() + 5);
    press(&mut app, "esc");
    assert!(app.training.stage.is_none());
}

/// After step 4, with two probes: the first is best after step 1, the second after step 3.
fn with_probes() -> App {
    let mut app = chat();
    press(&mut app, "4 p r");
    let kin = [3.0, 1.0, 1.2, 1.6, 2.0];
    let other = [5.0, 4.0, 3.0, 2.0, 2.5];
    for step in 0..5 {
        measured(&mut app, step, &[kin[step], other[step]]);
    }
    app
}

#[test]
fn the_best_step_by_a_probe_is_kept_gone_to_and_saved() {
    let mut app = chat();
    press(&mut app, "4 *");
    assert_eq!(notice(&app).0, "no step is measured yet: space takes one, r runs");
    press(&mut app, "p r");
    let kept = |app: &mut App, step, probes: &[f64]| {
        let asked = asked(&measured(app, step, probes));
        asked.into_iter().filter(|word| word.starts_with("keep")).collect::<Vec<_>>()
    };
    assert_eq!(kept(&mut app, 0, &[3.0, 5.0]), Vec::<String>::new());
    assert_eq!(kept(&mut app, 1, &[1.0, 4.0]), ["keep 1"]);
    assert_eq!(kept(&mut app, 2, &[1.2, 3.0]), Vec::<String>::new(), "it is no better");

    let mut app = with_probes();
    paused(&mut app);
    assert_eq!(app.training.best(), Some((1, 1.0)));
    assert_eq!(asked(&press(&mut app, "P")), ["keep 3"]);
    assert_eq!(app.training.best(), Some((3, 2.0)));
    assert_eq!(asked(&press(&mut app, "P")), ["keep 1"], "round and round");
    assert_eq!(asked(&press(&mut app, "*")), ["rewind 1"]);
    assert!(notice(&app).0.starts_with("back to step 1, the best by"), "{:?}", notice(&app));
    stands(&mut app, 1);
    assert!(
        asked(&press(&mut app, "*")).is_empty() && notice(&app).0.contains("these are the weights of the best step")
    );
    press(&mut app, "w");
    assert_eq!(asked(&press(&mut app, "enter")), ["save ./lossglass-hand-made-step1"]);
    let mut app = with_probes();
    app.training.oldest = 2;
    assert!(asked(&press(&mut app, "*")).is_empty() && notice(&app).0.contains("too long ago"));
}

#[test]
fn the_end_of_a_run_says_what_came_of_it() {
    let mut app = with_probes();
    paused(&mut app);
    let name = app.training.probes[0].name.clone();
    let said = notice(&app).0.to_owned();
    assert!(said.starts_with("paused at step 4; r goes on · "), "{said}");
    assert!(said.contains(&format!("{name} better until step 1, worse from step 2")), "{said}");
    let verdict = app.verdict().expect("enough is measured");
    assert_eq!(verdict.probes.len(), 2);
    let mut app = trained(2);
    assert!(app.verdict().is_none(), "too little is measured");
    press(&mut app, "r");
    paused(&mut app);
    assert_eq!(notice(&app).0, "paused at step 2; r goes on");
}

#[test]
fn runs_that_are_over_stay_with_what_they_did_otherwise() {
    let mut app = trained(4);
    press(&mut app, "u");
    stands(&mut app, 3);
    assert!(app.training.earlier.is_empty(), "an undone step is no run");
    press(&mut app, "X");
    stands(&mut app, 0);
    assert_eq!(app.training.earlier.len(), 1);
    press(&mut app, "+ r");
    (1..=3).for_each(|step| drop(stepped(&mut app, step)));
    press(&mut app, "-");
    stepped(&mut app, 4);
    press(&mut app, "r");
    paused(&mut app);
    let run = &app.training.earlier[0];
    assert_eq!((run.number, run.glyph(), run.steps), (1, "a", (0, 3)));
    assert_eq!(run.differences(&app), ["lr 5e-5"]);
    let curve = run.curve(app.sequence(), app.mask().expect("a mask"));
    assert_eq!(curve.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [0.0, 1.0, 2.0, 3.0]);
    press(&mut app, "X");
    stands(&mut app, 0);
    assert_eq!(app.training.earlier[1].differences(&app), ["lr 1e-4", "lr 5e-5 after step 4"]);
    // Of another text it is in the list, and not in the plot.
    let mut other = chat_sequence();
    other.tokens.pop();
    let generation = app.analysis.generation;
    update(&mut app, Action::Engine(tokenised(generation, other)));
    let run = &app.training.earlier[0];
    assert!(run.curve(app.sequence(), app.mask().expect("a mask")).is_empty());
    assert_eq!(run.differences(&app)[0], "another text");
}

#[test]
fn both_copies_of_a_twin_run_are_remembered_and_the_run_before_it_as_one() {
    let mut app = trained(2);
    press(&mut app, "t enter");
    stands(&mut app, 0);
    let copies = |app: &App| app.training.earlier.iter().map(|run| run.copy.clone()).collect::<Vec<_>>();
    assert_eq!(copies(&app), [None]);
    for step in 0..=2 {
        let reports = if step == 0 { Vec::new() } else { vec![report(step), report(step)] };
        let mut at = at(&app, step, reports);
        at.rows.push(rows(&app, step + 5));
        hear(&mut app, TrainEvent::At(at));
    }
    press(&mut app, "X");
    stands(&mut app, 0);
    assert_eq!(copies(&app)[1..], [Some("twin: answer only".to_owned()), Some("twin: all tokens".to_owned())]);
    assert_eq!(app.training.earlier[2].differences(&app), ["twin: all tokens", "mask all"]);
}

#[test]
fn the_runs_that_are_remembered_are_few() {
    let mut app = trained(1);
    for _ in 0..20 {
        press(&mut app, "r");
        stepped(&mut app, 1);
        stepped(&mut app, 2);
        press(&mut app, "X");
        paused(&mut app);
        stands(&mut app, 0);
    }
    let numbers: Vec<usize> = app.training.earlier.iter().map(|run| run.number).collect();
    assert_eq!((numbers.len(), numbers.last()), (12, Some(&20)));
    update(&mut app, Action::ShowPanel(TrainPanel::Runs as usize));
    assert_eq!(app.views.train.panel, TrainPanel::Runs);
}
