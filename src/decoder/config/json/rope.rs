//! Rotary positions, in both spellings.

use super::keys::{Keys, unsupported};
use crate::decoder::config::{ConfigError, Rope, RopeScaling};

/// What the keys of a family mean where they are left out, and what its older configs call them.
pub(super) struct Spelling {
    pub theta_key: &'static str,
    pub theta: f64,
    /// Older configs' key for the share of a head that is rotated; `None` where all of it must be.
    pub partial_key: Option<&'static str>,
    pub partial: f64,
}

impl Default for Spelling {
    fn default() -> Self {
        Self { theta_key: "rope_theta", theta: 10_000.0, partial_key: None, partial: 1.0 }
    }
}

/// transformers 5 keeps everything in `rope_parameters`; before, theta stood beside `rope_scaling`.
pub(super) fn rope(keys: Keys<'_>, spelling: &Spelling) -> Result<Rope, ConfigError> {
    match keys.object("rope_parameters")? {
        Some(parameters) => of_parameters(keys, Some(parameters), spelling),
        None => of_parameters(keys, keys.object("rope_scaling")?, spelling),
    }
}

/// gemma3's: that of the layers that see everything, and that of those with a window.
pub(super) fn by_layer_type(keys: Keys<'_>) -> Result<(Rope, Rope), ConfigError> {
    let far = Spelling { theta: 1_000_000.0, ..Spelling::default() };
    let near = Spelling { theta_key: "rope_local_base_freq", ..Spelling::default() };
    let Some(parameters) = keys.object("rope_parameters")? else {
        return Ok((rope(keys, &far)?, of_parameters(keys, None, &near)?));
    };
    let of_type = |name| parameters.object(name)?.ok_or(ConfigError::Missing(name));
    let (full, sliding) = (of_type("full_attention")?, of_type("sliding_attention")?);
    Ok((of_parameters(keys, Some(full), &far)?, of_parameters(keys, Some(sliding), &near)?))
}

fn of_parameters(keys: Keys<'_>, inner: Option<Keys<'_>>, spelling: &Spelling) -> Result<Rope, ConfigError> {
    let inner_number = |key| inner.map_or(Ok(None), |inner| inner.number(key));
    let theta = inner_number("rope_theta")?.or(keys.number(spelling.theta_key)?).unwrap_or(spelling.theta);
    let older = spelling.partial_key.unwrap_or("partial_rotary_factor");
    let partial = inner_number("partial_rotary_factor")?.or(keys.number(older)?).unwrap_or(spelling.partial);
    if spelling.partial_key.is_none() && partial != 1.0 {
        return Err(unsupported("partial_rotary_factor", &partial.to_string(), "1"));
    }
    let scaling = inner.map_or(Ok(None), scaling)?;
    Ok(Rope { theta, scaling, partial })
}

fn scaling(inner: Keys<'_>) -> Result<Option<RopeScaling>, ConfigError> {
    let kind = inner.text("rope_type")?.or(inner.text("type")?).unwrap_or("default");
    Ok(match kind {
        "default" => None,
        "linear" => Some(RopeScaling::Linear { factor: inner.required_number("factor")? }),
        "llama3" => Some(RopeScaling::Llama3 {
            factor: inner.required_number("factor")?,
            low_freq_factor: inner.required_number("low_freq_factor")?,
            high_freq_factor: inner.required_number("high_freq_factor")?,
            original_context: inner.required_number("original_max_position_embeddings")?,
        }),
        other => return Err(unsupported("rope_type", other, "default, linear and llama3")),
    })
}
