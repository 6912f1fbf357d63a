//! Where requests may go.

use ureq::http::Uri;
use ureq::http::uri::{Authority, Scheme};

/// An endpoint to which nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// No URL, or one with more in it than a place.
    #[error("--url {0:?} is no endpoint: write https://HOST/PATH, without user and query string")]
    InvalidUrl(String),
    /// A host that was not named.
    #[error(
        "{0} is not allowed: requests go only to hosts of your own, each named with --allow-host"
    )]
    ForeignHost(String),
    /// A key would be seen on the way.
    #[error("an API key goes to {0} only by https")]
    OpenKey(String),
}

/// An endpoint that its owner has named twice: in the URL and in the list of allowed hosts.
#[derive(Debug, Clone)]
pub struct Target {
    pub(super) scheme: Scheme,
    pub(super) authority: Authority,
    /// Without a slash at its end.
    pub(super) prefix: String,
    /// Sent as `x-api-key`.
    pub(super) api_key: Option<String>,
}

impl Target {
    /// The endpoint `url`, if its host is in `allowed_hosts`.
    ///
    /// # Errors
    ///
    /// Where the URL is none of HTTP, names a host that is not allowed, or would carry an API key
    /// unencrypted to another machine.
    pub fn new(
        url: &str,
        allowed_hosts: &[String],
        api_key: Option<String>,
    ) -> Result<Self, TargetError> {
        let invalid = || TargetError::InvalidUrl(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(invalid());
        };
        let is_http = *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS;
        if !is_http || authority.as_str().contains('@') || uri.query().is_some() {
            return Err(invalid());
        }
        let host = authority.host();
        if !allowed_hosts
            .iter()
            .any(|one| one.eq_ignore_ascii_case(host))
        {
            return Err(TargetError::ForeignHost(host.to_owned()));
        }
        let is_plain = *scheme == Scheme::HTTP && !is_loopback(host);
        if is_plain && api_key.is_some() {
            return Err(TargetError::OpenKey(host.to_owned()));
        }
        Ok(Self {
            scheme: scheme.clone(),
            authority: authority.clone(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            api_key,
        })
    }

    /// The endpoint without anything secret.
    pub fn describe(&self) -> String {
        format!("{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address: Result<std::net::IpAddr, _> = bare.parse();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str, allowed: &[&str], key: Option<&str>) -> Result<Target, String> {
        let allowed: Vec<String> = allowed.iter().map(|host| (*host).to_owned()).collect();
        Target::new(url, &allowed, key.map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn only_hosts_that_are_named_are_reached() {
        let own = ["api.shop.example"];
        let reached = target("https://API.shop.example:8443/prod/", &own, Some("k")).expect("own");
        assert_eq!(reached.describe(), "https://API.shop.example:8443/prod");
        for (url, allowed) in [
            ("https://api.shop.example", &[][..]),
            ("https://shop.example", &own[..]),
            ("https://api.shop.example.evil.example", &own),
            ("https://evil.example/api.shop.example", &own),
            ("https://api.shop.example@evil.example/", &own),
        ] {
            assert!(target(url, allowed, None).is_err(), "{url}");
        }
        let error = target("https://evil.example", &own, None).expect_err("another host");
        assert!(error.starts_with("evil.example is not allowed"), "{error}");
    }

    #[test]
    fn keys_do_not_travel_in_the_open() {
        let own = ["api.shop.example", "127.0.0.1", "[::1]"];
        assert!(target("http://api.shop.example", &own, Some("k")).is_err());
        assert!(target("http://api.shop.example", &own, None).is_ok());
        assert!(target("http://127.0.0.1:80", &own, Some("k")).is_ok());
        assert!(target("http://[::1]:80", &own, Some("k")).is_ok());
    }

    #[test]
    fn other_urls_are_refused() {
        for url in [
            "",
            "shop.example",
            "/path",
            "ftp://h/",
            "https://h/?a=b",
            "https://u@h/",
        ] {
            assert!(target(url, &["h", "shop.example"], None).is_err(), "{url}");
        }
    }
}
