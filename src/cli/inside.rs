//! What `analyze` says of a model's inside, and under which attention.

use std::str::FromStr;

use clap::Args;

use crate::inspect::weights::Pick;
use crate::loss::Labels;
use crate::mask::{AttentionChoice, Cut, CutError, Scope};

#[derive(Clone, Debug, Default, Args)]
pub struct InsideArgs {
    /// What to add of the model's inside (table and JSON), one or more of:
    /// attention=LAYER.HEAD, the weights of a head after softmax (row i, column j: how much position i reads token j; rows
    /// sum to 1), or LAYER.mean, LAYER.max over the heads;
    /// heads, what every head does: previous token, first token, same token, induction, local window or spread, and the
    /// share of its weight that says so;
    /// layers, what each layer would predict: −log p of every target (nats) after layer 1, 2, … and what it puts first;
    /// leaning=POSITION, by how much −log p of that token grows (nats) without each token before it, in all layers and
    /// heads, or with @LAYER or @LAYER.HEAD behind it in those.
    /// Layers and heads are counted from 0, those after which something is predicted from 1
    #[arg(long, value_name = "WHAT,…", value_delimiter = ',', help_heading = "Inside")]
    pub with: Vec<With>,
    /// Score under another attention mask: causal, the model's own with the windows of its layers; none, broken on purpose:
    /// each token sees its own answer; window=N, the latest N tokens in every layer; prefix=N, the first N tokens see each
    /// other; of a --pack, block or naive, as --packing [default: causal]
    #[arg(long, value_name = "MASK", help_heading = "Inside")]
    pub attention: Option<AttentionChoice>,
    /// Edges of attention to forbid: POSITION:TOKEN, that position does not read that token, or *:TOKEN, no other position
    /// does; both counted from 0. In every layer and head, or with @LAYER or @LAYER.HEAD behind it in those
    #[arg(long, value_name = "POSITION:TOKEN,…", value_delimiter = ',', help_heading = "Inside")]
    pub forbid: Vec<Cut>,
    /// Which token each position is asked for: next, or same, broken on purpose: the one that it reads [default: next]
    #[arg(long, value_name = "next|same", value_parser = labels, help_heading = "Inside")]
    pub labels: Option<Labels>,
}

fn labels(text: &str) -> Result<Labels, String> {
    let named = Labels::EVERY.into_iter().find(|labels| labels.name() == text);
    named.ok_or_else(|| "it can be: next, same".into())
}

/// One thing to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    Attention { layer: usize, pick: Pick },
    Heads,
    Layers,
    Leaning { position: usize, scope: Scope },
}

impl With {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Attention { .. } => "attention",
            Self::Heads => "heads",
            Self::Layers => "layers",
            Self::Leaning { .. } => "leaning",
        }
    }
}

impl FromStr for With {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        match (name, value) {
            ("heads", None) => Ok(Self::Heads),
            ("layers", None) => Ok(Self::Layers),
            ("attention", value) => {
                let bad = || "give attention=LAYER.HEAD, both counted from 0, or LAYER.mean, LAYER.max".to_owned();
                let (layer, pick) = value.and_then(|value| value.split_once('.')).ok_or_else(bad)?;
                Ok(Self::Attention { layer: layer.parse().map_err(|_| bad())?, pick: pick.parse().map_err(|_| bad())? })
            }
            ("leaning", value) => {
                let bad = || "give leaning=POSITION, a token counted from 0".to_owned();
                let value = value.ok_or_else(bad)?;
                let (position, scope) = match value.split_once('@') {
                    Some((position, scope)) => (position, scope.parse().map_err(|error: CutError| error.to_string())?),
                    None => (value, Scope::default()),
                };
                Ok(Self::Leaning { position: position.parse().map_err(|_| bad())?, scope })
            }
            _ => Err("it can be: attention=LAYER.HEAD, heads, layers, leaning=POSITION".into()),
        }
    }
}
