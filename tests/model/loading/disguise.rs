//! A model's files that are something else altogether: packed, a page, a pointer to the file itself.

use std::fs;

use super::damage::{damaged, message};
use super::open_gguf;

#[test]
fn they_are_called_what_they_are() {
    let utf16: Vec<u8> = "{\"model_type\": \"llama\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let disguises: [(&[u8], &str); 6] = [
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03packed", "packed with gzip; unpack it first"),
        (b"\x28\xb5\x2f\xfd\0\0\0\0packed", "packed with zstd; unpack it first"),
        (b"PK\x03\x04\0\0\0\0packed", "a zip archive; unpack it first"),
        (&utf16, "UTF-16 text; save it as UTF-8"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
            "a Git LFS pointer, not the file itself; fetch it with git lfs pull",
        ),
        (b"<!DOCTYPE html>\n<html></html>", "an HTML page; download the file itself, not the page that shows it"),
    ];
    for (bytes, is) in disguises {
        for file in ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"] {
            let error = damaged(|directory| fs::write(directory.join(file), bytes).expect("writes"));
            assert_eq!(error, format!("MODEL/{file} is {is}"));
        }
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("model.gguf");
        fs::write(&path, bytes).expect("writes");
        assert_eq!(message(open_gguf(&path), directory.path()), format!("MODEL/model.gguf is {is}"));
    }
}
