//! `model.safetensors`, or the shards that `model.safetensors.index.json` names.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use ::safetensors::tensor::TensorView;
use ::safetensors::{Dtype, SafeTensors};
use candle_core::{DType, Device, Tensor};
use serde_json::Value;

use super::LoadError;
use super::mapped::Mapped;
use crate::disguise;

/// The mapped files of one checkpoint.
pub(super) struct Shards {
    files: Vec<(PathBuf, Mapped)>,
}

impl Shards {
    /// Maps the checkpoint's files; the single file wins where both forms are there, as in transformers.
    pub(super) fn open(directory: &Path) -> Result<Self, LoadError> {
        let single = directory.join("model.safetensors");
        let index = directory.join("model.safetensors.index.json");
        let paths = if single.exists() {
            vec![single]
        } else if index.exists() {
            let paths = shard_paths(directory, &index)?;
            if let Some(gone) = paths.iter().find(|path| !path.exists()) {
                let shard = gone.file_name().unwrap_or_default().to_string_lossy().into_owned();
                return Err(LoadError::MissingShard { index, shard });
            }
            paths
        } else if let Some(file) = pickle(directory) {
            return Err(LoadError::Pickle { file });
        } else {
            return Err(LoadError::Incomplete { directory: directory.to_owned(), missing: "model.safetensors" });
        };
        Self::of(paths)
    }

    /// Maps these files.
    pub(super) fn of(paths: Vec<PathBuf>) -> Result<Self, LoadError> {
        let files = paths.into_iter().map(|path| Ok((path.clone(), Mapped::open(&path)?)));
        Ok(Self { files: files.collect::<Result<_, LoadError>>()? })
    }

    /// Reads all headers.
    pub(super) fn headers(&self) -> Result<Checkpoint<'_>, LoadError> {
        let mut files = Vec::with_capacity(self.files.len());
        let mut places = HashMap::new();
        for (path, map) in &self.files {
            let damaged = |reason: ::safetensors::SafeTensorError| match disguise::of(map) {
                Some(disguise) => LoadError::Disguised { file: path.clone(), disguise },
                None => LoadError::Damaged {
                    file: path.clone(),
                    reason: format!("its header does not fit the file ({reason}); download it again"),
                },
            };
            let header = SafeTensors::deserialize(map).map_err(damaged)?;
            for name in header.names() {
                places.insert(name.to_owned(), files.len());
            }
            files.push((path.as_path(), map, header));
        }
        Ok(Checkpoint { files, places })
    }
}

/// The weights as older transformers saved them. Pickles are programs; none is run here.
fn pickle(directory: &Path) -> Option<PathBuf> {
    let names = ["pytorch_model.bin", "pytorch_model.bin.index.json"];
    names.into_iter().map(|name| directory.join(name)).find(|path| path.exists())
}

/// The shards' paths, each once, in order of name.
pub(in crate::model) fn shard_paths(directory: &Path, index: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let damaged = |reason: &str| LoadError::Damaged { file: index.to_owned(), reason: reason.to_owned() };
    let bytes = super::directory::read(index)?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| damaged(&error.to_string()))?;
    let map = value["weight_map"].as_object().ok_or_else(|| damaged("it has no `weight_map`"))?;
    let mut names = Vec::new();
    for value in map.values() {
        let name = value.as_str().ok_or_else(|| damaged("`weight_map` holds something that is no file name"))?;
        // A shard lies beside its index; anything else reads files that are not the model's.
        if !matches!(Path::new(name).components().collect::<Vec<_>>()[..], [Component::Normal(_)]) {
            return Err(damaged(&format!("shard `{name}` is outside the directory")));
        }
        names.push(name);
    }
    names.sort_unstable();
    names.dedup();
    Ok(names.into_iter().map(|name| directory.join(name)).collect())
}

/// The tensors of all shards, by name.
pub(super) struct Checkpoint<'a> {
    files: Vec<(&'a Path, &'a Mapped, SafeTensors<'a>)>,
    places: HashMap<String, usize>,
}

impl<'a> Checkpoint<'a> {
    pub(super) fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str)
    }

    /// The file a tensor is in.
    pub(super) fn file_of(&self, name: &str) -> Option<&'a Path> {
        self.places.get(name).map(|&index| self.files[index].0)
    }

    /// Whether two tensors hold the same values; `None` if one of them is not there.
    pub(super) fn same(&self, a: &str, b: &str) -> Option<Result<bool, LoadError>> {
        let view = |name: &str| {
            let (_, map, header) = &self.files[*self.places.get(name)?];
            Some((*map, header.tensor(name).ok()?))
        };
        let ((of_a, first), (of_b, second)) = (view(a)?, view(b)?);
        let same = if first.shape() != second.shape() {
            Ok(false)
        } else if first.dtype() == second.dtype() {
            Ok(first.data() == second.data())
        } else {
            self.same_in_f32(a, b)
        };
        of_a.release(first.data());
        of_b.release(second.data());
        Some(same)
    }

    fn same_in_f32(&self, a: &str, b: &str) -> Result<bool, LoadError> {
        let (Some(a), Some(b)) = (self.read(a), self.read(b)) else { return Ok(false) };
        let ((file, a), (_, b)) = (a?, b?);
        let values = |tensor: Tensor| tensor.flatten_all()?.to_vec1::<f32>();
        let failed = |reason| LoadError::Device { tensor: file.display().to_string(), reason };
        Ok(values(a).map_err(failed)? == values(b).map_err(failed)?)
    }

    /// One tensor as f32 on the CPU, and the file it is in; `None` if there is no tensor of that name.
    pub(super) fn read(&self, name: &str) -> Option<Result<(&'a Path, Tensor), LoadError>> {
        let (file, map, header) = &self.files[*self.places.get(name)?];
        let view = header.tensor(name).ok()?;
        let tensor = to_f32(file, name, &view);
        map.release(view.data());
        Some(tensor.map(|tensor| (*file, tensor)))
    }
}

fn to_f32(file: &Path, name: &str, view: &TensorView<'_>) -> Result<Tensor, LoadError> {
    let dtype = match view.dtype() {
        Dtype::F32 => DType::F32,
        Dtype::F16 => DType::F16,
        Dtype::BF16 => DType::BF16,
        other => {
            return Err(LoadError::Tensor {
                file: file.to_owned(),
                tensor: name.to_owned(),
                problem: format!("is stored as {other:?}: this version reads f32, f16 and bf16"),
            });
        }
    };
    Tensor::from_raw_buffer(view.data(), dtype, view.shape(), &Device::Cpu)
        .and_then(|tensor| tensor.to_dtype(DType::F32))
        .map_err(|reason| LoadError::Device { tensor: name.to_owned(), reason })
}
