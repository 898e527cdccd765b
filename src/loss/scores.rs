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

/// The rows of a sequence, as far as they are computed. Logits row i is computed from tokens 0…i and predicts token
/// i + 1: only this type knows it, everybody else asks by target token.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    rows: Vec<Row>,
}

impl Scores {
    /// Scores from rows in sequence order.
    pub fn new(rows: Vec<Row>) -> Self {
        Self { rows }
    }

    /// Replaces everything from row `from` on, so that a re-scored tail joins a reused prefix.
    pub fn splice(&mut self, from: usize, rows: Vec<Row>) {
        self.rows.truncate(from);
        self.rows.extend(rows);
    }

    /// The distribution that predicts token `t`; `None` for the first token and where not computed yet.
    pub fn predicting(&self, t: usize) -> Option<&Row> {
        self.rows.get(t.checked_sub(1)?)
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
