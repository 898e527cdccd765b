//! The engine's side of training, without a screen: requests in, events out.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use lossglass::cancel::Cancel;
use lossglass::dataset::Examples;
use lossglass::engine::{
    At, CopyMask, CopyPlan, Data, Ended, Engine, Event, Experiment, HandOver, Look, LookAt, LookEvent, Measure, Plan,
    Request, Seen, TrainEvent, TrainRequest, Watch,
};
use lossglass::handover::Recipient;
use lossglass::inspect::LayerWeights;
use lossglass::mask::{LossMask, MaskOptions, Mode, Policy, profile};
use lossglass::model::Reader;
use lossglass::sample::{Form, Record, Sample};
use lossglass::sequence::{EncodeOptions, Sequence};
use lossglass::source::Source;
use lossglass::train::{Goal, Method, Settings};

use super::models::chat;
use crate::fixtures::fixture;

/// What the screen trains on is handed over as it stands, from the base weights and from no others.
#[test]
fn a_run_is_handed_over() {
    let mut trained = Trained::new();
    let guard = tempfile::tempdir().unwrap();
    let request = |trained: &Trained, name: &str| {
        let (directory, mut plan) = (guard.path().join(name), *trained.plan(1e-3));
        plan.first.settings.batch = 3;
        let (mask, data, to) = ("assistant".into(), "the screen".into(), Recipient::Transformers);
        TrainRequest::HandOver(Box::new(HandOver { plan, to, steps: 4, mask, data, directory }))
    };
    trained.engine.send(Request::Train(request(&trained, "run")));
    loop {
        match trained.next() {
            Event::Train(TrainEvent::HandedOver { directory, start }) => {
                assert_eq!((directory, start.as_str()), (guard.path().join("run"), "python train.py"));
                break;
            }
            Event::Train(TrainEvent::Refused(why)) => panic!("{why}"),
            _ => {}
        }
    }
    let run: serde_json::Value =
        serde_json::from_slice(&std::fs::read(guard.path().join("run/run.json")).unwrap()).unwrap();
    assert_eq!((&run["steps"], &run["batch_size"], &run["accumulate"]), (&4.into(), &1.into(), &1.into()));
    let rows = lossglass::data::Records::open(&guard.path().join("run/train.parquet")).unwrap();
    assert_eq!(rows.count(), 4, "each step takes the one sequence once");
}

struct Trained {
    engine: Engine,
    events: Receiver<Event>,
    sequence: Arc<Sequence>,
    generation: u64,
    method: Method,
}

impl Trained {
    fn new() -> Self {
        let (sender, events) = mpsc::channel();
        let engine =
            Engine::spawn(candle_core::Device::Cpu, Default::default(), move |event| sender.send(event).is_ok())
                .unwrap();
        let mut this = Self { engine, events, sequence: Arc::default(), generation: 0, method: Method::Full };
        this.analyze(chat("The answer is 42."));
        this
    }

    fn analyze(&mut self, sample: Sample) {
        self.generation += 1;
        let (generation, encoding) = (self.generation, EncodeOptions::default());
        self.engine.send(Request::Analyze {
            generation,
            source: Source::Directory(fixture("llama")),
            sample,
            encoding,
            pack: None,
            experiment: Experiment::default(),
            top_k: 3,
        });
        loop {
            match self.next() {
                Event::Tokenised { sequence, .. } => self.sequence = sequence,
                Event::Finished { generation: finished, .. } if finished == generation => return,
                Event::Failed { message, .. } | Event::ModelFailed { message, .. } => panic!("{message}"),
                _ => {}
            }
        }
    }

    fn next(&self) -> Event {
        self.events.recv_timeout(Duration::from_secs(60)).expect("the engine answers")
    }

    fn next_train(&self) -> TrainEvent {
        loop {
            match self.next() {
                Event::Train(TrainEvent::Busy { .. }) => {}
                Event::Train(event) => return event,
                _ => {}
            }
        }
    }

    fn at(&self) -> At {
        loop {
            match self.next_train() {
                TrainEvent::At(at) => return at,
                TrainEvent::Read { .. } => {}
                other => panic!("{other:?} instead of a step"),
            }
        }
    }

    fn ended(&self) -> Ended {
        loop {
            match self.next_train() {
                TrainEvent::Ended(ended) => return ended,
                TrainEvent::At(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn send(&mut self, request: TrainRequest) {
        self.engine.send(Request::Train(request));
    }

    fn copy_plan(&self, mode: Mode, lr: f64) -> CopyPlan {
        let mask = LossMask::new(&self.sequence, mode, MaskOptions::default()).unwrap();
        let settings = Settings { method: self.method.clone(), lr, clip: 0.0, ..Settings::default() };
        CopyPlan { settings, mask: CopyMask::Weights(mask.weights().into()) }
    }

    fn plan(&self, lr: f64) -> Box<Plan> {
        let data = Data::Screen { generation: self.generation };
        Box::new(Plan { data, first: self.copy_plan(Mode::Assistant, lr), second: None })
    }

    fn run(&mut self, steps: usize) -> Vec<At> {
        let plan = self.plan(2e-3);
        self.send(TrainRequest::Run { plan, goal: Goal { steps: Some(steps), ..Goal::default() } });
        let mut seen = Vec::new();
        loop {
            match self.next_train() {
                TrainEvent::At(at) => seen.push(at),
                TrainEvent::Ended(Ended::Goal(_)) => return seen,
                other => panic!("{other:?}"),
            }
        }
    }
}

fn nlls(at: &At, copy: usize) -> Vec<u64> {
    at.rows[copy].iter().filter_map(|row| row.target.map(|target| target.nll.to_bits())).collect()
}

#[test]
fn a_run_says_what_the_weights_say_before_it_and_after_every_step() {
    let mut trained = Trained::new();
    let seen = trained.run(3);
    assert_eq!(seen.iter().map(|at| at.step).collect::<Vec<_>>(), [0, 1, 2, 3]);
    for (before, after) in seen.iter().zip(&seen[1..]) {
        let report = &after.reports[0];
        let scored = (1..trained.sequence.len()).filter(|&t| trained.sequence.tokens[t].turn == Some(1));
        assert!(report.scored > 2 && report.scored <= scored.count());
        assert_eq!(after.rows[0].len(), trained.sequence.len());
        assert_ne!(nlls(before, 0), nlls(after, 0));
    }
    assert!(seen[3].reports[0].loss < seen[1].reports[0].loss);
    assert!(seen[0].reports.is_empty() && seen[0].oldest == 0);
}

#[test]
fn undo_rewind_and_reset_bring_the_same_numbers_back() {
    let mut trained = Trained::new();
    let seen = trained.run(4);
    for (request, step) in [(TrainRequest::Undo, 3), (TrainRequest::Rewind { step: 1 }, 1), (TrainRequest::Reset, 0)] {
        trained.send(request);
        let at = trained.at();
        assert_eq!(at.step, step);
        assert_eq!(nlls(&at, 0), nlls(&seen[step], 0));
    }
    let again = trained.run(4);
    assert_eq!(nlls(again.last().unwrap(), 0), nlls(&seen[4], 0));
    trained.send(TrainRequest::Rewind { step: 9 });
    assert_eq!(trained.at().step, 4);
    assert!(matches!(trained.next_train(), TrainEvent::Refused(why) if why.contains("steps 0 to 4")));
}

#[test]
fn a_run_is_paused_replanned_and_served_beside() {
    let mut trained = Trained::new();
    let plan = trained.plan(1e-5);
    trained.send(TrainRequest::Run { plan, goal: Goal::default() });
    while trained.at().step < 3 {}
    let plan = trained.plan(3e-5);
    trained.send(TrainRequest::Replan(plan));
    while trained.at().reports[0].lr != 3e-5 {}
    trained.engine.send(Request::Distribution { generation: trained.generation, position: 2 });
    while !matches!(trained.next(), Event::Distribution { .. }) {}
    trained.send(TrainRequest::Pause);
    assert_eq!(trained.ended(), Ended::Paused);
    assert!(trained.events.recv_timeout(Duration::from_millis(200)).is_err(), "steps went on after the pause");
}

#[test]
fn goals_end_a_run() {
    let mut trained = Trained::new();
    let plan = trained.plan(2e-3);
    trained.send(TrainRequest::Run { plan, goal: Goal { loss: Some(4.0), ..Goal::default() } });
    assert_eq!(trained.ended(), Ended::Goal("the loss is below 4".into()));
    let plan = trained.plan(0.0);
    trained.send(TrainRequest::Run { plan, goal: Goal { plateau: Some(3), ..Goal::default() } });
    assert_eq!(trained.ended(), Ended::Goal("the loss has not fallen for 3 steps".into()));
}

#[test]
fn a_step_that_breaks_the_weights_is_taken_back() {
    let mut trained = Trained::new();
    let seen = trained.run(2);
    let plan = trained.plan(1e38);
    trained.send(TrainRequest::Run { plan, goal: Goal::default() });
    let back = trained.at();
    assert_eq!((back.step, nlls(&back, 0)), (2, nlls(&seen[2], 0)));
    assert!(matches!(trained.ended(), Ended::Failed(why) if why.contains("learning rate")));
}

#[test]
fn nothing_scored_is_refused() {
    let mut trained = Trained::new();
    let mut plan = trained.plan(1e-3);
    plan.first.mask = CopyMask::Weights(vec![0.0; trained.sequence.len()].into());
    trained.send(TrainRequest::Run { plan, goal: Goal::default() });
    assert!(matches!(trained.ended(), Ended::Failed(why) if why.starts_with("nothing is scored")));
}

#[test]
fn a_twin_learns_otherwise_from_the_same_weights() {
    let mut trained = Trained::new();
    let base = trained.run(2).remove(0);
    trained.send(TrainRequest::Twin(true));
    let at = trained.at();
    assert_eq!((at.step, nlls(&at, 0), nlls(&at, 1)), (0, nlls(&base, 0), nlls(&base, 0)));
    let mut plan = trained.plan(2e-3);
    plan.second = Some(trained.copy_plan(Mode::All, 2e-3));
    trained.send(TrainRequest::Run { plan, goal: Goal { steps: Some(2), ..Goal::default() } });
    let steps = [trained.at(), trained.at()];
    assert_eq!(steps[1].reports.len(), 2);
    assert!(steps[1].reports[0].scored < steps[1].reports[1].scored);
    assert_ne!(nlls(&steps[1], 0), nlls(&steps[1], 1));
    assert!(matches!(trained.ended(), Ended::Goal(_)));
    trained.send(TrainRequest::Undo);
    let undone = trained.at();
    assert_eq!((nlls(&undone, 0), nlls(&undone, 1)), (nlls(&steps[0], 0), nlls(&steps[0], 1)));
    trained.send(TrainRequest::Twin(false));
    assert_eq!(trained.at().rows.len(), 1);
}

#[test]
fn probes_are_watched_and_a_changed_text_is_scored_by_the_trained_weights() {
    let mut trained = Trained::new();
    let samples = [chat("The answer is 42."), chat("Bread is baked."), Sample::Text("A text.".into())];
    let probes = samples.map(|sample| Watch { sample, measure: Measure::Scored }).into();
    trained.send(TrainRequest::Probe { probes, encoding: EncodeOptions::default(), every: 2 });
    let before = trained.at().probes;
    assert!(before[0].iter().all(|loss| loss.is_some_and(|loss| loss > 1.0)), "{before:?}");
    let seen = trained.run(2);
    assert!(seen[seen.len() - 2].probes.is_empty(), "step 1 is not due");
    let after = &seen[seen.len() - 1].probes;
    assert!(after[0][0] < before[0][0]);
    trained.analyze(chat("Another answer."));
    let at = trained.at();
    assert_eq!((at.step, at.generation, at.rows[0].len()), (2, trained.generation, trained.sequence.len()));
}

#[test]
fn several_samples_are_taken_in_turn() {
    let mut trained = Trained::new();
    let samples: Arc<[Record]> = (0..5).map(|i| chat(&"word ".repeat(i + 1)).into()).collect();
    let settings = Settings { batch: 2, lr: 1e-3, ..Settings::default() };
    let side = CopyPlan { settings, mask: CopyMask::Policy(Policy::default()) };
    let plan = Box::new(Plan {
        data: Data::Samples { samples, encoding: EncodeOptions::default() },
        first: side,
        second: None,
    });
    trained.send(TrainRequest::Run { plan, goal: Goal { steps: Some(5), ..Goal::default() } });
    let seen: Vec<At> = (0..6).map(|_| trained.at()).collect();
    let tokens = |at: &At| at.reports.iter().map(|report| report.tokens).sum::<usize>();
    // Ten examples are two passes over the five.
    let all: usize = seen.iter().map(tokens).sum();
    assert!(all.is_multiple_of(2) && seen.iter().skip(1).any(|at| tokens(at) != tokens(&seen[1])));
}

#[test]
fn a_continuation_comes_when_there_is_nothing_else_to_do() {
    let mut trained = Trained::new();
    trained.send(TrainRequest::Continue { prompt: 4, tokens: 5, temperature: 0.0, seed: 0 });
    trained.engine.send(Request::Distribution { generation: trained.generation, position: 2 });
    let TrainEvent::Continued { step: 0, texts, prompt } = trained.next_train() else { panic!("no continuation") };
    assert_eq!(texts.len(), 1);
    assert!(!prompt.is_empty() && !texts[0].text.is_empty());
}

/// Of a prompt and its completion the completion is trained, unless a mask is chosen.
#[test]
fn the_form_of_a_record_decides_what_is_scored() {
    let scored = |mode: Option<Mode>| {
        let mut trained = Trained::new();
        let sample = Sample::Text("The capital of France is Paris.".into());
        let record = Record { form: Form::PromptCompletion, sample, split: Some(24) };
        let side = CopyPlan {
            settings: Settings::default(),
            mask: CopyMask::Policy(mode.map_or_else(Policy::default, Policy::from)),
        };
        let data = Data::Samples { samples: vec![record].into(), encoding: EncodeOptions::default() };
        let plan = Box::new(Plan { data, first: side, second: None });
        trained.send(TrainRequest::Run { plan, goal: Goal { steps: Some(1), ..Goal::default() } });
        std::iter::repeat_with(|| trained.at()).find_map(|at| at.reports.first().map(|report| report.scored))
    };
    let (by_form, all) = (scored(None).unwrap(), scored(Some(Mode::All)).unwrap());
    assert!(by_form > 0 && by_form < all, "{by_form} of {all}");
}

/// One file, every way in: the audit, headless training and a data set trained on screen weigh every record alike, and
/// leave out those in which nothing is scored.
#[test]
fn a_mixed_file_is_weighed_alike_by_mask_by_train_and_on_screen() {
    let lines = [
        r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "The answer is 42."}]}"#,
        r#"{"messages": [{"role": "user", "content": "Nobody answers."}]}"#,
        r#"{"prompt": "The capital of France is", "completion": " Paris."}"#,
        r#"{"prompt": [{"role": "user", "content": "a"}], "completion": [{"role": "assistant", "content": "b c"}]}"#,
        r#"{"text": "All of this counts."}"#,
        r#"{"instruction": "Say yes.", "input": "", "output": "Yes."}"#,
        r#"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "No.", "weight": 0}]}"#,
        r#"{"text": "x"}"#,
    ];
    let file = tempfile::Builder::new().suffix(".jsonl").tempfile().expect("a file");
    std::fs::write(file.path(), lines.join("\n")).expect("writes");
    let read = || lossglass::data::Records::open(file.path()).expect("opens").map(|raw| raw.expect("a line"));
    let reader = Reader::load(&Source::Directory(fixture("llama"))).expect("a reader");
    for policy in [Policy::default(), Mode::Custom.into(), Policy::from(profile::find("trl-qwen3").expect("there"))] {
        let terms = lossglass::survey::Terms { policy, ..Default::default() };
        let judged = read().map(|raw| lossglass::survey::judge(&reader, &terms, raw));
        let audited: Vec<Vec<f64>> =
            judged.map(|judged| judged.masked.map_or_else(Vec::new, |masked| masked.mask.weights().to_vec())).collect();
        // Where a policy does not fit a record, training ends with that record's number.
        let fits = audited.iter().all(|weights| !weights.is_empty());
        let kept: Vec<Vec<f64>> = audited.into_iter().filter(|weights| weights.iter().any(|w| *w != 0.0)).collect();

        let samples: Arc<[Record]> = read().map(|raw| raw.read(None).expect("a record")).collect();
        let (encoding, cancel) = (EncodeOptions::default(), Cancel::default());
        let trained = Examples::of_records(&reader, encoding, &[policy], &samples, &cancel, &mut |_| {});
        if !fits {
            assert!(trained.expect_err("refused").to_string().starts_with("record "));
            continue;
        }
        let trained = trained.expect("reads").expect("not cancelled");
        let weights: Vec<Vec<f64>> = trained.of_copy(0).iter().map(|example| example.weights.clone()).collect();
        assert_eq!(weights, kept);
        assert!(
            trained
                .notes()
                .contains(&format!("nothing is scored in {} of 8 records: they are left out", 8 - kept.len()))
        );

        // On screen, one record a step: a pass over the set scores each once.
        let mut screen = Trained::new();
        let settings = Settings { batch: 1, lr: 1e-4, ..Settings::default() };
        let plan = Box::new(Plan {
            data: Data::Samples { samples, encoding },
            first: CopyPlan { settings, mask: CopyMask::Policy(policy) },
            second: None,
        });
        screen.send(TrainRequest::Run { plan, goal: Goal { steps: Some(kept.len()), ..Goal::default() } });
        let (mut scored, mut notes) = (Vec::new(), Vec::new());
        loop {
            match screen.next_train() {
                TrainEvent::At(at) => scored.extend(at.reports.first().map(|report| report.scored)),
                TrainEvent::Read { notes: said } => notes = said,
                TrainEvent::Ended(Ended::Goal(_)) => break,
                other => panic!("{other:?}"),
            }
        }
        let mut expected: Vec<usize> = kept.iter().map(|w| w.iter().filter(|w| **w != 0.0).count()).collect();
        expected.sort_unstable();
        scored.sort_unstable();
        assert_eq!(scored, expected);
        assert_eq!(notes, trained.notes());
    }
}

/// What a look sees: the weights of the last layer's heads, by row.
fn look(trained: &mut Trained, number: u64, step: Option<usize>) -> (usize, LookEvent) {
    let at = LookAt::Attention { layer: 1, rows: 0..trained.sequence.len(), pick: None };
    let generation = trained.generation;
    trained.engine.send(Request::Look(Look { generation, number, step, is_second: false, at }));
    loop {
        match trained.next() {
            Event::Look { number: answered, step, event } if answered == number => return (step, event),
            Event::Failed { message, .. } => panic!("{message}"),
            _ => {}
        }
    }
}

fn attention(event: LookEvent) -> LayerWeights {
    match event {
        LookEvent::Seen(Seen::Attention(weights)) => weights,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_past_step_is_looked_into_and_the_run_goes_on_as_if_nobody_had_looked() {
    let lora = Method::Lora(lossglass::train::LoraSettings::default());
    for method in [Method::Full, lora, Method::Last { layers: 1 }] {
        let [mut watched, mut other] = [(); 2].map(|()| Trained { method: method.clone(), ..Trained::new() });
        let mut live = Vec::new();
        for number in 0..4 {
            let (step, event) = look(&mut watched, number, None);
            assert_eq!(step, number as usize);
            live.push(attention(event));
            watched.run(1);
        }
        assert!(live[0] != live[3], "{method}: the run moved something");
        for (past, seen) in live.iter().enumerate() {
            let (step, event) = look(&mut watched, 10 + past as u64, Some(past));
            assert_eq!(step, past);
            assert!(attention(event) == *seen, "{method}: step {past}");
        }
        let (step, event) = look(&mut watched, 20, Some(9));
        assert!(matches!((step, &event), (9, LookEvent::NotKept { nearest: [Some(3), None] })), "{event:?}");
        // What is asked for next ends a look; it is in the middle of a run, too.
        let (generation, at) = (watched.generation, LookAt::Heads { rows: 0..watched.sequence.len() });
        let plan = watched.plan(2e-3);
        watched.send(TrainRequest::Run { plan, goal: Goal { steps: Some(3), ..Goal::default() } });
        watched.engine.send(Request::Look(Look { generation, number: 30, step: Some(1), is_second: false, at }));
        let seen = attention(look(&mut watched, 31, Some(2)).1);
        assert!(seen == live[2], "{method}: in mid-run");
        assert!(matches!(watched.ended(), Ended::Goal(_)));
        other.run(4);
        other.run(3);
        let last = |trained: &mut Trained| trained.run(1).pop().expect("a step");
        let (one, two) = (last(&mut watched), last(&mut other));
        assert_eq!((one.step, nlls(&one, 0)), (8, nlls(&two, 0)), "{method}");
        assert_eq!(one.reports[0].loss.to_bits(), two.reports[0].loss.to_bits());
    }
}
