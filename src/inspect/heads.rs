//! What a head does, measured on its attention weights.

use super::Weights;
use crate::mask::Visibility;

/// How many of the latest tokens, the query's own among them, are its surroundings.
const LOCAL: usize = 4;
/// Rows that see fewer tokens say nothing: whatever a head does, it does with those.
const SEEN: usize = 8;
/// The share of its weight from which on a head is named after it.
const NAMED: f64 = 0.4;
/// The same for the surroundings, which weight falls on easily.
const NAMED_LOCAL: f64 = 0.6;

/// What a head mostly does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeadKind {
    /// Reads the token before.
    PreviousToken,
    /// Reads the first token of the text, where heads rest that have nothing to do (Xiao et al. 2023).
    FirstToken,
    /// Reads the same token, here and earlier.
    SameToken,
    /// Reads what came after an earlier occurrence of the token (Olsson et al. 2022).
    Induction,
    /// Reads the latest few tokens.
    LocalWindow,
    /// Spreads its weight, none of the above.
    Spread,
}

impl HeadKind {
    /// All of them, in the order in which they name a head.
    pub const EVERY: [Self; 6] =
        [Self::Induction, Self::SameToken, Self::PreviousToken, Self::FirstToken, Self::LocalWindow, Self::Spread];

    /// Its name in JSON and on screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::PreviousToken => "previous token",
            Self::FirstToken => "first token",
            Self::SameToken => "same token",
            Self::Induction => "induction",
            Self::LocalWindow => "local window",
            Self::Spread => "spread",
        }
    }
}

/// The mean share of a head's weight that falls on something, 0…1, over the rows that see at least 8 tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HeadScores {
    pub previous_token: f64,
    pub first_token: f64,
    /// Over rows whose token occurred before; on it and on those before. `None` without such rows.
    pub same_token: Option<f64>,
    /// Over rows whose token occurred before; on the tokens right after. `None` without such rows.
    pub induction: Option<f64>,
    /// On the latest 4 tokens.
    pub local_window: f64,
    /// How even the weights are: their entropy over that of equal ones.
    pub spread: f64,
}

/// Measures a head row by row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Meter {
    previous_token: f64,
    first_token: f64,
    same_token: f64,
    induction: f64,
    local_window: f64,
    spread: f64,
    rows: u32,
    /// Rows whose token occurred before.
    repeats: u32,
}

impl Meter {
    /// Adds the row of the query at position `query`, which read `ids`; `visibility` is that of the head's layer. Rows
    /// that see too few tokens count for nothing.
    pub fn add(&mut self, query: usize, row: &[f32], ids: &[u32], visibility: &Visibility) {
        let seen = visibility.visible(query, row.len());
        if seen.len() < SEEN {
            return;
        }
        let own = visibility.documents.around(query, row.len()).start;
        let on = |key: usize| f64::from(row[key]);
        self.rows += 1;
        self.previous_token += query.checked_sub(1).filter(|&before| before >= own).map_or(0.0, on);
        self.first_token += on(own);
        self.local_window += (query.saturating_sub(LOCAL - 1).max(own)..=query).map(on).sum::<f64>();
        let weights = row[seen.clone()].iter().map(|&weight| f64::from(weight)).filter(|weight| *weight > 0.0);
        self.spread += weights.map(|weight| -weight * weight.ln()).sum::<f64>() / (seen.len() as f64).ln();
        let mut earlier = (seen.start..query).filter(|&key| ids[key] == ids[query]).peekable();
        if earlier.peek().is_some() {
            self.repeats += 1;
            self.same_token += on(query);
            for key in earlier {
                self.same_token += on(key);
                self.induction += if key + 1 < query { on(key + 1) } else { 0.0 };
            }
        }
    }

    /// What was measured; `None` where no row saw enough tokens.
    pub fn scores(&self) -> Option<HeadScores> {
        let mean = |sum: f64| sum / f64::from(self.rows);
        let of_repeats = |sum: f64| (self.repeats > 0).then(|| sum / f64::from(self.repeats));
        (self.rows > 0).then(|| HeadScores {
            previous_token: mean(self.previous_token),
            first_token: mean(self.first_token),
            same_token: of_repeats(self.same_token),
            induction: of_repeats(self.induction),
            local_window: mean(self.local_window),
            spread: mean(self.spread),
        })
    }
}

impl HeadScores {
    /// Those of weights that were captured; `visibility` is that of their layer.
    pub fn measure(weights: &Weights, ids: &[u32], visibility: &Visibility) -> Option<Self> {
        let mut meter = Meter::default();
        for query in weights.rows() {
            if let Some(row) = weights.row(query) {
                meter.add(query, row, ids, visibility);
            }
        }
        meter.scores()
    }

    /// The score of one kind; `None` where nothing tells.
    pub fn of(&self, kind: HeadKind) -> Option<f64> {
        match kind {
            HeadKind::PreviousToken => Some(self.previous_token),
            HeadKind::FirstToken => Some(self.first_token),
            HeadKind::SameToken => self.same_token,
            HeadKind::Induction => self.induction,
            HeadKind::LocalWindow => Some(self.local_window),
            HeadKind::Spread => Some(self.spread),
        }
    }

    /// What the head is named after: what it does where a token comes again, from a share of 0.4 on; else what it always
    /// does, from there on too; else its surroundings, from 0.6 on; else it spreads. A head that waits for repeats rests
    /// on the first token until one comes, so what it always does says less.
    pub fn kind(&self) -> HeadKind {
        let best = |kinds: [HeadKind; 2]| {
            let named =
                kinds.into_iter().filter_map(|kind| Some((kind, self.of(kind).filter(|score| *score >= NAMED)?)));
            named.max_by(|a, b| a.1.total_cmp(&b.1)).map(|(kind, _)| kind)
        };
        let surroundings = || (self.local_window >= NAMED_LOCAL).then_some(HeadKind::LocalWindow);
        best([HeadKind::Induction, HeadKind::SameToken])
            .or_else(|| best([HeadKind::PreviousToken, HeadKind::FirstToken]))
            .or_else(surroundings)
            .unwrap_or(HeadKind::Spread)
    }
}

/// A head with what was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NamedHead {
    pub layer: usize,
    pub head: usize,
    /// `None` where the text is too short to tell.
    pub scores: Option<HeadScores>,
}

impl NamedHead {
    /// What it is named after, and the score of that.
    pub fn kind(&self) -> Option<(HeadKind, f64)> {
        let scores = self.scores?;
        let kind = scores.kind();
        Some((kind, scores.of(kind)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twelve tokens twice.
    const IDS: [u32; 24] = [7, 3, 9, 1, 4, 8, 2, 6, 5, 0, 11, 10, 7, 3, 9, 1, 4, 8, 2, 6, 5, 0, 11, 10];

    /// A head that puts `share` of its weight on what `looks` says and spreads the rest evenly.
    fn head(share: f32, looks: impl Fn(usize) -> Vec<usize>) -> HeadScores {
        let mut weights = Weights::zeros(0..IDS.len(), IDS.len());
        for query in 0..IDS.len() {
            let keys = looks(query);
            let rest = if keys.is_empty() { 1.0 } else { 1.0 - share };
            let mut row = vec![rest / (query + 1) as f32; query + 1];
            keys.iter().for_each(|&key| row[key] += share / keys.len() as f32);
            weights.fold(query, &row, |_, new| new);
        }
        HeadScores::measure(&weights, &IDS, &Visibility::default()).expect("rows that see enough")
    }

    #[test]
    fn a_head_is_named_after_what_it_does() {
        let after = |query: usize| query.checked_sub(11).filter(|_| query > 11).into_iter().collect();
        for (kind, scores) in [
            (HeadKind::PreviousToken, head(0.8, |query| query.checked_sub(1).into_iter().collect())),
            (HeadKind::FirstToken, head(0.8, |_| vec![0])),
            (HeadKind::SameToken, head(0.8, |query| query.checked_sub(12).into_iter().chain([query]).collect())),
            (HeadKind::Induction, head(0.8, after)),
            (HeadKind::LocalWindow, head(0.9, |query| (query.saturating_sub(3)..=query).collect())),
            (HeadKind::Spread, head(0.0, |_| vec![])),
        ] {
            assert_eq!(scores.kind(), kind, "{scores:?}");
        }
        let even = head(0.0, |_| vec![]);
        assert!((even.spread - 1.0).abs() < 1e-6 && even.previous_token < 0.15, "{even:?}");
        let sure = head(1.0, |_| vec![0]);
        assert!((sure.first_token - 1.0).abs() < 1e-6 && sure.spread < 1e-6, "{sure:?}");
    }

    #[test]
    fn nothing_is_said_of_short_texts_or_of_repeats_that_are_not_there() {
        let weights = Weights::zeros(0..7, 7);
        assert_eq!(HeadScores::measure(&weights, &[1; 7], &Visibility::default()), None);
        let mut weights = Weights::zeros(8..9, 9);
        weights.fold(8, &[1.0; 9], |_, _| 1.0 / 9.0);
        let ids: Vec<u32> = (0..9).collect();
        let scores = HeadScores::measure(&weights, &ids, &Visibility::default()).expect("one row");
        assert_eq!((scores.induction, scores.same_token), (None, None));
    }
}
