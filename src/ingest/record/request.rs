//! `httpRequest`: what the client sent, as far as it may leave ingest.

use std::borrow::Cow;

use super::field_name::{FieldName, Spelling};
use super::lenient::{Depth, Elements, Fields, Shape};
use super::values::Text;

/// The fields of `httpRequest` that records keep. `args` and `fragment` are read over, and so is
/// every header but two.
#[derive(Debug, Default, PartialEq, Eq)]
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
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Headers<'a> {
    pub host: Option<Cow<'a, str>>,
    pub user_agent: Option<Cow<'a, str>>,
}

impl Request<'_> {
    /// Whether nothing is said of it.
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl Headers<'_> {
    fn are_complete(&self) -> bool {
        self.host.is_some() && self.user_agent.is_some()
    }
}

#[derive(Clone, Copy)]
enum RequestKey {
    ClientIp,
    Country,
    Headers,
    Uri,
    HttpMethod,
    Host,
    Other,
}

impl FieldName for RequestKey {
    const KNOWN: &'static [(Spelling, Self)] = &[
        (Spelling::of("clientIp"), Self::ClientIp),
        (Spelling::of("country"), Self::Country),
        (Spelling::of("headers"), Self::Headers),
        (Spelling::of("uri"), Self::Uri),
        (Spelling::of("args"), Self::Other),
        (Spelling::of("httpVersion"), Self::Other),
        (Spelling::of("httpMethod"), Self::HttpMethod),
        (Spelling::of("requestId"), Self::Other),
        (Spelling::of("fragment"), Self::Other),
        (Spelling::of("scheme"), Self::Other),
        (Spelling::of("host"), Self::Host),
    ];
    const OTHER: Self = Self::Other;
}

pub(super) struct RequestShape<'r, 'de>(pub &'r mut Request<'de>, pub Depth);

impl<'de> Shape<'de> for RequestShape<'_, 'de> {
    type Value = ();

    fn depth(&self) -> Depth {
        self.1
    }

    fn absent(self) {}

    fn object<F: Fields<'de>>(self, inner: Depth, fields: &mut F) -> Result<(), F::Error> {
        let request = self.0;
        while let Some(key) = fields.next()? {
            let text = || Text(inner);
            match key {
                RequestKey::ClientIp => request.client_address = fields.value(text())?,
                RequestKey::Country => request.country = fields.value(text())?,
                RequestKey::Uri => request.uri = fields.value(text())?,
                RequestKey::HttpMethod => request.method = fields.value(text())?,
                RequestKey::Host => request.host = fields.value(text())?,
                RequestKey::Headers => {
                    let headers = HeaderList(&mut request.headers, inner);
                    fields.value(headers)?;
                }
                RequestKey::Other => fields.skip(inner)?,
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

    fn array<E: Elements<'de>>(self, inner: Depth, elements: &mut E) -> Result<(), E::Error> {
        let headers = self.0;
        while !headers.are_complete() {
            if elements.next(Header(headers, inner))?.is_none() {
                return Ok(());
            }
        }
        // Browsers send both of them early, so most headers are only skimmed.
        elements.skip_rest(inner)
    }
}

#[derive(Clone, Copy)]
enum HeaderKey {
    Name,
    Value,
    Other,
}

impl FieldName for HeaderKey {
    const KNOWN: &'static [(Spelling, Self)] = &[
        (Spelling::of("name"), Self::Name),
        (Spelling::of("value"), Self::Value),
    ];
    const OTHER: Self = Self::Other;
}

struct Header<'h, 'de>(&'h mut Headers<'de>, Depth);

impl<'de> Shape<'de> for Header<'_, 'de> {
    type Value = ();

    fn depth(&self) -> Depth {
        self.1
    }

    fn absent(self) {}

    fn object<F: Fields<'de>>(self, inner: Depth, fields: &mut F) -> Result<(), F::Error> {
        let mut name = HeaderName::Unknown;
        let mut value = None;
        while let Some(key) = fields.next()? {
            match (key, name) {
                (HeaderKey::Name, _) => {
                    name = fields.value(HeaderNameShape(inner))?;
                }
                (HeaderKey::Value, HeaderName::Other) | (HeaderKey::Other, _) => {
                    fields.skip(inner)?;
                }
                (HeaderKey::Value, _) => value = fields.value(Text(inner))?,
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
