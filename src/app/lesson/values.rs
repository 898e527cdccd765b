//! What the live values of a lesson are, on the screen as it is now.

use super::{Sitting, Stage};
use crate::app::App;
use crate::lesson::{Argument, Ask, Claim, Expression, Name, Quantity, Unit, Value, Values};
use crate::loss::Ledger;
use crate::mask::{AttentionChoice, Basis};

/// The screen, as a lesson's step sees it.
struct Live<'a> {
    app: &'a App,
    sitting: &'a Sitting,
}

impl Values for Live<'_> {
    fn live(&self, quantity: &Quantity) -> Option<Value> {
        let (app, sitting) = (self.app, self.sitting);
        if !quantity.name.is_of_a_place() {
            return elsewhere(app, sitting, quantity);
        }
        let place = if quantity.here || sitting.stage == Stage::Preparing { app.cursor } else { sitting.pin };
        at(app, place, quantity).or_else(|| sitting.remembered(app, quantity))
    }

    fn kept(&self, name: &str) -> Option<Value> {
        self.sitting.kept.iter().rev().find(|(kept, _)| kept == name).map(|(_, value)| value.clone())
    }
}

impl Sitting {
    /// What was known of the step's place, of the weights of now.
    fn remembered(&self, app: &App, quantity: &Quantity) -> Option<Value> {
        let is_of_now = self.known_of == (app.analysis.generation, app.training.shown_step());
        let known = || self.known.iter().find(|(known, _)| known == quantity).map(|(_, value)| value.clone());
        if is_of_now && !quantity.here { known() } else { None }
    }
}

fn nats(n: f64) -> Value {
    Value::Number(n, Unit::Nats)
}

fn count(n: usize) -> Value {
    Value::Number(n as f64, Unit::Count)
}

/// A value of token `t` as a target.
fn at(app: &App, t: usize, quantity: &Quantity) -> Option<Value> {
    let target = || app.analysis.scores.target(t);
    let distribution = || app.distribution().filter(|_| app.cursor == t);
    let top = |i: usize| app.analysis.scores.predicting(t)?.top.get(i).copied();
    if let Argument::Token(token) = &quantity.argument {
        let id = app.token_named(token)?;
        let nll = match (distribution(), app.analysis.scores.predicting(t)) {
            (Some(distribution), _) => distribution.nll(id, 1.0)?,
            (None, Some(row)) => -row.top.iter().find(|candidate| candidate.id == id)?.p.ln(),
            (None, None) => return None,
        };
        return Some(match quantity.name {
            Name::P => Value::Number((-nll).exp(), Unit::Probability),
            Name::Rank => count(distribution()?.rank(id)? as usize),
            _ => nats(nll),
        });
    }
    Some(match quantity.name {
        Name::Target => match app.analysis.labels.get(t) {
            Some(label) => Value::Text(label.text.clone()),
            None => Value::Text("the next token".into()),
        },
        Name::P => Value::Number((-target()?.nll).exp(), Unit::Probability),
        Name::Nll => nats(target()?.nll),
        Name::Rank => count(target()?.rank as usize),
        Name::Entropy => nats(app.analysis.scores.predicting(t)?.entropy),
        Name::First => Value::Text(app.token_label(top(0)?.id)),
        Name::Second => Value::Text(app.token_label(top(1)?.id)),
        Name::FirstP => Value::Number(top(0)?.p, Unit::Probability),
        Name::SecondP => Value::Number(top(1)?.p, Unit::Probability),
        Name::Sees => count(seen(app, t)),
        Name::Weight => Value::Number(app.mask()?.weight(t), Unit::Plain),
        _ => return None,
    })
}

/// How many tokens the row sees that is asked for token `t`.
fn seen(app: &App, t: usize) -> usize {
    let Some(row) = app.read_for(t).checked_sub(1) else { return 0 };
    match app.experiment.attention {
        AttentionChoice::Mask(mask) => mask.visible(row, app.len()).len(),
        AttentionChoice::Packing(_) => row + 1,
    }
}

/// A value of the whole text, the run, the second copy, the model or the step's own table.
fn elsewhere(app: &App, sitting: &Sitting, quantity: &Quantity) -> Option<Value> {
    let argument = match &quantity.argument {
        Argument::Number(n) => *n,
        _ => 0.0,
    };
    let nth = (argument as usize).saturating_sub(1);
    let (written, model) = (app.written(), app.analysis.model.as_ref());
    let one = || written?.continuations.get(app.shown_continuation());
    // What it said after other steps is no answer.
    let said = [&app.training.now, &app.training.before].into_iter().flatten();
    let says = || said.clone().find(|said| said.step == app.training.step)?.texts.get(nth);
    Some(match quantity.name {
        Name::Model => Value::Text(model?.name.clone()),
        Name::Mask => Value::Text(app.basis().mask_name(app.mask()?)),
        Name::Costliest => Value::Text(app.analysis.labels.get(costliest(app)?.0)?.text.clone()),
        Name::CostliestNll => nats(costliest(app)?.1),
        Name::Loss => nats(loss(app, &quantity.argument)?),
        Name::Scored => count(match &quantity.argument {
            Argument::Mask(basis) => app.scorings.iter().find(|row| row.basis == *basis)?.scored,
            _ => app.mask()?.scored(),
        }),
        Name::Targets => count(app.sequence().target_count()),
        Name::Tokens => count(app.len()),
        Name::Sum => nats(app.ledger()?.sum),
        Name::Unscored => nats(unscored(app)?),
        Name::Perplexity => Value::Number(app.ledger()?.perplexity(app.denominator)?, Unit::Hundredths),
        Name::Without => nats(without(app)?),
        Name::Findings => count(app.findings.len()),
        Name::Step => count(app.training.shown_step()),
        Name::Lr => Value::Number(app.training.settings.lr, Unit::Rate),
        Name::Vocab => count(model?.vocab_size),
        Name::LnVocab => nats((model?.vocab_size as f64).ln()),
        Name::Written => Value::Text(one()?.text.trim().to_owned()),
        Name::WrittenTokens => count(one()?.steps.len()),
        Name::Ending => Value::Text(one()?.end?.name().into()),
        Name::Parting => match app.parting(written?, &one()?.steps) {
            Some(t) => Value::Text(app.analysis.labels.get(t)?.text.clone()),
            None => Value::Text("nowhere".into()),
        },
        Name::Says => Value::Text(says()?.text.trim().to_owned()),
        Name::SaysTokens => count(says()?.text.chars().count()),
        Name::TwinLoss => nats(twin_loss(app, &quantity.argument)?),
        Name::Probe => nats(app.training.probes.get(nth)?.losses.last()?.1),
        Name::ProbeBefore => nats(app.training.probes.get(nth)?.losses.first()?.1),
        Name::Records => match &app.training.data {
            crate::app::TrainingData::Screen => count(1),
            crate::app::TrainingData::Samples { samples, .. } => count(samples.len()),
        },
        Name::Example => {
            let Argument::Word(word) = &quantity.argument else { return None };
            Value::Number(sitting.table.as_ref()?.p(word)?, Unit::Hundredths)
        }
        Name::ExampleLoss => Value::Number(sitting.table.as_ref()?.loss(), Unit::Hundredths),
        Name::Cost => Value::Number(-argument.ln(), Unit::Hundredths),
        _ => return None,
    })
}

/// The scored token with the highest −log p, in nats.
pub fn costliest(app: &App) -> Option<(usize, f64)> {
    let mask = app.mask()?;
    let scored = (0..app.len()).filter(|&t| mask.is_scored(t));
    let costs = scored.filter_map(|t| Some((t, app.analysis.scores.nll(t)?)));
    costs.max_by(|(_, a), (_, b)| a.total_cmp(b))
}

/// The loss, or that of another mask.
fn loss(app: &App, argument: &Argument) -> Option<f64> {
    let ledger = match argument {
        Argument::Mask(basis) => app.scorings.iter().find(|row| row.basis == *basis)?.ledger.as_ref()?,
        _ => app.ledger()?,
    };
    ledger.loss(app.denominator)
}

/// What the second copy of a twin run costs under a mask.
fn twin_loss(app: &App, argument: &Argument) -> Option<f64> {
    let Argument::Mask(basis) = argument else { return None };
    let scores = app.training.frame()?.twin.as_ref()?;
    let basis: Basis = *basis;
    let mask = app.scorings.iter().find(|row| row.basis == basis)?.mask.as_ref().ok()?;
    Ledger::new(app.sequence(), mask, scores)?.loss(app.denominator)
}

/// The mean −log p of the targets that the mask leaves out.
fn unscored(app: &App) -> Option<f64> {
    let mask = app.mask()?;
    let others: Vec<f64> =
        (1..app.len()).filter(|&t| !mask.is_scored(t)).filter_map(|t| app.analysis.scores.nll(t)).collect();
    (!others.is_empty()).then(|| others.iter().sum::<f64>() / others.len() as f64)
}

/// The weighted mean of what the scored tokens cost without the experiment.
fn without(app: &App) -> Option<f64> {
    let mask = app.mask()?;
    let known = (0..app.len()).filter_map(|t| {
        let nll = app.analysis.contrast.get(t).copied().flatten()?;
        Some((mask.weight(t), mask.weight(t) * nll))
    });
    let (weight, sum) = known.fold((0.0, 0.0), |(weight, sum), (w, nll)| (weight + w, sum + nll));
    (weight > 0.0).then(|| sum / weight)
}

fn live(app: &App) -> Option<Live<'_>> {
    let sitting = app.lesson.as_deref().filter(|sitting| sitting.is_on())?;
    Some(Live { app, sitting })
}

/// Whether a claim holds; `None` while a value is not known.
pub fn holds(app: &App, claim: &Claim) -> Option<bool> {
    claim.holds(&live(app)?)
}

/// Whether all claims of the step hold, once every one can be judged.
pub fn judged(app: &App) -> Option<bool> {
    let live = live(app)?;
    let claims = live.sitting.step().claims.iter().map(|(_, claim)| claim.holds(&live));
    claims.collect::<Option<Vec<bool>>>().map(|all| all.into_iter().all(|holds| holds))
}

/// Keeps the values of the step's place, for when the cursor is elsewhere.
pub fn remember(app: &mut App) {
    let Some(live) = live(app) else { return };
    let step = live.sitting.step();
    let texts = step.text.quantities().chain(step.otherwise.quantities());
    let of_a_place = texts.filter(|quantity| quantity.name.is_of_a_place() && !quantity.here);
    let known: Vec<(Quantity, Value)> =
        of_a_place.filter_map(|quantity| Some((quantity.clone(), live.live(quantity)?))).collect();
    let of = (app.analysis.generation, app.training.shown_step());
    if let Some(sitting) = &mut app.lesson {
        (sitting.known, sitting.known_of) = (known, of);
    }
}

/// Keeps a value under a name.
pub fn keep(app: &mut App, name: String, value: &Expression) {
    let Some(value) = live(app).and_then(|live| value.value(&live)) else { return };
    if let Some(sitting) = &mut app.lesson {
        sitting.kept.push((name, value));
    }
}

/// What the step says.
pub fn text(app: &App) -> Option<String> {
    let live = live(app)?;
    let step = live.sitting.step();
    Some(match live.sitting.holds {
        Some(false) => step.otherwise.fill(&live),
        _ => step.text.fill(&live),
    })
}

/// Whether every value of it is known.
pub fn is_known(app: &App) -> bool {
    let Some(live) = live(app) else { return true };
    let step = live.sitting.step();
    let words = if live.sitting.holds == Some(false) { &step.otherwise } else { &step.text };
    words.is_known(&live)
}

/// What the reader is to do, in the lesson's own words if it has any.
pub fn ask(app: &App) -> Option<String> {
    let live = live(app)?;
    let step = live.sitting.step();
    if !step.asks.is_empty() {
        return Some(step.asks.fill(&live));
    }
    Some(match &step.ask {
        Ask::GoOn => return None,
        Ask::Press { keys, until: None } => {
            let left = keys.get(live.sitting.pressed..).unwrap_or_default();
            format!("Press {}", left.join(" "))
        }
        Ask::Press { keys, until: Some(claim) } => format!("Press {} until {claim}", keys.join(" or ")),
        Ask::Guess(guess) => guess.prompt().into(),
        Ask::Type { .. } => "Type it, then enter".into(),
        Ask::Edit { candidate, p } => {
            let word = live.sitting.table.as_ref()?.candidates.get(*candidate)?.0.clone();
            format!("Choose {word} with ↑↓, type {p}, then enter")
        }
    })
}

/// A claim of a step, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Of the lesson's file, from 1.
    pub line: usize,
    /// As it reads.
    pub claim: String,
    /// `None` while a value is not known.
    pub holds: Option<bool>,
    /// What is compared, with the values of now.
    pub sides: String,
}

/// The claims with what they are now.
pub fn claims(app: &App) -> Vec<Judged> {
    let Some(live) = live(app) else { return Vec::new() };
    let claims = live.sitting.step().claims.iter();
    claims
        .map(|(line, claim)| Judged {
            line: *line,
            claim: claim.to_string(),
            holds: claim.holds(&live),
            sides: claim.sides(&live),
        })
        .collect()
}

/// What is to be typed.
pub fn answer(app: &App) -> String {
    let Some(live) = live(app) else { return String::new() };
    match &live.sitting.step().ask {
        Ask::Type { answer, .. } => answer.value(&live).map_or_else(String::new, |value| value.text()),
        _ => String::new(),
    }
}

/// Whether that is it: the number, as far off as is allowed or as it is shown, or the word.
pub fn is_answer(app: &App, typed: &str) -> bool {
    let Some(live) = live(app) else { return false };
    let Ask::Type { answer, within } = &live.sitting.step().ask else { return false };
    match answer.value(&live) {
        Some(value @ Value::Number(wanted, _)) => {
            let typed = typed.replace('−', "-").replace(',', ".");
            typed.parse().is_ok_and(|typed: f64| (typed - wanted).abs() <= *within) || typed == value.text()
        }
        Some(Value::Text(wanted)) => typed.trim().eq_ignore_ascii_case(wanted.replace('␣', " ").trim()),
        None => false,
    }
}
