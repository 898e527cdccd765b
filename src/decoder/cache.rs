//! Keys and values of tokens already run, so that a longer sequence runs only its new tokens.

use candle_core::{DType, Result, Tensor};

/// What attention keeps of the tokens run so far.
#[derive(Debug, Default)]
pub struct KvCache {
    /// Keys and values of each layer, `[capacity, kv_heads · head_dim]`; rows from `tokens` on are free.
    layers: Vec<(Tensor, Tensor)>,
    tokens: usize,
}

impl KvCache {
    /// A cache of no tokens.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many tokens are kept.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// The same keys and values in memory of their own, so that both can go on differently.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn fork(&self) -> Result<Self> {
        let copy = |rows: &Tensor| self.room(Some(rows), rows, self.tokens);
        let layers = self.layers.iter().map(|(keys, values)| Ok((copy(keys)?, copy(values)?)));
        Ok(Self { layers: layers.collect::<Result<_>>()?, tokens: self.tokens })
    }

    /// Forgets the tokens from `tokens` on.
    pub fn truncate(&mut self, tokens: usize) {
        self.tokens = self.tokens.min(tokens);
    }

    /// Stores keys and values `[new tokens, features]` of a layer after the kept ones and returns those of all tokens.
    /// The new tokens count as kept once [`advance`](Self::advance) is called, when every layer has them.
    pub(super) fn append(&mut self, layer: usize, k: &Tensor, v: &Tensor) -> Result<(Tensor, Tensor)> {
        let total = self.tokens + k.dim(0)?;
        if self.layers.len() == layer {
            self.layers.push((self.room(None, k, total)?, self.room(None, v, total)?));
        } else if self.layers[layer].0.dim(0)? < total {
            let (keys, values) = &self.layers[layer];
            self.layers[layer] = (self.room(Some(keys), k, total)?, self.room(Some(values), v, total)?);
        }
        let (keys, values) = &self.layers[layer];
        keys.slice_set(&k.detach().contiguous()?, 0, self.tokens)?;
        values.slice_set(&v.detach().contiguous()?, 0, self.tokens)?;
        Ok((keys.narrow(0, 0, total)?, values.narrow(0, 0, total)?))
    }

    /// Keys and values `[tokens, features]` of the first `tokens` tokens in a layer.
    ///
    /// # Errors
    /// If not as many are kept.
    pub(super) fn kept(&self, layer: usize, tokens: usize) -> Result<(Tensor, Tensor)> {
        match self.layers.get(layer) {
            Some((keys, values)) if tokens <= self.tokens => {
                Ok((keys.narrow(0, 0, tokens)?, values.narrow(0, 0, tokens)?))
            }
            _ => candle_core::bail!("{tokens} tokens are asked for and {} are kept", self.tokens),
        }
    }

    /// Counts the tokens that every layer has appended.
    pub(super) fn advance(&mut self, tokens: usize) {
        self.tokens += tokens;
    }

    /// A buffer for at least `total` rows like those of `new`, which begins with the kept rows of `old`.
    fn room(&self, old: Option<&Tensor>, new: &Tensor, total: usize) -> Result<Tensor> {
        let buffer = Tensor::zeros((total.next_power_of_two().max(64), new.dim(1)?), DType::F32, new.device())?;
        if let Some(old) = old.filter(|_| self.tokens > 0) {
            buffer.slice_set(&old.narrow(0, 0, self.tokens)?, 0, 0)?;
        }
        Ok(buffer)
    }
}
