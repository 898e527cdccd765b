//! What a model says at every position, and the one place that knows which row predicts which token.

/// A possible next token and its probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    pub id: u32,
    /// Probability at temperature 1.
    pub p: f64,
}

/// How the model did on the token that really came next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    pub id: u32,
    /// −log p of the target, in nats.
    pub nll: f64,
    /// 1 = the most likely token. Tokens with exactly equal logits share the better rank.
    pub rank: u32,
}

/// The next-token distribution after one token.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Exact entropy over the whole vocabulary, in nats.
    pub entropy: f64,
    /// The most likely tokens, best first.
    pub top: Vec<Candidate>,
    /// The token that follows in the sequence; `None` after the last.
    pub target: Option<Target>,
}

/// Which token each row of logits is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Labels {
    /// Row i for token i + 1.
    #[default]
    Next,
    /// Row i for token i, which it has read: labels that are shifted by one too few. Broken on purpose.
    Same,
}

impl Labels {
    /// Both.
    pub const EVERY: [Self; 2] = [Self::Next, Self::Same];

    /// Its name on the command line, in JSON and on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Same => "same",
        }
    }

    /// What it is, in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Next => "each position is asked for the token after it",
            Self::Same => "broken on purpose: each position is asked for the token it reads",
        }
    }

    /// The token that row `row` is asked for.
    pub fn target(self, row: usize) -> usize {
        match self {
            Self::Next => row + 1,
            Self::Same => row,
        }
    }

    /// The row that is asked for token `target`; `None` where none is.
    pub fn row(self, target: usize) -> Option<usize> {
        match self {
            Self::Next => target.checked_sub(1),
            Self::Same => Some(target),
        }
    }
}

/// The rows of a sequence, as far as they are computed. Logits row i is computed from tokens 0…i and predicts token
/// i + 1 (unless [`Labels`] say otherwise): only these types know it, everybody else asks by target token.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    labels: Labels,
    rows: Vec<Row>,
}

impl Scores {
    /// Scores from rows in sequence order.
    pub fn new(rows: Vec<Row>) -> Self {
        Self { labels: Labels::Next, rows }
    }

    /// Without a row yet, of a sequence that is scored under `labels`.
    pub fn under(labels: Labels) -> Self {
        Self { labels, rows: Vec::new() }
    }

    /// Replaces everything from row `from` on, so that a re-scored tail joins a reused prefix.
    pub fn splice(&mut self, from: usize, rows: Vec<Row>) {
        self.rows.truncate(from);
        self.rows.extend(rows);
    }

    /// The distribution that predicts token `t`; `None` for the first token and where not computed yet.
    pub fn predicting(&self, t: usize) -> Option<&Row> {
        self.rows.get(self.labels.row(t)?)
    }

    /// How the model did on token `t`.
    pub fn target(&self, t: usize) -> Option<Target> {
        self.predicting(t)?.target
    }

    /// −log p of token `t` in nats; `None` for the first token: nothing predicts it.
    pub fn nll(&self, t: usize) -> Option<f64> {
        self.target(t).map(|target| target.nll)
    }

    /// How many rows are there; as many as tokens once scoring is done.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether nothing is scored yet.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
