//! Fragments: parts of a page that can change while it is open.
//!
//! The outermost element of a fragment carries its id and its revision, a digest of its own
//! markup. A page is made of the same fragments that the event stream sends.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use maud::{Markup, PreEscaped, Render};

/// What stands in markup where the revision goes.
pub(super) const REVISION: &str = "@rev";
/// What stands in markup where the version of a field goes. It is no part of the revision: an
/// older version of the same text is as good.
pub(super) const VERSION: &str = "@version";

/// A part of a page that can change while it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fragment {
    pub(super) id: String,
    pub(super) revision: String,
    pub(super) html: String,
}

impl Fragment {
    /// `markup` carries `id=(id)` and `data-rev=(REVISION)`.
    pub(super) fn new(id: impl Into<String>, markup: Markup) -> Self {
        Self::with_versions(id, markup, &[])
    }

    /// As `new`, with the texts that take the places of [`VERSION`], in order.
    pub(super) fn with_versions(id: impl Into<String>, markup: Markup, versions: &[&str]) -> Self {
        let html = markup.into_string();
        let mut hasher = DefaultHasher::new();
        html.hash(&mut hasher);
        let revision = format!("{:016x}", hasher.finish());
        let html = html.replacen(REVISION, &revision, 1);
        let place = |html: String, version: &&str| html.replacen(VERSION, &escape(version), 1);
        Self {
            id: id.into(),
            html: versions.iter().fold(html, place),
            revision,
        }
    }
}

impl Render for Fragment {
    fn render(&self) -> Markup {
        PreEscaped(self.html.clone())
    }
}

fn escape(text: &str) -> String {
    maud::html! { (text) }.into_string()
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::*;

    #[test]
    fn a_revision_moves_with_the_content_and_not_with_the_version() {
        let draw = |text: &str, version: &str| {
            let markup = html! { p #x data-rev=(REVISION) data-version=(VERSION) { (text) } };
            Fragment::with_versions("x", markup, &[version])
        };
        let (one, same, other) = (draw("a", "1"), draw("a", "2"), draw("b", "1"));
        assert_eq!(one.revision, same.revision);
        assert_ne!(one.revision, other.revision);
        assert!(one.html.contains(&format!("data-rev=\"{}\"", one.revision)));
        assert!(
            draw("@rev @version", "\"><")
                .html
                .ends_with("&quot;&gt;&lt;\">@rev @version</p>")
        );
    }
}
