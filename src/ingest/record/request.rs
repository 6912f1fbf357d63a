//! `httpRequest`: what the client sent, as far as it may leave ingest.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess};

use super::lenient::{Depth, Lenient, Shape, Skip};
use super::values::Text;

/// The fields of `httpRequest` that records keep. `args` and `fragment` are read over, and so is
/// every header but two.
#[derive(Debug, Default)]
pub(super) struct Request<'a> {
    pub client_address: Option<Cow<'a, str>>,
    pub country: Option<Cow<'a, str>>,
    pub uri: Option<Cow<'a, str>>,
    pub method: Option<Cow<'a, str>>,
    /// `httpRequest.host`, for where no `Host` header was logged.
    pub host: Option<Cow<'a, str>>,
    pub headers: Headers<'a>,
}

/// The two headers that records keep: the first of each name.
#[derive(Debug, Default)]
pub(super) struct Headers<'a> {
    pub host: Option<Cow<'a, str>>,
    pub user_agent: Option<Cow<'a, str>>,
}

impl Headers<'_> {
    fn are_complete(&self) -> bool {
        self.host.is_some() && self.user_agent.is_some()
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum RequestKey {
    ClientIp,
    Country,
    Headers,
    Uri,
    HttpMethod,
    Host,
    #[serde(other)]
    Other,
}

pub(super) struct RequestShape<'r, 'de>(pub &'r mut Request<'de>, pub Depth);

impl<'de> Shape<'de> for RequestShape<'_, 'de> {
    type Value = ();

    fn depth(&self) -> Depth {
        self.1
    }

    fn absent(self) {}

    fn object<A: MapAccess<'de>>(self, inner: Depth, mut fields: A) -> Result<(), A::Error> {
        let request = self.0;
        while let Some(key) = fields.next_key()? {
            let text = || Lenient(Text(inner));
            match key {
                RequestKey::ClientIp => request.client_address = fields.next_value_seed(text())?,
                RequestKey::Country => request.country = fields.next_value_seed(text())?,
                RequestKey::Uri => request.uri = fields.next_value_seed(text())?,
                RequestKey::HttpMethod => request.method = fields.next_value_seed(text())?,
                RequestKey::Host => request.host = fields.next_value_seed(text())?,
                RequestKey::Headers => {
                    let headers = HeaderList(&mut request.headers, inner);
                    fields.next_value_seed(Lenient(headers))?;
                }
                RequestKey::Other => fields.next_value_seed(Skip(inner))?,
            }
        }
        Ok(())
    }
}

struct HeaderList<'h, 'de>(&'h mut Headers<'de>, Depth);

impl<'de> Shape<'de> for HeaderList<'_, 'de> {
    type Value = ();

    fn depth(&self) -> Depth {
        self.1
    }

    fn absent(self) {}

    fn array<A: SeqAccess<'de>>(self, inner: Depth, mut elements: A) -> Result<(), A::Error> {
        let headers = self.0;
        while !headers.are_complete() {
            let header = Lenient(Header(headers, inner));
            if elements.next_element_seed(header)?.is_none() {
                return Ok(());
            }
        }
        // Browsers send both of them early, so most headers are only skimmed.
        while elements.next_element_seed(Skip(inner))?.is_some() {}
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum HeaderKey {
    Name,
    Value,
    #[serde(other)]
    Other,
}

struct Header<'h, 'de>(&'h mut Headers<'de>, Depth);

impl<'de> Shape<'de> for Header<'_, 'de> {
    type Value = ();

    fn depth(&self) -> Depth {
        self.1
    }

    fn absent(self) {}

    fn object<A: MapAccess<'de>>(self, inner: Depth, mut fields: A) -> Result<(), A::Error> {
        let mut name = HeaderName::Unknown;
        let mut value = None;
        while let Some(key) = fields.next_key()? {
            match (key, name) {
                (HeaderKey::Name, _) => {
                    name = fields.next_value_seed(Lenient(HeaderNameShape(inner)))?;
                }
                (HeaderKey::Value, HeaderName::Other) | (HeaderKey::Other, _) => {
                    fields.next_value_seed(Skip(inner))?;
                }
                (HeaderKey::Value, _) => value = fields.next_value_seed(Lenient(Text(inner)))?,
            }
        }
        let kept = match name {
            HeaderName::Host => &mut self.0.host,
            HeaderName::UserAgent => &mut self.0.user_agent,
            HeaderName::Unknown | HeaderName::Other => return Ok(()),
        };
        if kept.is_none() {
            *kept = value;
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HeaderName {
    /// Not read yet.
    Unknown,
    Host,
    UserAgent,
    Other,
}

struct HeaderNameShape(Depth);

impl<'de> Shape<'de> for HeaderNameShape {
    type Value = HeaderName;

    fn depth(&self) -> Depth {
        self.0
    }

    fn absent(self) -> HeaderName {
        HeaderName::Other
    }

    fn transient(self, text: &str) -> HeaderName {
        if text.eq_ignore_ascii_case("host") {
            HeaderName::Host
        } else if text.eq_ignore_ascii_case("user-agent") {
            HeaderName::UserAgent
        } else {
            HeaderName::Other
        }
    }
}
