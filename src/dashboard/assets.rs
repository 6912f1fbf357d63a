//! The page: every file of it, embedded.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

/// One file of the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asset {
    /// Where it is served.
    pub path: &'static str,
    /// Its content type.
    pub content_type: &'static str,
    /// What it holds.
    pub bytes: &'static [u8],
}

const HTML: &str = "text/html; charset=utf-8";
const PICTURE: &str = "image/svg+xml";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Every file, by path. The API is not here: `docs/openapi.json` is served by it.
pub(super) const ASSETS: &[Asset] = &[
    file("/", HTML, include_bytes!("page/index.html")),
    file("/acl-list.js", SCRIPT, include_bytes!("page/acl-list.js")),
    file("/address.js", SCRIPT, include_bytes!("page/address.js")),
    file(
        "/breakdown-question.js",
        SCRIPT,
        include_bytes!("page/breakdown-question.js"),
    ),
    file("/breakdown.js", SCRIPT, include_bytes!("page/breakdown.js")),
    file(
        "/chart-table.js",
        SCRIPT,
        include_bytes!("page/chart-table.js"),
    ),
    file(
        "/chart-tools.js",
        SCRIPT,
        include_bytes!("page/chart-tools.js"),
    ),
    file("/chart.js", SCRIPT, include_bytes!("page/chart.js")),
    file("/dom.js", SCRIPT, include_bytes!("page/dom.js")),
    file("/favicon.svg", PICTURE, include_bytes!("page/favicon.svg")),
    file("/feedback.js", SCRIPT, include_bytes!("page/feedback.js")),
    file("/figures.js", SCRIPT, include_bytes!("page/figures.js")),
    file("/format.js", SCRIPT, include_bytes!("page/format.js")),
    file("/gestures.js", SCRIPT, include_bytes!("page/gestures.js")),
    file(
        "/health-panel.js",
        SCRIPT,
        include_bytes!("page/health-panel.js"),
    ),
    file("/history.js", SCRIPT, include_bytes!("page/history.js")),
    file(
        "/incident-detail.js",
        SCRIPT,
        include_bytes!("page/incident-detail.js"),
    ),
    file("/incidents.js", SCRIPT, include_bytes!("page/incidents.js")),
    file("/inspector.js", SCRIPT, include_bytes!("page/inspector.js")),
    file("/knowledge.js", SCRIPT, include_bytes!("page/knowledge.js")),
    file("/layers.js", SCRIPT, include_bytes!("page/layers.js")),
    file("/live.js", SCRIPT, include_bytes!("page/live.js")),
    file("/login.js", SCRIPT, include_bytes!("page/login.js")),
    file("/marks.js", SCRIPT, include_bytes!("page/marks.js")),
    file("/page.css", STYLE, include_bytes!("page/page.css")),
    file("/page.js", SCRIPT, include_bytes!("page/page.js")),
    file("/readout.js", SCRIPT, include_bytes!("page/readout.js")),
    file("/server.js", SCRIPT, include_bytes!("page/server.js")),
    file("/steps.js", SCRIPT, include_bytes!("page/steps.js")),
    file("/theme.js", SCRIPT, include_bytes!("page/theme.js")),
    file(
        "/uPlot.iife.min.js",
        SCRIPT,
        include_bytes!("page/vendor/uPlot.iife.min.js"),
    ),
    file(
        "/uPlot.license.txt",
        TEXT,
        include_bytes!("page/vendor/uPlot.LICENSE"),
    ),
    file(
        "/uPlot.min.css",
        STYLE,
        include_bytes!("page/vendor/uPlot.min.css"),
    ),
    file("/verdict.js", SCRIPT, include_bytes!("page/verdict.js")),
    file("/viewport.js", SCRIPT, include_bytes!("page/viewport.js")),
];

const fn file(path: &'static str, content_type: &'static str, bytes: &'static [u8]) -> Asset {
    Asset {
        path,
        content_type,
        bytes,
    }
}

impl Asset {
    pub(super) fn response(&self) -> Response {
        let mut response = Response::new(Body::from(self.bytes));
        *response.status_mut() = StatusCode::OK;
        let headers = response.headers_mut();
        let content_type = HeaderValue::from_static(self.content_type);
        headers.insert(header::CONTENT_TYPE, content_type);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_sorted_and_unlike_the_api() {
        assert!(ASSETS.is_sorted_by(|one, next| one.path < next.path));
        for asset in ASSETS {
            assert!(asset.path.starts_with('/') && !asset.path.starts_with("/api"));
            assert!(!asset.bytes.is_empty(), "{} is empty", asset.path);
        }
    }

    #[test]
    fn every_file_of_the_page_is_served() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/src/dashboard/page");
        let mut contents = Vec::new();
        for folder in [page.to_owned(), format!("{page}/vendor")] {
            for entry in std::fs::read_dir(folder).expect("it is there") {
                let path = entry.expect("it can be listed").path();
                if path.is_file() {
                    contents.push(std::fs::read(path).expect("it can be read"));
                }
            }
        }
        assert_eq!(contents.len(), ASSETS.len());
        for content in contents {
            assert!(ASSETS.iter().any(|asset| asset.bytes == content));
        }
    }
}
