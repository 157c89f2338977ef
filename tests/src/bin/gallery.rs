//! Takes pictures of every page in every state, to look at.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use guichet_tests::figure::say;
use guichet_tests::gallery::take_pictures;
use serde_json::json;

/// Pictures of every page and state, named by role, scene, path, screen, language, text size and
/// contrast
#[derive(Parser)]
#[command(name = "gallery")]
struct Line {
    /// The folder for the pictures
    folder: PathBuf,
    /// Only those whose name has this in it, such as `kiosk-visit` or `_high`
    #[arg(long, default_value = "")]
    only: String,
}

#[tokio::main]
async fn main() -> ExitCode {
    let line = Line::parse();
    match take_pictures(&line.folder, &line.only).await {
        Ok(pictures) => {
            say(&json!({ "folder": line.folder, "pictures": pictures }));
            ExitCode::SUCCESS
        }
        Err(error) => {
            say(&json!({ "failure": format!("{error:#}") }));
            ExitCode::FAILURE
        }
    }
}
