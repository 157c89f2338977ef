//! Who owns the parts of a running node, and what happens when an owner is no more.
//!
//! Each machine has one owner, a thread or a task. Without its owner a part is dead, and the others
//! would not notice: they hand in work that nobody takes. So every owner holds a [`Post`] for as
//! long as it lives. A post that is left while the node runs, by a panic or by an end that nobody
//! ordered, ends the node: the process says why, with exit status 1, and whoever started it starts
//! it again. That loses nothing, for nothing is acknowledged before the journal has it.
//!
//! Work that may fail by itself (a request, a drawing, a change from outside) holds no post.

use std::cell::RefCell;
use std::fmt;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

thread_local! {
    /// Where this thread panicked last; a post that is left by a panic is left on its thread.
    static PANICKED_AT: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Makes posts; cheap to clone.
#[derive(Clone, Debug)]
pub struct Posts {
    left: UnboundedSender<Left>,
}

/// Tells of posts that were left.
#[derive(Debug)]
pub struct Watch {
    left: UnboundedReceiver<Left>,
}

/// Held by an owner for as long as it lives.
#[derive(Debug)]
pub struct Post {
    owner: String,
    vacant: bool,
    left: UnboundedSender<Left>,
}

/// An owner is no more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node ends, for a part of it is dead: the owner of {owner} {how}")]
pub struct Left {
    /// What it owned.
    pub owner: String,
    /// How it ended.
    pub how: How,
}

/// How an owner ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// It panicked at this place of the source.
    Panicked {
        /// File and line, as far as they are known.
        place: String,
    },
    /// It returned, and nobody had told it to.
    Returned,
}

/// No post is left yet.
pub fn posts() -> (Posts, Watch) {
    let (tell, left) = unbounded_channel();
    (Posts { left: tell }, Watch { left })
}

impl Posts {
    /// A post for the owner of this part.
    pub fn of(&self, owner: impl Into<String>) -> Post {
        Post {
            owner: owner.into(),
            vacant: false,
            left: self.left.clone(),
        }
    }
}

impl Watch {
    /// Returns once an owner is no more.
    pub async fn left(&mut self) -> Left {
        match self.left.recv().await {
            Some(left) => left,
            // No post was ever made, or all were told of.
            None => std::future::pending().await,
        }
    }
}

impl Post {
    /// There is nothing to own: nobody is missed.
    pub fn vacate(mut self) {
        self.vacant = true;
    }
}

impl Drop for Post {
    fn drop(&mut self) {
        if self.vacant {
            return;
        }
        let how = if std::thread::panicking() {
            How::Panicked {
                place: panicked_at(),
            }
        } else {
            How::Returned
        };
        let owner = std::mem::take(&mut self.owner);
        let _the_node_is_stopping = self.left.send(Left { owner, how });
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked { place } => write!(f, "panicked at {place}"),
            Self::Returned => f.write_str("returned unasked"),
        }
    }
}

/// Logs where a panic was, and remembers it. Its message may hold what somebody typed and is
/// dropped.
pub fn note_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        tracing::error!(place, "a part of the program panicked");
        PANICKED_AT.with_borrow_mut(|at| *at = Some(place));
    }));
}

/// Where this thread panicked last.
pub fn panicked_at() -> String {
    let place = PANICKED_AT.with_borrow(Clone::clone);
    place.unwrap_or_else(|| "an unknown place".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn seen(watch: &mut Watch) -> Left {
        let left = tokio::time::timeout(std::time::Duration::from_secs(5), watch.left());
        left.await.expect("an owner is missed")
    }

    #[tokio::test]
    async fn a_thread_and_a_task_that_panic_are_missed_and_so_is_who_just_leaves() {
        note_panics();
        let (posts, mut watch) = posts();
        let post = posts.of("the disk");
        let thread = std::thread::spawn(move || {
            let _post = post;
            panic!("what somebody typed");
        });
        assert!(thread.join().is_err());
        let left = seen(&mut watch).await;
        let said = left.to_string();
        assert!(
            said.contains("the owner of the disk panicked at node/src/owners.rs:"),
            "{said}"
        );
        assert!(!said.contains("typed"), "{said}");

        let post = posts.of("the mesh");
        let task = tokio::spawn(async move {
            let _post = post;
            tokio::task::yield_now().await;
            panic!("what somebody typed");
        });
        assert!(task.await.is_err());
        let left = seen(&mut watch).await;
        assert_eq!(left.owner, "the mesh");
        assert!(matches!(left.how, How::Panicked { .. }), "{left}");

        posts.of("calls of a relay").vacate();
        drop(posts.of("the pages"));
        let left = seen(&mut watch).await;
        assert_eq!(
            (left.owner.as_str(), left.how),
            ("the pages", How::Returned)
        );
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(50), watch.left());
        assert!(waiting.await.is_err(), "each is told once");
    }
}
