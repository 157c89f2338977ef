//! Routes, and their paths as a list: whoever must look at every page can.

use std::sync::Arc;

use axum::Router;
use axum::routing::MethodRouter;

use crate::web::Site;

/// Routes of the pages.
pub(in crate::web) struct Table {
    router: Router<Arc<Site>>,
    paths: Vec<String>,
}

impl Table {
    pub(super) fn new() -> Self {
        Self {
            router: Router::new(),
            paths: Vec::new(),
        }
    }

    /// Adds a route; parts in braces stand for anything.
    pub(super) fn route(mut self, path: &str, methods: MethodRouter<Arc<Site>>) -> Self {
        self.router = self.router.route(path, methods);
        self.paths.push(path.to_owned());
        self
    }

    pub(super) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.paths.extend(other.paths);
        self
    }

    pub(super) fn into_router(self) -> Router<Arc<Site>> {
        self.router
    }

    /// Every path, once.
    pub(in crate::web) fn into_paths(mut self) -> Vec<String> {
        self.paths.sort();
        self.paths.dedup();
        self.paths
    }
}
