//! A share of a data set's records, so that several machines can take one each.

use std::fmt;
use std::str::FromStr;

/// Shard I of N: the records with the numbers I − 1, I − 1 + N, I − 1 + 2 N, …, counted through all files. The N shards
/// have every record, and no record is in two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub number: usize,
    pub of: usize,
}

impl Shard {
    /// Whether the record of that number, from 0, is in it.
    pub fn has(self, index: usize) -> bool {
        index % self.of == self.number - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match numbers {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self { number, of }),
            Some((0, of)) if of > 0 => Err(format!("shards are counted from 1: give 1/{of} to {of}/{of}")),
            _ => Err("give I/N, shard I of N, counted from 1, such as 1/8 to 8/8".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_have_every_record_once() {
        let shards: Vec<Shard> = (1..=7).map(|number| format!("{number}/7").parse().expect("a shard")).collect();
        for index in 0..100 {
            assert_eq!(shards.iter().filter(|shard| shard.has(index)).count(), 1, "record {index}");
        }
    }

    #[test]
    fn what_is_no_shard_is_refused() {
        let refused = |text: &str| text.parse::<Shard>().expect_err("no shard");
        assert!(refused("0/8").contains("counted from 1: give 1/8 to 8/8"));
        for text in ["9/8", "0/0", "1/0", "-1/8", "1", "1/", "a/b", "1/8/2"] {
            assert!(refused(text).contains("give I/N"), "{text}");
        }
    }
}
