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

/// Every file, by path. The API is not here: `docs/openapi.json` is served by it.
pub(super) const ASSETS: &[Asset] = &[Asset {
    path: "/",
    content_type: HTML,
    bytes: include_bytes!("page/index.html"),
}];

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
}
