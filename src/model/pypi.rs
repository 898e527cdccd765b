//! placeholder until the merge
pub fn get(_name: &str, _say: &mut dyn FnMut(&str)) -> anyhow::Result<std::path::PathBuf> { anyhow::bail!("not here yet") }
