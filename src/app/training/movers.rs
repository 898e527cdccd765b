//! Which tokens training moved most.

use crate::loss::Scores;

/// A token whose −log p changed, in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mover {
    pub token: usize,
    pub from: f64,
    pub to: f64,
}

impl Mover {
    /// Below 0 where the token became likelier.
    pub fn change(&self) -> f64 {
        self.to - self.from
    }
}

/// The tokens whose −log p fell most and those whose rose most.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Movers {
    pub falls: Vec<Mover>,
    pub rises: Vec<Mover>,
}

impl Movers {
    /// At most `most` each, the greatest change first; of equal ones the earlier token first. `tokens` is how many there
    /// are; those without a score on either side are left out.
    pub fn new(tokens: usize, from: &Scores, to: &Scores, most: usize) -> Self {
        let movers = (1..tokens).filter_map(|token| Some(Mover { token, from: from.nll(token)?, to: to.nll(token)? }));
        let (falls, rises): (Vec<Mover>, Vec<Mover>) =
            movers.filter(|mover| mover.change() != 0.0).partition(|mover| mover.change() < 0.0);
        Self { falls: greatest(falls, most), rises: greatest(rises, most) }
    }
}

fn greatest(mut movers: Vec<Mover>, most: usize) -> Vec<Mover> {
    let order = |a: &Mover, b: &Mover| b.change().abs().total_cmp(&a.change().abs()).then(a.token.cmp(&b.token));
    if most < movers.len() {
        movers.select_nth_unstable_by(most, order);
        movers.truncate(most);
    }
    movers.sort_unstable_by(order);
    movers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::{Row, Target};

    fn scores(nlls: &[f64]) -> Scores {
        let row = |&nll: &f64| Row { entropy: 0.0, top: Vec::new(), target: Some(Target { id: 0, nll, rank: 1 }) };
        Scores::new(nlls.iter().map(row).collect())
    }

    #[test]
    fn the_greatest_changes_come_first() {
        let (from, to) = (scores(&[3.0, 2.0, 1.0, 5.0, 1.0]), scores(&[1.0, 2.0, 4.0, 1.0, 1.5]));
        let tokens = |movers: &[Mover]| movers.iter().map(|mover| mover.token).collect::<Vec<_>>();
        let all = Movers::new(6, &from, &to, 9);
        assert_eq!((tokens(&all.falls), tokens(&all.rises)), (vec![4, 1], vec![3, 5]));
        assert_eq!((all.falls[0].change(), all.rises[0].change()), (-4.0, 3.0));
        let one = Movers::new(6, &from, &to, 1);
        assert_eq!((tokens(&one.falls), tokens(&one.rises)), (vec![4], vec![3]));
    }

    #[test]
    fn equal_changes_stand_in_the_order_of_the_text_and_what_has_no_score_is_left_out() {
        let movers = Movers::new(5, &scores(&[2.0, 2.0, 2.0]), &scores(&[1.0, 1.0]), 9);
        assert_eq!(movers.falls.iter().map(|mover| mover.token).collect::<Vec<_>>(), [1, 2]);
        assert!(movers.rises.is_empty());
    }
}
