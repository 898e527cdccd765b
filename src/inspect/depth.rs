//! What each layer would predict.

use std::ops::Range;

use crate::loss::{Labels, Row};

/// For a window of rows, the distribution that each layer's hidden states give through the final norm and the head: the
/// logit lens (nostalgebraist 2020). Only the last layer's were trained to be read so.
#[derive(Clone, Debug, PartialEq)]
pub struct Depth {
    pub rows: Range<usize>,
    pub labels: Labels,
    /// Those after layer 1, 2, … of each row in the window; the last are the model's own.
    pub layers: Vec<Vec<Row>>,
}

impl Depth {
    /// What would predict token `t` after `layer` layers, counted from 1; `None` outside the window.
    pub fn predicting(&self, layer: usize, t: usize) -> Option<&Row> {
        let row = self.labels.row(t)?.checked_sub(self.rows.start)?;
        self.layers.get(layer.checked_sub(1)?)?.get(row)
    }

    /// −log p of token `t` after `layer` layers, in nats.
    pub fn nll(&self, layer: usize, t: usize) -> Option<f64> {
        Some(self.predicting(layer, t)?.target?.nll)
    }

    /// The layer, counted from 1, after which token `t` is in first place and stays there; `None` where the model does
    /// not put it first.
    pub fn decided(&self, t: usize) -> Option<usize> {
        let is_first = |layer: &usize| {
            let target = self.predicting(*layer, t).and_then(|row| row.target);
            target.is_some_and(|target| target.rank == 1)
        };
        (1..=self.layers.len()).rev().take_while(is_first).last()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::Target;

    #[test]
    fn decided_is_where_first_place_is_kept_from() {
        let row = |rank| Row { entropy: 0.0, top: vec![], target: Some(Target { id: 0, nll: 1.0, rank }) };
        let of = |ranks: &[u32]| {
            let layers = ranks.iter().map(|&rank| vec![row(rank)]).collect();
            Depth { rows: 4..5, labels: Labels::Next, layers }.decided(5)
        };
        assert_eq!(of(&[9, 1, 2, 1, 1]), Some(4));
        assert_eq!(of(&[1, 1, 1]), Some(1));
        assert_eq!((of(&[1, 1, 2]), of(&[])), (None, None));
    }
}
