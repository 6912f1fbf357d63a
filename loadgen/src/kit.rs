//! The software that sends requests: its headers and its TLS fingerprints.

use std::borrow::Cow;

/// Number of a kit in a catalog, which begins with [`KITS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KitId(pub(crate) u16);

/// What the software sends besides its fixed headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Session {
    /// A browser: the page it came from and a cookie.
    Browser,
    /// A client of an API: its key, which logs hold redacted. Websites get none.
    ApiKey,
    /// A client of an API: a bearer token, which logs hold redacted. Websites get none.
    Token,
    /// Nothing.
    None,
}

/// One kind of client software.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kit {
    pub(crate) user_agent: Option<Cow<'static, str>>,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) session: Session,
    pub(crate) http_version: &'static str,
    pub(crate) ja3: &'static str,
    pub(crate) ja4: Cow<'static, str>,
}

impl Kit {
    /// The kit `id` of [`KITS`] under another name.
    pub(crate) fn disguised(id: KitId, user_agent: impl Into<Cow<'static, str>>) -> Self {
        Self {
            user_agent: Some(user_agent.into()),
            ..KITS[usize::from(id.0)].clone()
        }
    }
}

/// The built-in kit with this name.
pub(crate) fn named(name: &str) -> Option<KitId> {
    NAMES
        .iter()
        .find_map(|(known, id)| (*known == name).then_some(*id))
}

/// Names of the built-in kits, for scenario files.
pub(crate) const NAMES: [(&str, KitId); 14] = [
    ("chrome_windows", CHROME_WINDOWS),
    ("chrome_android", CHROME_ANDROID),
    ("safari_iphone", SAFARI_IPHONE),
    ("safari_mac", SAFARI_MAC),
    ("firefox", FIREFOX),
    ("edge", EDGE),
    ("crawler", CRAWLER),
    ("tester", TESTER),
    ("python", PYTHON),
    ("okhttp", OKHTTP),
    ("axios", AXIOS),
    ("go", GO),
    ("curl", CURL),
    ("nameless", NAMELESS),
];

pub(crate) const CHROME_WINDOWS: KitId = KitId(0);
pub(crate) const CHROME_ANDROID: KitId = KitId(1);
pub(crate) const SAFARI_IPHONE: KitId = KitId(2);
pub(crate) const SAFARI_MAC: KitId = KitId(3);
pub(crate) const FIREFOX: KitId = KitId(4);
pub(crate) const EDGE: KitId = KitId(5);
pub(crate) const CRAWLER: KitId = KitId(6);
pub(crate) const TESTER: KitId = KitId(7);
pub(crate) const PYTHON: KitId = KitId(8);
pub(crate) const OKHTTP: KitId = KitId(9);
pub(crate) const AXIOS: KitId = KitId(10);
pub(crate) const GO: KitId = KitId(11);
pub(crate) const CURL: KitId = KitId(12);
pub(crate) const NAMELESS: KitId = KitId(13);

/// Who visits a website, with weights.
pub(crate) const BROWSERS: &[(KitId, u64)] = &[
    (CHROME_WINDOWS, 34),
    (CHROME_ANDROID, 24),
    (SAFARI_IPHONE, 19),
    (EDGE, 8),
    (SAFARI_MAC, 7),
    (FIREFOX, 6),
    (CRAWLER, 2),
];

/// Who calls an API, with weights.
pub(crate) const API_CLIENTS: &[(KitId, u64)] =
    &[(OKHTTP, 40), (AXIOS, 30), (PYTHON, 20), (GO, 10)];

const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// A browser on Chromium.
macro_rules! chromium {
    (
        user_agent: $user_agent:literal,
        brands: $brands:literal,
        mobile: $mobile:literal,
        platform: $platform:literal,
        language: $language:literal,
    ) => {
        Kit {
            user_agent: Some(Cow::Borrowed($user_agent)),
            headers: &[
                ("sec-ch-ua", $brands),
                ("sec-ch-ua-mobile", $mobile),
                ("sec-ch-ua-platform", $platform),
                ("Accept", HTML),
                ("Accept-Encoding", "gzip, deflate, br"),
                ("Accept-Language", $language),
                ("Sec-Fetch-Site", "same-origin"),
                ("Sec-Fetch-Mode", "navigate"),
                ("Sec-Fetch-Dest", "document"),
            ],
            session: Session::Browser,
            http_version: "HTTP/2.0",
            ja3: "cd08e31494f9531f560d64c695473da9",
            ja4: Cow::Borrowed("t13d1516h2_8daaf6152771_02713d6af862"),
        }
    };
}

/// Safari, on whatever it runs.
macro_rules! safari {
    (user_agent: $user_agent:literal, language: $language:literal,) => {
        Kit {
            user_agent: Some(Cow::Borrowed($user_agent)),
            headers: &[
                ("Sec-Fetch-Dest", "document"),
                ("Sec-Fetch-Mode", "navigate"),
                ("Sec-Fetch-Site", "same-origin"),
                ("Accept", HTML),
                ("Accept-Language", $language),
                ("Accept-Encoding", "gzip, deflate, br"),
                ("Priority", "u=0, i"),
                ("Upgrade-Insecure-Requests", "1"),
            ],
            session: Session::Browser,
            http_version: "HTTP/2.0",
            ja3: "773906b0efdefa24a7f2b8eb6985bf37",
            ja4: Cow::Borrowed("t13d2014h2_a09f3c656075_14788d8d241b"),
        }
    };
}

/// All kinds, at the index that their [`KitId`] says.
pub(crate) static KITS: [Kit; 14] = [
    chromium! {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        brands: "\"Chromium\";v=\"131\", \"Not_A Brand\";v=\"24\"",
        mobile: "?0",
        platform: "\"Windows\"",
        language: "en-US,en;q=0.9",
    },
    chromium! {
        user_agent: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
        brands: "\"Chromium\";v=\"131\", \"Not_A Brand\";v=\"24\"",
        mobile: "?1",
        platform: "\"Android\"",
        language: "de-DE,de;q=0.9,en;q=0.8",
    },
    safari! {
        user_agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
        language: "en-GB,en;q=0.9",
    },
    safari! {
        user_agent: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
        language: "fr-FR,fr;q=0.9",
    },
    Kit {
        user_agent: Some(Cow::Borrowed(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
        )),
        headers: &[
            ("Accept", HTML),
            ("Accept-Language", "en-US,en;q=0.5"),
            ("Accept-Encoding", "gzip, deflate, br, zstd"),
            ("Upgrade-Insecure-Requests", "1"),
            ("Sec-Fetch-Dest", "document"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Sec-Fetch-Site", "same-origin"),
            ("Priority", "u=0, i"),
            ("TE", "trailers"),
        ],
        session: Session::Browser,
        http_version: "HTTP/2.0",
        ja3: "b5001237acdf006056b409cc433726b0",
        ja4: Cow::Borrowed("t13d1715h2_5b57614c22b0_5c2c66f702b0"),
    },
    chromium! {
        user_agent: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
        brands: "\"Microsoft Edge\";v=\"131\", \"Chromium\";v=\"131\"",
        mobile: "?0",
        platform: "\"Windows\"",
        language: "es-ES,es;q=0.9,en;q=0.7",
    },
    Kit {
        user_agent: Some(Cow::Borrowed(
            "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example/about)",
        )),
        headers: &[
            ("Accept", HTML),
            ("Accept-Encoding", "gzip, deflate, br"),
            ("From", "bot@bot.example"),
        ],
        session: Session::None,
        http_version: "HTTP/1.1",
        ja3: "8d9f7747675e24454cd9b7ed35c58707",
        ja4: Cow::Borrowed("t13d1312h1_f57a46bbacb6_ab7e3b40a677"),
    },
    Kit {
        user_agent: Some(Cow::Borrowed("python-urllib3/2.2.3")),
        headers: &[("Accept-Encoding", "identity")],
        session: Session::ApiKey,
        http_version: "HTTP/1.1",
        ja3: "a48c0d5f95b1ef98f560f324fd275da1",
        ja4: Cow::Borrowed("t13d1812h1_85036bcba153_b26ce05bbdd6"),
    },
    Kit {
        user_agent: Some(Cow::Borrowed("python-requests/2.32.3")),
        headers: &[("Accept-Encoding", "gzip, deflate"), ("Accept", "*/*")],
        session: Session::ApiKey,
        http_version: "HTTP/1.1",
        ja3: "a48c0d5f95b1ef98f560f324fd275da1",
        ja4: Cow::Borrowed("t13d1812h1_85036bcba153_b26ce05bbdd6"),
    },
    Kit {
        user_agent: Some(Cow::Borrowed("okhttp/4.12.0")),
        headers: &[("Accept-Encoding", "gzip"), ("Accept", "application/json")],
        session: Session::Token,
        http_version: "HTTP/2.0",
        ja3: "f79b6bad2ad0641e1921aef10262856b",
        ja4: Cow::Borrowed("t13d1516h2_8daaf6152771_e5627efa2ab1"),
    },
    Kit {
        user_agent: Some(Cow::Borrowed("axios/1.7.7")),
        headers: &[
            ("Accept", "application/json, text/plain, */*"),
            ("Accept-Encoding", "gzip, compress, deflate, br"),
        ],
        session: Session::Token,
        http_version: "HTTP/1.1",
        ja3: "1a28e69016765d92e3b381168d68922c",
        ja4: Cow::Borrowed("t13d521100_b262b3658495_8e6e362c5eac"),
    },
    Kit {
        user_agent: Some(Cow::Borrowed("Go-http-client/2.0")),
        headers: &[("Accept-Encoding", "gzip")],
        session: Session::ApiKey,
        http_version: "HTTP/2.0",
        ja3: "473cd7cb9faa642487833865d516e578",
        ja4: Cow::Borrowed("t13d190900_9dc949149365_97f8aa674fd9"),
    },
    Kit {
        user_agent: Some(Cow::Borrowed("curl/8.5.0")),
        headers: &[("Accept", "*/*")],
        session: Session::None,
        http_version: "HTTP/2.0",
        ja3: "0149f47eabf9a20d0893e2a44e5a6323",
        ja4: Cow::Borrowed("t13d3112h2_e8f1e7e78f70_b26ce05bbdd6"),
    },
    Kit {
        user_agent: None,
        headers: &[("Accept", "*/*"), ("Connection", "close")],
        session: Session::None,
        http_version: "HTTP/1.1",
        ja3: "19e29534fd49dd27d09234e639c4057e",
        ja4: Cow::Borrowed("t12d2909h1_e1f5b1e0a0fe_bd868743f55c"),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kit_is_where_its_id_says() {
        let named = [
            (CHROME_WINDOWS, "Windows NT 10.0"),
            (CHROME_ANDROID, "Android"),
            (SAFARI_IPHONE, "iPhone"),
            (SAFARI_MAC, "Macintosh"),
            (FIREFOX, "Firefox"),
            (EDGE, "Edg/"),
            (CRAWLER, "ExampleBot"),
            (TESTER, "urllib3"),
            (PYTHON, "requests"),
            (OKHTTP, "okhttp"),
            (AXIOS, "axios"),
            (GO, "Go-http"),
            (CURL, "curl"),
        ];
        for (id, part) in named {
            let agent = KITS[usize::from(id.0)]
                .user_agent
                .clone()
                .unwrap_or_default();
            assert!(agent.contains(part), "{agent} lacks {part}");
        }
        assert!(KITS[usize::from(NAMELESS.0)].user_agent.is_none());
    }

    #[test]
    fn every_kit_has_a_name() {
        for (place, (name, id)) in NAMES.into_iter().enumerate() {
            assert_eq!(usize::from(id.0), place);
            assert_eq!(named(name), Some(id));
        }
        assert_eq!(named("unheard-of"), None);
    }
}
