//! Keys that train, and what the trainer says.

use lossglass::app::{Action, Activity, App, Effect, FileOutcome, TrainPanel, View, update};
use lossglass::engine::{At, CopyMask, Data, Ended, Event, Plan, Request, TrainEvent, TrainRequest, Written};
use lossglass::loss::{Row, Scores};
use lossglass::mask::Mode;
use lossglass::score::row;
use lossglass::train::StepReport;

use super::{notice, press};
use crate::support::sample::{VOCABULARY, answer_distribution, chat, chat_sequence, empty, loaded, text, tokenised};

/// What the model says of the sequence on screen after `step` steps.
pub fn rows(app: &App, step: usize) -> Vec<Row> {
    let ids = app.sequence().ids();
    let logits = |position: usize| -> Vec<f32> {
        (0..VOCABULARY.len()).map(|id| ((position * 7 + id * 5 + step * 3) % 13) as f32 * 0.9).collect()
    };
    (0..ids.len()).map(|i| row(&logits(i), ids.get(i + 1).copied(), 5)).collect()
}

pub fn report(step: usize) -> StepReport {
    StepReport { step, loss: 1.0 / step as f64, scored: 3, ..StepReport::default() }
}

pub fn at(app: &App, step: usize, reports: Vec<StepReport>) -> At {
    let rows = vec![rows(app, step)];
    At { step, reports, generation: app.analysis.generation, rows, probes: Vec::new(), oldest: 0 }
}

pub fn hear(app: &mut App, event: TrainEvent) -> Vec<Effect> {
    update(app, Action::Engine(Event::Train(event)))
}

/// The trainer's word after the step to `step`.
pub fn stepped(app: &mut App, step: usize) -> Vec<Effect> {
    let at = at(app, step, vec![report(step)]);
    hear(app, TrainEvent::At(at))
}

/// The trainer's word after undo, rewind and reset, and before the first step.
pub fn stands(app: &mut App, step: usize) -> Vec<Effect> {
    let at = at(app, step, Vec::new());
    hear(app, TrainEvent::At(at))
}

pub fn paused(app: &mut App) -> Vec<Effect> {
    hear(app, TrainEvent::Ended(Ended::Paused))
}

/// A chat after so many steps, at rest, in the view Train.
pub fn trained(steps: usize) -> App {
    let mut app = chat();
    press(&mut app, "4 r");
    stands(&mut app, 0);
    (1..=steps).for_each(|step| drop(stepped(&mut app, step)));
    press(&mut app, "r");
    paused(&mut app);
    app
}

/// The requests among the effects, in a word or two each.
pub fn asked(effects: &[Effect]) -> Vec<String> {
    let word = |effect: &Effect| match effect {
        Effect::Engine(Request::Analyze { .. }) => "analyze".into(),
        Effect::Engine(Request::Distribution { position, .. }) => format!("distribution {position}"),
        Effect::Engine(Request::Train(request)) => match request {
            TrainRequest::Run { goal, .. } => goal.steps.map_or("run".into(), |steps| format!("run {steps}")),
            TrainRequest::StepSlowly(_) => "step slowly".into(),
            TrainRequest::Replan(_) => "replan".into(),
            TrainRequest::Pause => "pause".into(),
            TrainRequest::Undo => "undo".into(),
            TrainRequest::Rewind { step } => format!("rewind {step}"),
            TrainRequest::Reset => "reset".into(),
            TrainRequest::Probe { probes, every, .. } => format!("probe {} every {every}", probes.len()),
            TrainRequest::Keep { step } => format!("keep {}", step.map_or("none".into(), |step| step.to_string())),
            TrainRequest::Twin(is_on) => format!("twin {is_on}"),
            TrainRequest::Continue { prompt, .. } => format!("continue {prompt}"),
            TrainRequest::HandOver(run) => {
                format!("hand {} steps to {} in {}", run.steps, run.to, run.directory.display())
            }
            TrainRequest::Save { directory } => format!("save {}", directory.display()),
            TrainRequest::Checkpoint(request) => format!("checkpoint {}", request.step),
        },
        other => format!("{other:?}"),
    };
    effects.iter().map(word).collect()
}

pub fn plan(effects: &[Effect]) -> &Plan {
    let plan = effects.iter().find_map(|effect| match effect {
        Effect::Engine(Request::Train(TrainRequest::Run { plan, .. } | TrainRequest::Replan(plan))) => Some(plan),
        _ => None,
    });
    plan.unwrap_or_else(|| panic!("no plan in {effects:?}"))
}

pub fn weights(mask: &CopyMask) -> Vec<f64> {
    match mask {
        CopyMask::Weights(weights) => weights.to_vec(),
        CopyMask::Policy(_) => panic!("{mask:?} instead of weights"),
    }
}

fn film(app: &App) -> Vec<usize> {
    app.training.film.frames.iter().map(|frame| frame.step).collect()
}

pub fn changes(app: &App) -> Vec<(usize, &str)> {
    app.training.changes.iter().map(|change| (change.after, change.what.as_str())).collect()
}

fn loss(app: &App) -> f64 {
    app.ledger().and_then(|ledger| ledger.loss(app.denominator)).expect("a loss")
}

#[test]
fn space_takes_one_step_from_any_view_and_the_screen_shows_it() {
    for view in ["1", "2", "3", "4"] {
        let mut app = chat();
        press(&mut app, view);
        let before = loss(&app);
        let effects = press(&mut app, "space");
        assert_eq!(asked(&effects), ["probe 1 every 1", "continue 10", "run 1"]);
        assert!(matches!(plan(&effects).data, Data::Screen { generation } if generation == app.analysis.generation));
        assert_eq!(weights(&plan(&effects).first.mask), app.mask().unwrap().weights());
        assert_eq!(app.training.activity, Activity::Running);
        assert!(press(&mut app, "space").is_empty(), "what is asked for already is not asked twice");
        assert_eq!(asked(&stands(&mut app, 0)), ["distribution 9"]);
        assert_eq!(asked(&stepped(&mut app, 1)), ["distribution 9"], "nothing stale on screen");
        assert_eq!(asked(&hear(&mut app, TrainEvent::Ended(Ended::Goal("1 step".into())))), ["continue 10"]);
        assert_eq!((app.training.step, app.training.steps.len(), film(&app)), (1, 1, vec![0, 1]));
        assert_eq!(app.analysis.scores, Scores::new(rows(&app, 1)));
        assert!((loss(&app) - before).abs() > 1e-6);
        assert_eq!((app.training.activity.clone(), notice(&app)), (Activity::Idle, ("step 1 taken", false)));
        assert_eq!(asked(&press(&mut app, "space")), ["run 1"], "probes and the first words are known");
    }
}

#[test]
fn a_run_goes_to_its_goal_and_r_pauses_it() {
    let mut app = chat();
    app.training.goal.steps = Some(20);
    assert_eq!(asked(&press(&mut app, "r")).last().map(String::as_str), Some("run 20"));
    stands(&mut app, 0);
    stepped(&mut app, 1);
    assert_eq!(asked(&press(&mut app, "r")), ["pause"]);
    assert_eq!(app.training.activity, Activity::Pausing);
    assert!(press(&mut app, "r space").is_empty());
    assert_eq!(notice(&app).0, "pausing; one moment");
    stepped(&mut app, 2);
    assert_eq!(app.training.activity, Activity::Pausing, "a step was on its way");
    paused(&mut app);
    assert_eq!((app.training.activity.clone(), notice(&app).0), (Activity::Idle, "paused at step 2; r goes on"));
    press(&mut app, "r");
    assert_eq!(asked(&press(&mut app, "esc")), ["pause"]);
    hear(&mut app, TrainEvent::Ended(Ended::Failed("the loss is no number".into())));
    assert_eq!(notice(&app), ("stopped at step 2: the loss is no number", true));
}

#[test]
fn nothing_is_asked_where_nothing_can_be_learned() {
    let mut users = chat_sequence();
    users.roles[1] = "user".into();
    users.tokens.iter_mut().for_each(|token| token.role = Some("user".into()));
    for (mut app, why) in [
        (loaded(users), "nothing scored under mask assistant: tab chooses another mask"),
        (empty(), "there is no text to learn; e edits, o opens"),
    ] {
        for key in ["space", "r"] {
            assert_eq!((asked(&press(&mut app, key)), notice(&app)), (vec![], (why, true)));
            assert_eq!(app.training.activity, Activity::Idle);
        }
    }
    let mut app = chat();
    press(&mut app, "u");
    assert_eq!(notice(&app).0, "no step was taken yet; space takes one");
    press(&mut app, "4 ↑");
    assert_eq!((app.training.shown, notice(&app).0), (None, "no step was taken yet; space takes one"));
    press(&mut app, "w");
    assert!(app.overlay.is_none() && notice(&app).0.starts_with("nothing to save yet"));
}

#[test]
fn what_is_changed_in_mid_run_holds_at_once_and_is_noted() {
    let mut app = chat();
    press(&mut app, "4 r");
    stands(&mut app, 0);
    stepped(&mut app, 1);
    let effects = update(&mut app, Action::Basis(Mode::All.into()));
    assert_eq!(asked(&effects), ["replan"]);
    assert_eq!(weights(&plan(&effects).first.mask).iter().sum::<f64>(), 13.0);
    assert_eq!(changes(&app), [(2, "mask all")], "the step under way began before");
    stepped(&mut app, 2);
    let effects = press(&mut app, "+ + d");
    assert_eq!(asked(&effects), ["replan", "replan", "replan"]);
    stepped(&mut app, 3);
    assert_eq!(changes(&app), [(2, "mask all"), (3, "lr 2e-4"), (3, "denominator weights")]);
    assert_eq!(app.training.settings.lr, 2e-4);
    assert!(asked(&press(&mut app, "→ 2 c 4")).iter().all(|word| word.starts_with("distribution")));
    press(&mut app, "r");
    paused(&mut app);
    assert!(press(&mut app, "- - tab d").is_empty(), "at rest, the next run brings it");
    assert_eq!(changes(&app).len(), 3);
    press(&mut app, "space");
    assert_eq!(changes(&app), [(2, "mask all"), (3, "denominator all"), (3, "mask completion")], "lr is as it was");
}

#[test]
fn a_changed_text_ends_the_run_and_begins_a_film() {
    let mut app = chat();
    press(&mut app, "r");
    stands(&mut app, 0);
    stepped(&mut app, 1);
    let old = at(&app, 2, vec![report(2)]);
    assert_eq!(asked(&press(&mut app, "e x")), ["pause", "analyze"]);
    press(&mut app, "esc");
    let scores = app.analysis.scores.clone();
    hear(&mut app, TrainEvent::At(old));
    assert_eq!((app.training.step, app.training.steps.len(), film(&app)), (2, 2, vec![0, 1]));
    assert_eq!(app.analysis.scores, scores, "what belongs to an older text is not shown");
    paused(&mut app);
    assert_eq!(app.training.activity, Activity::Idle);
    press(&mut app, "space");
    assert_eq!(notice(&app), ("the text is not tokenised yet; one moment", true));
    let mut longer = chat_sequence();
    longer.tokens.pop();
    let generation = app.analysis.generation;
    update(&mut app, Action::Engine(tokenised(generation, longer)));
    assert_eq!((film(&app), app.training.step, app.training.before.is_none()), (vec![], 2, true));
    let rows = rows(&app, 2);
    update(&mut app, Action::Engine(Event::Scored { generation, from: 0, rows }));
    press(&mut app, "space");
    assert_eq!(film(&app), [2], "it begins at the present step");
    stepped(&mut app, 3);
    assert_eq!(film(&app), [2, 3]);
}

#[test]
fn another_model_begins_anew_with_the_same_settings() {
    let mut app = trained(2);
    press(&mut app, "+ p i");
    let settings = app.training.settings.clone();
    let source = lossglass::source::Source::parse("tiny-base").unwrap();
    let before = app.analysis.generation;
    update(&mut app, Action::Files(FileOutcome::Model(source.clone())));
    assert!(notice(&app).0.contains("step 2 are not saved"), "{:?}", notice(&app));
    assert_eq!((app.analysis.generation, app.source().name()), (before, "tiny-chat".into()), "nothing is lost unasked");
    update(&mut app, Action::Files(FileOutcome::Model(source)));
    let generation = app.analysis.generation;
    update(&mut app, Action::Engine(tokenised(generation, chat_sequence())));
    let training = &app.training;
    assert_eq!((training.step, training.steps.len(), film(&app), changes(&app)), (0, 0, vec![], vec![]));
    assert_eq!((&training.settings, app.views.train.panel, training.probes.len()), (&settings, TrainPanel::Probes, 2));
    let rows = rows(&app, 0);
    update(&mut app, Action::Engine(Event::Scored { generation, from: 0, rows }));
    assert_eq!(asked(&press(&mut app, "space")), ["probe 2 every 1", "continue 10", "run 1"], "it knows nothing yet");
}

#[test]
fn any_step_of_the_film_can_be_seen_again_in_every_view() {
    let mut app = trained(3);
    answer_distribution(&mut app);
    let now = loss(&app);
    assert!(asked(&press(&mut app, "↑ k")).is_empty(), "of a past step only the rows are known");
    assert_eq!((app.training.shown, app.training.shown_step()), (Some(1), 1));
    assert_eq!(app.analysis.scores, Scores::new(rows(&app, 1)));
    assert!(app.distribution().is_none() && (loss(&app) - now).abs() > 1e-6);
    assert!(asked(&press(&mut app, "1 → ←")).is_empty());
    answer_distribution(&mut app);
    assert!(app.distribution().is_none(), "an answer that was on its way is of the present weights");
    assert_eq!(asked(&press(&mut app, "4 ↓ ↓")), ["distribution 9"]);
    assert_eq!((app.training.shown, app.analysis.scores.clone()), (None, Scores::new(rows(&app, 3))));
    press(&mut app, "↑ ↑ ↑ ↑ ↑");
    assert_eq!(app.training.shown_step(), 0);
    press(&mut app, "esc");
    assert_eq!((app.training.shown, app.analysis.scores.clone()), (None, Scores::new(rows(&app, 3))));
    update(&mut app, Action::ShowStep(2));
    assert_eq!(app.training.shown_step(), 2);
    press(&mut app, "space");
    assert_eq!(app.training.shown, None, "a step is taken from now");
}

#[test]
fn a_past_step_stays_in_sight_while_a_run_goes_on() {
    let mut app = trained(2);
    press(&mut app, "r ↑");
    stepped(&mut app, 3);
    stepped(&mut app, 4);
    assert_eq!((app.training.shown_step(), app.training.step), (1, 4));
    assert_eq!(app.analysis.scores, Scores::new(rows(&app, 1)));
    assert!(asked(&press(&mut app, "esc")).contains(&"distribution 9".into()), "first back to now");
    assert_eq!((app.training.shown, &app.training.activity), (None, &Activity::Running));
    assert_eq!(asked(&press(&mut app, "esc")), ["pause"]);
}

#[test]
fn what_comes_after_a_step_that_was_gone_back_to_is_forgotten() {
    let mut app = trained(3);
    press(&mut app, "+ r");
    stepped(&mut app, 4);
    press(&mut app, "r");
    paused(&mut app);
    assert_eq!(changes(&app), [(3, "lr 1e-4")]);
    press(&mut app, "b");
    assert!(notice(&app).0.contains("↑ in the view Train chooses a step"), "{:?}", notice(&app));
    assert_eq!(asked(&press(&mut app, "↑ ↑ b")), ["rewind 2"]);
    assert_eq!(asked(&stands(&mut app, 2)), ["continue 10", "distribution 9"]);
    let training = &app.training;
    assert_eq!((training.step, training.steps.len(), film(&app), training.shown), (2, 2, vec![0, 1, 2], None));
    assert_eq!((changes(&app), app.analysis.scores.clone()), (vec![], Scores::new(rows(&app, 2))));
    press(&mut app, "space");
    assert_eq!(changes(&app), [(2, "lr 1e-4")], "it holds for the next step all the same");
    paused(&mut app);
    assert_eq!(asked(&press(&mut app, "u")), ["undo"]);
    stands(&mut app, 1);
    assert_eq!(film(&app), [0, 1]);
    assert_eq!(asked(&press(&mut app, "X")), ["reset"]);
    stands(&mut app, 0);
    assert_eq!((film(&app), app.training.steps.len(), changes(&app)), (vec![0], 0, vec![]));
    app.training.oldest = 5;
    app.training.step = 5;
    assert!(press(&mut app, "u").is_empty() && notice(&app).0.contains("nothing before step 5 is kept"));
}

#[test]
fn what_goes_back_ends_the_run() {
    for (keys, request) in [("u", "undo"), ("X", "reset")] {
        let mut app = chat();
        press(&mut app, "r");
        stands(&mut app, 0);
        stepped(&mut app, 1);
        assert_eq!(asked(&press(&mut app, keys)), [request]);
        assert_eq!(app.training.activity, Activity::Pausing);
        paused(&mut app);
        stands(&mut app, 0);
        assert_eq!((app.training.activity.clone(), app.training.step), (Activity::Idle, 0));
    }
}

#[test]
fn what_the_model_wrote_first_is_compared_with_what_it_writes_now() {
    let mut app = trained(0);
    let say = |app: &mut App, step: usize, text: &str| {
        let texts = vec![Written { text: text.into(), stopped: true }];
        hear(app, TrainEvent::Continued { step, prompt: "Hi".into(), texts });
    };
    let texts = |app: &App| {
        let text = |one: &Option<lossglass::app::Continuation>| {
            one.as_ref().map_or(String::new(), |one| format!("{} {}", one.step, one.texts[0].text))
        };
        (text(&app.training.before), text(&app.training.now))
    };
    say(&mut app, 0, "a");
    assert_eq!(texts(&app), ("0 a".into(), String::new()));
    press(&mut app, "space");
    stepped(&mut app, 1);
    say(&mut app, 1, "b");
    assert_eq!(texts(&app), ("0 a".into(), "1 b".into()));
    press(&mut app, "X");
    stands(&mut app, 0);
    assert_eq!(texts(&app), ("0 a".into(), String::new()));
    press(&mut app, "e x");
    say(&mut app, 0, "of the text before");
    assert_eq!(texts(&app).1, "");
}

#[test]
fn raw_text_is_continued_from_the_split_or_a_quarter() {
    let mut app = loaded(text());
    assert!(asked(&press(&mut app, "space")).contains(&"continue 2".into()));
    let mut app = loaded(text());
    update(&mut app, Action::Goto(5));
    assert!(asked(&press(&mut app, "s space")).contains(&"continue 5".into()));
}

#[test]
fn a_run_goes_on_after_what_took_a_while() {
    let mut app = trained(1);
    press(&mut app, "r");
    hear(&mut app, TrainEvent::Busy { what: "reading 24 samples".into(), fraction: 0.1 });
    stepped(&mut app, 2);
    assert_eq!(app.training.activity, Activity::Running);
    hear(&mut app, TrainEvent::Refused("no".into()));
    stepped(&mut app, 3);
    assert_eq!(app.training.activity, Activity::Running, "what was refused was something else");
}

#[test]
fn quitting_in_mid_run_waits_for_nothing() {
    let mut app = chat();
    press(&mut app, "r");
    let effects = press(&mut app, "q");
    assert!(app.quit && matches!(effects.last(), Some(Effect::CancelEngine)), "{effects:?}");
}

#[test]
fn the_view_has_its_key_and_its_panels() {
    let mut app = chat();
    press(&mut app, "4");
    assert_eq!(app.view, View::Train);
    press(&mut app, "i i");
    assert_eq!(app.views.train.panel, TrainPanel::Samples);
    update(&mut app, Action::ShowPanel(TrainPanel::Gradients as usize));
    press(&mut app, "i i i");
    assert_eq!(app.views.train.panel, TrainPanel::Movers);
}
