//! What a file of checkpoints says of itself, and where each difference lies.

use serde::{Deserialize, Serialize};

/// How a file begins.
const MAGIC: &[u8] = b"LGLIFE1\n";

/// The first line, in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    /// Of the random weights that training began with.
    seed: u64,
    checkpoints: Vec<Kept>,
}

/// A checkpoint that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    /// Steps of training that its weights have had.
    step: usize,
    /// What it takes in the file.
    bytes: usize,
}

/// A file of checkpoints: the differences, by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifeFile<'a> {
    /// Of the random weights that training began with.
    pub seed: u64,
    /// Steps, ascending, and what each checkpoint has gained on the one before; the first on the random weights.
    pub differences: Vec<(usize, &'a [u8])>,
}

impl<'a> LifeFile<'a> {
    /// Reads the header.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn read(bytes: &'a [u8]) -> Result<Self, String> {
        let rest = bytes.strip_prefix(MAGIC).ok_or("it does not begin as a file of checkpoints does")?;
        let end = rest.iter().position(|&byte| byte == b'\n').ok_or("its header has no end")?;
        let header: Header = serde_json::from_slice(&rest[..end]).map_err(|error| format!("its header: {error}"))?;
        let mut rest = &rest[end + 1..];
        let mut differences = Vec::new();
        for Kept { step, bytes } in header.checkpoints {
            let difference = rest.split_off(..bytes).ok_or_else(|| format!("it ends within step {step}"))?;
            if differences.last().is_some_and(|&(before, _)| before >= step) {
                return Err(format!("step {step} does not come after the one before it"));
            }
            differences.push((step, difference));
        }
        Ok(Self { seed: header.seed, differences })
    }

    /// The file.
    pub fn write(&self) -> Vec<u8> {
        let kept = |&(step, difference): &(usize, &[u8])| Kept { step, bytes: difference.len() };
        let header = Header { seed: self.seed, checkpoints: self.differences.iter().map(kept).collect() };
        let mut bytes = MAGIC.to_vec();
        bytes.extend(serde_json::json!(header).to_string().bytes());
        bytes.push(b'\n');
        self.differences.iter().for_each(|(_, difference)| bytes.extend_from_slice(difference));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_damaged_is_told() {
        let file = LifeFile { seed: 7, differences: vec![(0, &[]), (8, &[1, 2, 3]), (600, &[4, 10])] };
        let bytes = file.write();
        assert_eq!(LifeFile::read(&bytes), Ok(file));
        for (damaged, why) in [
            (b"GGUF".to_vec(), "does not begin"),
            (MAGIC.to_vec(), "no end"),
            (bytes[..bytes.len() - 1].to_vec(), "within step 600"),
            (LifeFile { seed: 0, differences: vec![(4, &[]), (4, &[])] }.write(), "after the one before"),
        ] {
            assert!(LifeFile::read(&damaged).is_err_and(|error| error.contains(why)), "{why}");
        }
    }
}
