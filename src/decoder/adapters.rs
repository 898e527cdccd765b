//! Low-rank adapters beside the projections (LoRA, Hu et al. 2021).

use candle_core::Tensor;

use super::layers::Linear;
use super::{Decoder, DecoderError, Part};
use crate::ops::{Adapter, Weight, update_values};

/// A projection that can have an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    /// Its weight's name in the files, without `.weight`.
    pub name: String,
    pub part: Part,
    pub features_in: usize,
    pub features_out: usize,
    /// One of the feed-forward network's; else one of attention's.
    pub is_mlp: bool,
}

impl Projection {
    /// What the projection is called within its layer: `q_proj`, `c_attn`.
    pub fn short_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

impl Decoder {
    /// Every projection within the layers, in the order of the forward pass.
    pub fn projections(&self) -> Vec<Projection> {
        let mut all = Vec::new();
        for (layer, block) in self.blocks.iter().enumerate() {
            let attention = block.attention.linears().len();
            for (i, linear) in block.linears().into_iter().enumerate() {
                let (features_in, features_out) = linear.shape();
                let (name, part, is_mlp) = (linear.name.clone(), Part::Layer(layer), i >= attention);
                all.push(Projection { name, part, features_in, features_out, is_mlp });
            }
        }
        all
    }

    /// The adapters with their projections' names, in the order of the forward pass.
    pub fn adapters(&self) -> Vec<(String, Adapter)> {
        let linears = self.blocks.iter().flat_map(|block| block.linears());
        linears.filter_map(|linear| Some((linear.name.clone(), linear.adapter.clone()?))).collect()
    }

    /// Puts adapters beside the named projections, in place of those they have; `A [rank, in]`, `B [out, rank]`.
    ///
    /// # Errors
    /// A name that no projection has, or a shape that does not fit.
    pub fn attach(&mut self, adapters: Vec<(String, Adapter)>) -> Result<(), DecoderError> {
        for (name, adapter) in adapters {
            let mut linears = self.blocks.iter_mut().flat_map(|block| block.linears_mut());
            let Some(linear) = linears.find(|linear| linear.name == name) else {
                return Err(DecoderError::Missing { name });
            };
            let ((features_in, features_out), rank) = (linear.shape(), adapter.a.dims().first().copied().unwrap_or(0));
            let expect = |tensor: &Tensor, letter: &str, expected: [usize; 2]| match tensor.dims() == expected {
                true => Ok(()),
                false => Err(DecoderError::Shape {
                    name: format!("{name}.lora_{letter}"),
                    expected: expected.to_vec(),
                    found: tensor.dims().to_vec(),
                }),
            };
            expect(&adapter.a, "A", [rank, features_in])?;
            expect(&adapter.b, "B", [features_out, rank])?;
            linear.adapter = Some(adapter);
        }
        Ok(())
    }

    /// Takes all adapters away; what they added is gone.
    pub fn detach_adapters(&mut self) {
        for linear in self.blocks.iter_mut().flat_map(|block| block.linears_mut()) {
            linear.adapter = None;
        }
    }

    /// What [`merge_adapters`](Self::merge_adapters) would make of the weight of that name; `None` where it has no
    /// adapter.
    ///
    /// # Errors
    /// If a tensor operation fails.
    pub fn merged(&self, weight: &str) -> Result<Option<Tensor>, DecoderError> {
        let mut linears = self.blocks.iter().flat_map(|block| block.linears());
        let named = |linear: &&Linear| weight.strip_suffix(".weight") == Some(&linear.name);
        let Some(linear) = linears.find(named) else { return Ok(None) };
        let Some(adapter) = &linear.adapter else { return Ok(None) };
        let (weight, product) = linear.product(adapter)?;
        Ok(Some((weight + product)?))
    }

    /// Adds scale·B·A to the weights of every projection with an adapter, in place, and takes the adapters away.
    ///
    /// # Errors
    /// If a tensor operation fails.
    pub fn merge_adapters(&mut self) -> Result<(), DecoderError> {
        for linear in self.blocks.iter_mut().flat_map(|block| block.linears_mut()) {
            let Some(adapter) = linear.adapter.take() else { continue };
            let (weight, product) = linear.product(&adapter)?;
            if weight.device().is_cpu() {
                let product = product.flatten_all()?.to_vec1::<f32>()?;
                update_values(weight, |weight| crate::ops::add_to(weight, &product))?;
            } else {
                weight.slice_set(&(weight + product)?, 0, 0)?;
            }
        }
        Ok(())
    }
}

impl Linear {
    /// The weight, and scale·B·A laid out as it is.
    fn product(&self, Adapter { a, b, scale }: &Adapter) -> Result<(&Tensor, Tensor), DecoderError> {
        let product = (b.matmul(a)? * *scale)?;
        Ok(match &self.weight {
            Weight::OutIn(weight) => (weight, product),
            Weight::InOut(weight) => (weight, product.t()?.contiguous()?),
        })
    }
}
