//! What the class said, against what is true and what the model says.

use super::{Away, Guessing, Said, Taken};
use crate::app::{App, Effect, lesson, training, update};
use crate::lesson::{Bet, Guess, Round, Unit, Value, bets, class_nll};
use crate::loss::Distribution;

/// What came of an answer: in words, and as a round of the score if it was one.
#[derive(Default)]
struct Outcome {
    words: String,
    round: Option<Round>,
}

/// Takes what was typed or pointed at.
pub fn take(app: &mut App) -> Vec<Effect> {
    let Some(guessing) = &app.guess else { return Vec::new() };
    let said = match guessing.guess {
        Guess::Token => bets(guessing.line.text()).map(Said::Typed),
        Guess::Loss => bets(guessing.line.text()).and_then(directions).map(Said::Typed),
        Guess::Costliest | Guess::Scored => Ok(Said::Pointed),
    };
    match said {
        Err(why) => {
            app.shared.say(why);
            Vec::new()
        }
        Ok(said) => answered(app, said),
    }
}

/// Nothing is guessed: what is true is shown.
pub fn give_up(app: &mut App) -> Vec<Effect> {
    answered(app, Said::Nothing)
}

/// The answer stands: what was hidden is shown, and what was asked about happens.
fn answered(app: &mut App, said: Said) -> Vec<Effect> {
    let loss = app.ledger().and_then(|ledger| ledger.loss(app.denominator));
    let at = app.cursor;
    let Some(old) = app.guess.take() else { return Vec::new() };
    let Guessing { guess, line, marks, place, away, held, .. } = *old;
    app.shared.reveal();
    away.put_back(app);
    // Where the cursor points is the answer to what costs most.
    let place = if guess == Guess::Costliest { at } else { place };
    let (stage, away) = (Taken::Answered { said, loss }, Away::default());
    app.guess = Some(Box::new(Guessing { guess, line, marks, place, stage, away, held: Vec::new() }));
    let mut effects: Vec<Effect> = held.into_iter().flat_map(|event| update::take_engine(app, event)).collect();
    if guess == Guess::Loss {
        effects.extend(lesson::follow_guess(app).unwrap_or_else(|| training::steps(app, 1)));
    }
    effects
}

/// "up" and "down", each once.
fn directions(bets: Vec<Bet>) -> Result<Vec<Bet>, String> {
    let is_direction = |bet: &Bet| matches!(bet.word.to_lowercase().as_str(), "up" | "down");
    if bets.iter().all(is_direction) { Ok(bets) } else { Err("type up or down, such as: down 0.9".into()) }
}

/// The answer is judged, the score goes on, and both are told.
pub fn judge(app: &mut App) -> Vec<Effect> {
    let Some(guessing) = app.guess.take() else { return Vec::new() };
    let Taken::Answered { said, loss: before } = &guessing.stage else { return Vec::new() };
    let outcome = match (guessing.guess, said) {
        (Guess::Token, Said::Typed(bets)) => token(app, guessing.place, bets),
        (Guess::Token, _) => token(app, guessing.place, &[]),
        (Guess::Costliest, _) => costliest(app, guessing.place),
        (Guess::Scored, _) => scored(app, &guessing),
        (Guess::Loss, Said::Typed(bets)) => loss(app, *before, bets),
        (Guess::Loss, _) => loss(app, *before, &[]),
    };
    let Outcome { words, round } = outcome.unwrap_or_default();
    // Who gives up has lost no round.
    let words = match round.filter(|_| *said != Said::Nothing) {
        Some(round) => {
            app.tally.add(round);
            format!("{words} {}.", app.tally)
        }
        None => words,
    };
    lesson::told(app, words);
    Vec::new()
}

fn token(app: &App, place: usize, bets: &[Bet]) -> Option<Outcome> {
    let (distribution, target) = (app.distribution()?, app.analysis.scores.target(place)?);
    let first = distribution.top(1, 1.0).first()?.id;
    let ids: Vec<Option<u32>> = bets.iter().map(|bet| app.token_meant(&bet.word, distribution)).collect();
    let one = |(bet, id): (&Bet, &Option<u32>)| match id {
        Some(id) => {
            let p = (-distribution.nll(*id, 1.0).unwrap_or(f64::INFINITY)).exp();
            let rank = distribution.rank(*id).unwrap_or(0);
            format!("To {} the model gave {}, rank {rank}.", app.token_label(*id), probability(p))
        }
        None => format!("No token of this model begins {:?}.", bet.word),
    };
    let mine: Vec<String> = bets.iter().zip(&ids).map(one).collect();
    let hit = ids.iter().position(|id| *id == Some(target.id));
    let (label, p) = (app.token_label(target.id), probability((-target.nll).exp()));
    let truth = match hit {
        Some(_) if bets.len() == 1 => "That is the token.".into(),
        _ => format!("The token is {label}: {p}, rank {}.", target.rank),
    };
    let vocabulary = app.analysis.model.as_ref()?.tokens.len();
    let nlls = class_nll(bets, hit, vocabulary).map(|own| [own, target.nll]);
    let surest = bets.iter().enumerate().max_by(|(_, a), (_, b)| a.p.unwrap_or(1.0).total_cmp(&b.p.unwrap_or(1.0)));
    let is_right = hit.is_some() && surest.map(|(i, _)| i) == hit;
    let round = Round { is_right, model_is_right: Some(first == target.id), nlls };
    Some(Outcome { words: format!("{} {truth}", mine.join(" ")).trim().to_owned(), round: Some(round) })
}

fn costliest(app: &mut App, place: usize) -> Option<Outcome> {
    let costs = (1..app.len()).filter_map(|t| Some((t, app.analysis.scores.nll(t)?)));
    let (most, nll) = costs.max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let label = |t: usize| app.analysis.labels.get(t).map_or("", |label| label.text.as_str()).to_owned();
    let is_right = place == most;
    let words = match (is_right, app.analysis.scores.nll(place)) {
        (true, _) => format!("Right: {} costs most, {nll:.3} nats.", label(most)),
        (false, Some(own)) => {
            format!("{} costs {own:.3} nats; {} costs most, {nll:.3}.", label(place), label(most))
        }
        (false, None) => format!("Nothing predicts that token; {} costs most, {nll:.3} nats.", label(most)),
    };
    app.shared.move_cursor_to(most);
    Some(Outcome { words, round: Some(Round { is_right, model_is_right: None, nlls: None }) })
}

fn scored(app: &App, guessing: &Guessing) -> Option<Outcome> {
    let mask = app.mask()?;
    let scored: Vec<usize> = (0..app.len()).filter(|&t| mask.is_scored(t)).collect();
    let hits = scored.iter().filter(|t| guessing.marks.contains(t)).count();
    let (missed, extra) = (scored.len() - hits, guessing.marks.len() - hits);
    let is_right = missed + extra == 0;
    let words = match is_right {
        _ if matches!(guessing.stage, Taken::Answered { said: Said::Nothing, .. }) => {
            format!("{} tokens are scored; they are underlined now.", scored.len())
        }
        true => format!("Right: these {} tokens are scored and no other.", scored.len()),
        false => format!("{} tokens are scored; you marked {hits} of them, and {extra} others.", scored.len()),
    };
    Some(Outcome { words, round: Some(Round { is_right, model_is_right: None, nlls: None }) })
}

fn loss(app: &App, before: Option<f64>, bets: &[Bet]) -> Option<Outcome> {
    let before = before?;
    let after = app.ledger().and_then(|ledger| ledger.loss(app.denominator))?;
    let way = if after > before { "up" } else { "down" };
    let words = format!("The loss went {way}, from {before:.3} to {after:.3} nats.");
    if bets.is_empty() {
        return Some(Outcome { words, round: None });
    }
    // Who gives one way less than a half believes in the other.
    let believes = |bet: &Bet| bet.word.eq_ignore_ascii_case(way) == (bet.p.unwrap_or(1.0) > 0.5);
    let is_right = bets.iter().all(believes);
    Some(Outcome { words, round: Some(Round { is_right, model_is_right: None, nlls: None }) })
}

/// As the views write it.
fn probability(p: f64) -> String {
    Value::Number(p, Unit::Probability).text()
}

impl App {
    /// The token that is written so: exactly, or with the blank that most words begin with, else the longest token that
    /// the word begins with.
    pub(in crate::app) fn token_named(&self, text: &str) -> Option<u32> {
        self.tokens_named(text).into_iter().next()
    }

    /// The token that a class means by what it typed: of those that it may be, the one that the model expects most.
    fn token_meant(&self, typed: &str, distribution: &Distribution) -> Option<u32> {
        let cost = |id: &u32| distribution.nll(*id, 1.0).unwrap_or(f64::INFINITY);
        self.tokens_named(typed).into_iter().min_by(|a, b| cost(a).total_cmp(&cost(b)))
    }

    fn tokens_named(&self, text: &str) -> Vec<u32> {
        let Some(model) = &self.analysis.model else { return Vec::new() };
        let spaced = if text.starts_with(' ') { text.to_owned() } else { format!(" {text}") };
        let find = |wanted: &str| model.tokens.iter().position(|bytes| bytes.as_slice() == wanted.as_bytes());
        let mut found: Vec<usize> = [find(text), find(&spaced)].into_iter().flatten().collect();
        if found.is_empty() {
            let begins = |bytes: &Vec<u8>| bytes.len() > 1 && spaced.as_bytes().starts_with(bytes);
            let fitting = model.tokens.iter().enumerate().filter(|(_, bytes)| begins(bytes));
            found.extend(fitting.max_by_key(|(_, bytes)| bytes.len()).map(|(id, _)| id));
        }
        found.into_iter().filter_map(|id| u32::try_from(id).ok()).collect()
    }
}
