//! `config.json` as transformers writes it, old spelling (`rope_theta`, `rope_scaling`) and new (`rope_parameters`).

mod families;
mod keys;
mod rope;

use serde_json::Value;

use super::{Config, ConfigError, Family};
use keys::{Keys, unsupported};

/// The `model_type` of gemma3 with its eyes.
const GEMMA3_WITH_VISION: &str = "gemma3";

impl Config {
    /// Reads `config.json`. What a key left out means is transformers' default for the family. Of a gemma3 that sees, the
    /// text part is read.
    ///
    /// # Errors
    /// Anything the decoder would not compute exactly: another family, activation or rope type, quantised weights.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ConfigError> {
        let value: Value = serde_json::from_slice(bytes).map_err(|error| ConfigError::Json(error.to_string()))?;
        let Value::Object(keys) = &value else {
            return Err(ConfigError::Json("not a JSON object".to_owned()));
        };
        let keys = Keys(keys);
        if keys.present("quantization_config").is_some() {
            return Err(unsupported(
                "quantization_config",
                "quantised safetensors",
                "f32, f16 and bf16 weights, or GGUF",
            ));
        }
        let config = match keys.text("model_type")? {
            Some(GEMMA3_WITH_VISION) => {
                let text = keys.object("text_config")?.ok_or(ConfigError::Missing("text_config"))?;
                families::gemma3(text)?
            }
            Some(name) => match Family::of_name(name) {
                Some(family) => families::read(family, keys)?,
                None => return Err(ConfigError::Family(name.to_owned())),
            },
            None => return Err(ConfigError::Missing("model_type")),
        };
        config.validate()?;
        Ok(config)
    }
}

/// Whether `config.json` wraps the text model among others, whose tensors are not the decoder's.
pub(crate) fn is_wrapper(bytes: &[u8]) -> bool {
    serde_json::from_slice::<Value>(bytes).is_ok_and(|value| value["model_type"] == GEMMA3_WITH_VISION)
}
