//! A record as the request that it tells of.

use serde::Deserialize;
use ureq::http::Request;

use super::Target;

/// Bodies are as long as the record says, up to this.
const MAX_BODY: u64 = 64 * 1024;
/// Headers that are sent as they were; the others belong to the connection, or to somebody.
const HEADERS: [&str; 6] = [
    "accept",
    "accept-language",
    "content-type",
    "origin",
    "referer",
    "user-agent",
];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    http_request: Recorded,
    #[serde(default)]
    request_body_size: u64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recorded {
    http_method: String,
    uri: String,
    #[serde(default)]
    args: String,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Debug, Deserialize)]
struct Header {
    name: String,
    value: String,
}

/// The request that `line` tells of, to `target`.
///
/// # Errors
///
/// Why there is none.
pub fn of(line: &[u8], target: &Target) -> Result<Request<Vec<u8>>, &'static str> {
    let record: Record = serde_json::from_slice(line).map_err(|_| "no request in the record")?;
    let recorded = record.http_request;
    let mut path = format!("{}{}", target.prefix, encoded(&recorded.uri));
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    if !recorded.args.is_empty() {
        path.push('?');
        path.push_str(&encoded(&recorded.args));
    }
    let uri = format!("{}://{}{path}", target.scheme, target.authority);
    let mut request = Request::builder()
        .method(recorded.http_method.as_str())
        .uri(uri);
    for header in &recorded.headers {
        if HEADERS
            .iter()
            .any(|name| header.name.eq_ignore_ascii_case(name))
        {
            request = request.header(header.name.as_str(), header.value.as_str());
        }
    }
    if let Some(key) = &target.api_key {
        request = request.header("x-api-key", key.as_str());
    }
    let has_body = matches!(recorded.http_method.as_str(), "POST" | "PUT" | "PATCH");
    let length = match has_body {
        true => record.request_body_size.min(MAX_BODY),
        false => 0,
    };
    let body = vec![b'x'; length as usize];
    request
        .body(body)
        .map_err(|_| "a request that cannot be sent")
}

/// What may not stand in a URI percent-encoded (RFC 3986); escapes that are there stay.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => encoded.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+'
            | b',' | b';' | b'=' | b':' | b'@' | b'/' | b'%' => encoded.push(char::from(byte)),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn target() -> Target {
        let allowed = ["127.0.0.1".to_owned()];
        Target::new("http://127.0.0.1:9/prod/", &allowed, Some("key".to_owned())).expect("own")
    }

    #[test]
    fn a_record_becomes_its_request() {
        let line = br#"{"httpRequest":{"httpMethod":"POST","uri":"/a b","args":"q=<x>&y=%20","headers":[{"name":"Host","value":"other.example"},{"name":"User-Agent","value":"curl"},{"name":"Cookie","value":"c"},{"name":"x-api-key","value":"REDACTED"}]},"requestBodySize":5}"#;
        let request = of(line, &target()).expect("a request");
        assert_eq!(
            request.uri(),
            "http://127.0.0.1:9/prod/a%20b?q=%3Cx%3E&y=%20"
        );
        assert_eq!(request.method(), "POST");
        assert_eq!(request.body(), b"xxxxx");
        let names: Vec<&str> = request.headers().keys().map(|name| name.as_str()).collect();
        assert_eq!(names, ["user-agent", "x-api-key"]);
        assert_eq!(request.headers()["x-api-key"], "key");
    }

    #[test]
    fn lines_without_a_request_are_failures() {
        for line in ["", "{}", "{\"httpRequest\":{}}"] {
            assert!(of(line.as_bytes(), &target()).is_err(), "{line}");
        }
        let line = br#"{"httpRequest":{"httpMethod":"G T","uri":"/"}}"#;
        assert!(of(line, &target()).is_err());
    }

    proptest! {
        #[test]
        fn no_path_leads_to_another_host(uri in any::<String>(), args in any::<String>()) {
            let record = serde_json::json!({
                "httpRequest": {"httpMethod": "GET", "uri": uri, "args": args, "headers": []},
            });
            if let Ok(request) = of(record.to_string().as_bytes(), &target()) {
                prop_assert_eq!(request.uri().host(), Some("127.0.0.1"));
                prop_assert_eq!(request.uri().port_u16(), Some(9));
            }
        }
    }
}
