//! Writing the model's chat template with generation tags.

use std::path::Path;

use anyhow::{Context, Result};

use crate::model::Reader;
use crate::template::annotate;

/// Annotates the model's chat template and writes it to `path`.
///
/// # Errors
/// If the model has none, no way to annotate it is proven, or the file cannot be written.
pub fn export(model: &Reader, path: &Path) -> Result<()> {
    let vocabulary = &model.vocabulary;
    let source = vocabulary.chat_template.as_deref().with_context(|| {
        format!("model {} has no chat template; give one with --template FILE or --template chatml", model.name)
    })?;
    let (bos, eos, pad) = (vocabulary.bos_text(), vocabulary.eos_text(), vocabulary.pad_text());
    let specials = annotate::Specials { bos: bos.as_deref(), eos: eos.as_deref(), pad: pad.as_deref() };
    let annotated = annotate::annotate(source, specials, &annotate::probes())
        .with_context(|| format!("the chat template of {}", model.name))?;
    std::fs::write(path, annotated).with_context(|| format!("writing {}", path.display()))?;
    eprintln!(
        "note: wrote {}: it renders as the model's own, and its tags hold what mask assistant scores",
        path.display()
    );
    Ok(())
}
