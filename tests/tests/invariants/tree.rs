//! The texts of the repository.

use std::fs;
use std::path::{Path, PathBuf};

/// A file, its path written from the root of the repository.
pub struct Text {
    pub path: String,
    pub content: String,
}

/// A text made up for a control.
pub fn text(path: &str, content: &str) -> Text {
    Text {
        path: path.to_string(),
        content: content.to_string(),
    }
}

pub fn rust(text: &Text) -> bool {
    text.path.ends_with(".rs")
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every text of the repository, build output, demo folders and the lock left out.
pub fn texts() -> Vec<Text> {
    let mut texts = Vec::new();
    walk(&root(), "", &mut texts);
    assert!(texts.len() > 10, "the source tree was not found");
    texts
}

fn walk(folder: &Path, path: &str, texts: &mut Vec<Text>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().into_string().unwrap();
        if ["target", ".git", "guichet-demo", "Cargo.lock"].contains(&name.as_str()) {
            continue;
        }
        let path = if path.is_empty() {
            name
        } else {
            format!("{path}/{name}")
        };
        if entry.file_type().unwrap().is_dir() {
            walk(&entry.path(), &path, texts);
        } else if let Ok(content) = fs::read_to_string(entry.path()) {
            texts.push(Text { path, content });
        }
    }
}
