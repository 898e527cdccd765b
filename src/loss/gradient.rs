//! The exact gradient of the loss in the logits of one row: which tokens the next step pushes up and which down.

use super::Distribution;

/// One entry of the gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Push {
    pub id: u32,
    pub p: f64,
    /// A step goes against it: below 0 the token is pushed up, above 0 down.
    pub gradient: f64,
}

/// ∂L/∂logits = w/D · (softmax − onehot(target)) of the row that predicts one target.
#[derive(Clone, Debug, PartialEq)]
pub struct LogitGradient {
    /// The target: the one token that is pushed up.
    pub target: Push,
    /// The tokens that are pushed down the most, the first of them the most.
    pub down: Vec<Push>,
}

impl LogitGradient {
    /// With the `most` tokens that are pushed down the most, for a target of weight `weight` in a loss divided by
    /// `denominator`; `None` for a target outside the vocabulary.
    pub fn new(row: &Distribution, target: u32, weight: f64, denominator: f64, most: usize) -> Option<Self> {
        let (nll, factor) = (row.nll(target, 1.0)?, weight / denominator);
        // p − 1 without the rounding of 1 − p, for a target that is nearly certain.
        let target = Push { id: target, p: (-nll).exp(), gradient: factor * (-nll).exp_m1() };
        let others = row.top(most + 1, 1.0).into_iter().filter(|other| other.id != target.id).take(most);
        let down = others.map(|other| Push { id: other.id, p: other.p, gradient: factor * other.p }).collect();
        Some(Self { target, down })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_autograd_gives() {
        // z = torch.tensor([1., 2., 3., 0.], requires_grad=True)
        // (0.5 * F.cross_entropy(z[None], torch.tensor([1])) / 4).backward()
        // z.grad -> [0.0109, -0.0954, 0.0805, 0.0040]
        let row = Distribution::new(vec![1.0, 2.0, 3.0, 0.0]);
        let gradient = LogitGradient::new(&row, 1, 0.5, 4.0, 9).unwrap();
        let all: Vec<(u32, f64)> =
            [gradient.target].iter().chain(&gradient.down).map(|push| (push.id, push.gradient)).collect();
        assert_eq!(all.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 2, 0, 3]);
        for ((_, ours), theirs) in all.iter().zip([-0.095_39, 0.080_49, 0.010_89, 0.004_01]) {
            assert!((ours - theirs).abs() < 1e-5, "{ours} {theirs}");
        }
        assert!(all.iter().map(|(_, gradient)| gradient).sum::<f64>().abs() < 1e-12, "a row's gradient sums to 0");
        assert_eq!(LogitGradient::new(&row, 4, 1.0, 1.0, 9), None);
    }
}
