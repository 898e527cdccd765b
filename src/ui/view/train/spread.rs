//! A few out of many, evenly.

/// At most `most` of `n` indices, evenly spread, ascending: the first is among them, and from two on the last.
pub fn spread(n: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = n.min(most);
    (0..count).map(move |i| if count < 2 { i } else { i * (n - 1) / (count - 1) })
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn both_ends_are_among_them() {
        let all = |n, most| spread(n, most).collect::<Vec<_>>();
        assert_eq!((all(11, 3), all(3, 9), all(9, 1)), (vec![0, 5, 10], vec![0, 1, 2], vec![0]));
        assert_eq!((all(0, 9), all(9, 0)), (vec![], vec![]));
    }
}
