//! Opens the JSON envelopes: hands each part on as it is read, so that nothing piles up.
//!
//! The text has been read once as a unit and is known to be whole. Only its depth can still be
//! wrong; the parts up to there stand.

use std::borrow::Cow;

use super::decoder::Decoder;
use super::encoded::decode_part;
use super::reason::RejectReason;
use super::record::field_name::{FieldName, Spelling};
use super::record::lenient::{Depth, Elements, Fields, Shape};
use super::record::parser::Lenient;
use super::record::values::Text;
use super::record::{EnvelopeKind, read_value};

impl Decoder<'_> {
    /// Decodes the parts of the envelope `text`, which stands at `position` of the current piece.
    pub(super) fn envelope(&mut self, kind: EnvelopeKind, text: &str, position: usize) {
        let depth = Depth::minded(self.limits.depth());
        let mut opener = Opener {
            decoder: self,
            kind,
            position,
        };
        let read = read_value(text, Lenient(Envelope(&mut opener, depth)));
        if let Err(reason) = read {
            self.reject(reason, position, text.as_bytes());
        }
    }
}

/// Hands parts on to the decoder.
struct Opener<'o, 'a> {
    decoder: &'o mut Decoder<'a>,
    kind: EnvelopeKind,
    position: usize,
}

impl Opener<'_, '_> {
    /// `content` is what the part carries, if it carries anything.
    fn part(&mut self, content: Option<&str>) {
        let bytes = match (self.kind, content) {
            (_, None) => None,
            (EnvelopeKind::CloudWatchLogs, Some(message)) => {
                Some(Cow::Borrowed(message.as_bytes()))
            }
            (_, Some(data)) => decode_part(data).map(Cow::Owned),
        };
        match bytes {
            Some(bytes) => self.decoder.part(&bytes, self.position),
            None => {
                let shown = content.unwrap_or_default().as_bytes();
                self.decoder
                    .reject(RejectReason::CorruptEnvelope, self.position, shown);
            }
        }
    }
}

/// Names on the way from an envelope to what its parts carry.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EnvelopeKey {
    LogEvents,
    Message,
    Awslogs,
    FirehoseRecords,
    KinesisRecords,
    Kinesis,
    Data,
    Other,
}

impl FieldName for EnvelopeKey {
    const KNOWN: &'static [(Spelling, Self)] = &[
        (Spelling::of("message"), Self::Message),
        (Spelling::of("data"), Self::Data),
        (Spelling::of("kinesis"), Self::Kinesis),
        (Spelling::of("logEvents"), Self::LogEvents),
        (Spelling::of("awslogs"), Self::Awslogs),
        (Spelling::of("records"), Self::FirehoseRecords),
        (Spelling::of("Records"), Self::KinesisRecords),
    ];
    const OTHER: Self = Self::Other;
}

impl EnvelopeKind {
    /// The field that holds the parts, or the only one.
    fn parts_key(self) -> EnvelopeKey {
        match self {
            Self::CloudWatchLogs => EnvelopeKey::LogEvents,
            Self::LambdaLogs => EnvelopeKey::Awslogs,
            Self::Firehose => EnvelopeKey::FirehoseRecords,
            Self::Kinesis => EnvelopeKey::KinesisRecords,
        }
    }

    /// The field of a part that holds its content.
    fn content_key(self) -> EnvelopeKey {
        match self {
            Self::CloudWatchLogs => EnvelopeKey::Message,
            Self::LambdaLogs | Self::Firehose | Self::Kinesis => EnvelopeKey::Data,
        }
    }
}

/// The envelope itself.
struct Envelope<'e, 'o, 'a>(&'e mut Opener<'o, 'a>, Depth);

impl<'de> Shape<'de> for Envelope<'_, '_, '_> {
    type Value = ();

    fn depth(&self) -> Depth {
        self.1
    }

    fn absent(self) {}

    fn object<F: Fields<'de>>(self, inner: Depth, fields: &mut F) -> Result<(), F::Error> {
        let parts_key = self.0.kind.parts_key();
        while let Some(key) = fields.next::<EnvelopeKey>()? {
            if key == parts_key {
                fields.value(Parts(self.0, inner))?;
            } else {
                fields.skip(inner)?;
            }
        }
        Ok(())
    }
}

/// The parts: a list, or the single one. Of any other type, it is one part without content.
struct Parts<'e, 'o, 'a>(&'e mut Opener<'o, 'a>, Depth);

impl<'de> Shape<'de> for Parts<'_, '_, '_> {
    type Value = ();

    fn depth(&self) -> Depth {
        self.1
    }

    fn absent(self) {
        self.0.part(None);
    }

    fn array<E: Elements<'de>>(self, inner: Depth, elements: &mut E) -> Result<(), E::Error> {
        let opener = self.0;
        while let Some(content) = elements.next(Part(opener.kind, inner))? {
            opener.part(content.as_deref());
        }
        Ok(())
    }

    fn object<F: Fields<'de>>(self, inner: Depth, fields: &mut F) -> Result<(), F::Error> {
        let content = Part(self.0.kind, inner).object(inner, fields)?;
        self.0.part(content.as_deref());
        Ok(())
    }
}

/// One part: an object whose content stands in one of its fields, for Kinesis one level deeper.
struct Part(EnvelopeKind, Depth);

impl<'de> Shape<'de> for Part {
    type Value = Option<Cow<'de, str>>;

    fn depth(&self) -> Depth {
        self.1
    }

    fn absent(self) -> Self::Value {
        None
    }

    fn object<F: Fields<'de>>(self, inner: Depth, fields: &mut F) -> Result<Self::Value, F::Error> {
        let mut content = None;
        while let Some(key) = fields.next::<EnvelopeKey>()? {
            if key == self.0.content_key() {
                content = fields.value(Text(inner))?;
            } else if key == EnvelopeKey::Kinesis {
                content = fields.value(Part(self.0, inner))?;
            } else {
                fields.skip(inner)?;
            }
        }
        Ok(content)
    }
}
