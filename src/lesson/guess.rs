//! Guessing before the number shows, and the score that is kept against the model.

use std::fmt;

/// What is guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// The token under the cursor, which is hidden with all that follows.
    Token,
    /// Which token costs most; every −log p is hidden.
    Costliest,
    /// Which tokens the mask scores; the mask is hidden.
    Scored,
    /// Whether the loss goes up or down.
    Loss,
}

impl Guess {
    /// All of them.
    pub const EVERY: [Self; 4] = [Self::Token, Self::Costliest, Self::Scored, Self::Loss];

    /// Its name in a lesson's file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Costliest => "costliest",
            Self::Scored => "scored",
            Self::Loss => "loss",
        }
    }

    /// What is asked, for a list.
    pub fn title(self) -> &'static str {
        match self {
            Self::Token => "the next token",
            Self::Costliest => "the costliest token",
            Self::Scored => "which tokens are scored",
            Self::Loss => "whether the next step raises the loss",
        }
    }

    /// What there is to do.
    pub fn prompt(self) -> &'static str {
        match self {
            Self::Token => "Which token comes next? Type it, or several with how sure you are: dog 0.6, tree 0.2",
            Self::Costliest => "Which token costs most? ←→ goes there, enter takes it.",
            Self::Scored => "Which tokens are scored? ←→ moves, x marks, enter takes the marks.",
            Self::Loss => "Will the loss go up or down? Type up or down, and how sure you are if you like: down 0.9",
        }
    }
}

/// What the class typed: words, and the probability it gives each if it gives any.
#[derive(Clone, Debug, PartialEq)]
pub struct Bet {
    pub word: String,
    pub p: Option<f64>,
}

/// Reads "mat", or "mat 0.6, floor 0.2". A comma inside quotes is a token.
///
/// # Errors
/// What is wrong, in words.
pub fn bets(typed: &str) -> Result<Vec<Bet>, String> {
    let mut bets = Vec::new();
    for part in split(typed) {
        let part = part.trim_end();
        if part.trim().is_empty() {
            continue;
        }
        let last = part.rsplit_once(' ').and_then(|(word, number)| {
            let p: f64 = number.trim_end_matches('%').parse().ok()?;
            let p = if number.ends_with('%') { p / 100.0 } else { p };
            (!word.trim().is_empty()).then_some((word, p))
        });
        let (word, p) = last.map_or((part, None), |(word, p)| (word, Some(p)));
        let word = word.trim_matches('"');
        if let Some(p) = p
            && !(p > 0.0 && p < 1.0)
        {
            return Err(format!("{p} is no probability that one can give: it lies above 0 and below 1"));
        }
        bets.push(Bet { word: word.strip_prefix(' ').map_or(word.to_owned(), |rest| rest.to_owned()), p });
    }
    let given: Vec<f64> = bets.iter().filter_map(|bet| bet.p).collect();
    match () {
        () if bets.is_empty() => Err("type a guess first".into()),
        () if bets.len() > 1 && given.len() < bets.len() => {
            Err("several guesses need a probability each: mat 0.6, floor 0.2".into())
        }
        () if given.iter().sum::<f64>() > 1.0 + 1e-9 => {
            Err(format!("together they are {:.2}: probabilities come to 1 at most", given.iter().sum::<f64>()))
        }
        () => Ok(bets),
    }
}

/// At commas outside quotes.
fn split(typed: &str) -> Vec<String> {
    let (mut parts, mut is_quoted) = (vec![String::new()], false);
    for c in typed.chars() {
        is_quoted ^= c == '"';
        match c {
            ',' if !is_quoted => parts.push(String::new()),
            c => parts.last_mut().expect("one at least").push(c),
        }
    }
    // A comma alone is a token, too.
    if typed.trim() == "," { vec![typed.to_owned()] } else { parts }
}

/// What the class's own distribution costs, −log p in nats, if it gives one: the rest is spread evenly over the other
/// `outcomes` that were not named. `hit` is which of the bets came true.
pub fn class_nll(bets: &[Bet], hit: Option<usize>, outcomes: usize) -> Option<f64> {
    let given: f64 = bets.iter().map(|bet| bet.p).sum::<Option<f64>>()?;
    let p = match hit {
        Some(hit) => bets.get(hit)?.p?,
        None => (1.0 - given).max(0.0) / outcomes.saturating_sub(bets.len()).max(1) as f64,
    };
    Some(-p.ln())
}

/// One guess, as it came out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Round {
    pub is_right: bool,
    /// Whether the model's first token was the right one, where that was asked.
    pub model_is_right: Option<bool>,
    /// −log p of what came true, in nats: the class's own and the model's, where both give one.
    pub nlls: Option<[f64; 2]>,
}

/// The score so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    rounds: Vec<Round>,
}

impl Tally {
    /// One round more.
    pub fn add(&mut self, round: Round) {
        self.rounds.push(round);
    }

    /// Whether nothing was guessed yet.
    pub fn is_empty(&self) -> bool {
        self.rounds.is_empty()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let right = self.rounds.iter().filter(|round| round.is_right).count();
        write!(f, "You: {right} of {} right", self.rounds.len())?;
        let models: Vec<bool> = self.rounds.iter().filter_map(|round| round.model_is_right).collect();
        if !models.is_empty() {
            write!(f, " · model: {} of {}", models.iter().filter(|&&right| right).count(), models.len())?;
        }
        let nlls: Vec<[f64; 2]> = self.rounds.iter().filter_map(|round| round.nlls).collect();
        if !nlls.is_empty() {
            let mean = |i: usize| nlls.iter().map(|both| both[i]).sum::<f64>() / nlls.len() as f64;
            write!(f, " · mean −log p: you {:.2}, model {:.2}", mean(0), mean(1))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bets_are_words_with_or_without_a_probability() {
        let read = |typed: &str| -> Vec<(String, Option<f64>)> {
            bets(typed).expect(typed).into_iter().map(|bet| (bet.word, bet.p)).collect()
        };
        assert_eq!(read("mat"), [("mat".into(), None)]);
        assert_eq!(read("mat 0.6, floor 20%"), [("mat".into(), Some(0.6)), ("floor".into(), Some(0.2))]);
        assert_eq!(read(","), [(",".into(), None)]);
        assert_eq!(read("\", and\" 0.5"), [(", and".into(), Some(0.5))]);
        assert_eq!(read("7"), [("7".into(), None)], "a number alone is the token");
        for (typed, why) in [
            ("", "type a guess"),
            ("mat 1.5", "no probability"),
            ("a, b", "need a probability"),
            ("a 0.7, b 0.6", "1.30"),
        ] {
            assert!(bets(typed).expect_err(typed).contains(why), "{typed}");
        }
    }

    #[test]
    fn a_class_pays_for_what_it_did_not_expect() {
        let bets = bets("mat 0.5, floor 0.25").expect("two");
        let close = |nll: Option<f64>, p: f64| assert!((nll.expect("given") + p.ln()).abs() < 1e-12);
        close(class_nll(&bets, Some(0), 102), 0.5);
        close(class_nll(&bets, Some(1), 102), 0.25);
        // The quarter that is left, over the hundred others.
        close(class_nll(&bets, None, 102), 0.0025);
        assert_eq!(class_nll(&self::bets("mat").expect("one"), Some(0), 102), None, "no probability, no cost");
    }

    #[test]
    fn the_score_says_what_it_is_of() {
        let mut tally = Tally::default();
        tally.add(Round { is_right: true, model_is_right: Some(true), nlls: Some([1.0, 0.5]) });
        tally.add(Round { is_right: false, model_is_right: None, nlls: None });
        tally.add(Round { is_right: false, model_is_right: Some(false), nlls: Some([2.0, 1.5]) });
        assert_eq!(tally.to_string(), "You: 1 of 3 right · model: 1 of 2 · mean −log p: you 1.50, model 1.00");
    }
}
