//! Signs messages.

use std::fmt::{self, Write};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A key that receivers share. It never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The secret made of `bytes`.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

/// `t={unix_seconds},v1={hex of HMAC-SHA256 over "{unix_seconds}.{body}"}`.
pub(super) fn signature(secret: &Secret, unix_seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&secret.0)
        .expect("HMAC takes keys of any length: longer ones are hashed");
    mac.update(unix_seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    let mut signature = format!("t={unix_seconds},v1=");
    for byte in mac.finalize().into_bytes() {
        // Writing to a string cannot fail.
        let _ = write!(signature, "{byte:02x}");
    }
    signature
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_that_other_tools_compute() {
        // printf '1714557600.{"a":1}' | openssl dgst -sha256 -hmac 'a shared secret'
        let signed = signature(&Secret::new("a shared secret"), 1_714_557_600, "{\"a\":1}");
        assert_eq!(
            signed,
            "t=1714557600,v1=41c52ff674b7ff953d23efb51c7c077e619669867b528ffd54be6cc788ea3d49"
        );
    }

    #[test]
    fn time_body_and_secret_all_matter() {
        let secret = Secret::new("s");
        let signed = signature(&secret, 1, "body");
        assert_ne!(
            signed.split_once(','),
            signature(&secret, 2, "body").split_once(',')
        );
        assert_ne!(signed, signature(&secret, 1, "bodY"));
        assert_ne!(signed, signature(&Secret::new("t"), 1, "body"));
    }

    #[test]
    fn any_length_of_key_works_and_none_shows() {
        for length in [0, 1, 64, 65, 10_000] {
            assert_eq!(
                signature(&Secret::new(vec![7; length]), 1, "").len(),
                "t=1,v1=".len() + 64
            );
        }
        assert_eq!(format!("{:?}", Secret::new("hidden")), "Secret(..)");
    }
}
