//! A policy as it is kept in a file of the program's own: every option as the command line writes it.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Basis, Choices, PartWeights, Policy, profile};

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    #[serde(skip_serializing_if = "Option::is_none")]
    mask: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    split: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    options: BTreeMap<String, String>,
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (mask, profile) = match self.basis {
            Basis::Automatic => (None, None),
            Basis::Mode(mode) => (Some(mode.to_string()), None),
            Basis::Profile(profile) => (None, Some(profile.name.clone())),
        };
        let options = self.choices.named().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let weights = (!self.parts.is_empty()).then(|| self.parts.to_string());
        Kept { mask, profile, split: self.split, weights, options }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Kept { mask, profile, split, weights, options } = Kept::deserialize(deserializer)?;
        let basis = match (mask, profile) {
            (_, Some(name)) => Basis::Profile(profile::find(&name).map_err(D::Error::custom)?),
            (Some(mode), None) => Basis::Mode(mode.parse().map_err(D::Error::custom)?),
            (None, None) => Basis::Automatic,
        };
        let parts: PartWeights = match weights {
            Some(weights) => weights.parse().map_err(D::Error::custom)?,
            None => PartWeights::default(),
        };
        let mut choices = Choices::default();
        for (option, value) in &options {
            choices.set(option, value).map_err(D::Error::custom)?;
        }
        Ok(Self { basis, split, parts, choices })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::Mode;

    #[test]
    fn a_policy_is_the_same_again() {
        let mut choices = Choices::default();
        for (option, value) in [("stop", "last"), ("header", "end"), ("prompt_weight", "0.1"), ("straddlers", "inside")]
        {
            choices.set(option, value).expect("an option");
        }
        let parts = "stop=0,reasoning=0.30000000000000004".parse().expect("weights");
        let roles: Mode = "roles=user,tool".parse().expect("a mode");
        let profiles = profile::every().iter().map(Policy::from);
        let all = profiles.chain([
            Policy::default(),
            Policy { split: Some(7), ..Mode::Completion.into() },
            Policy { basis: Basis::Mode(roles), split: None, parts, choices },
        ]);
        for policy in all {
            let kept = serde_json::to_string(&policy).expect("kept");
            assert_eq!(serde_json::from_str::<Policy>(&kept).expect("read"), policy, "{kept}");
        }
        let error = serde_json::from_str::<Policy>(r#"{"mask": "asistant"}"#).expect_err("a typo").to_string();
        assert!(error.contains("unknown mask \"asistant\""), "{error}");
    }
}
