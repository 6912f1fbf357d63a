//! Words that a scenario file may choose from.

use serde::Deserialize;

use crate::acl::Profile;
use crate::request::Method;
use crate::shape::Shape;

/// What stands behind the ACLs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SiteKind {
    Website,
    Api,
}

impl SiteKind {
    pub(super) fn profile(self) -> Profile {
        match self {
            Self::Website => Profile::Website,
            Self::Api => Profile::Api,
        }
    }
}

/// How normal life swells and ebbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Rhythm {
    #[default]
    Flat,
    Daily,
    Weekly,
}

impl Rhythm {
    pub(super) fn shape(self) -> Shape {
        match self {
            Self::Flat => Shape::Flat,
            Self::Daily => Shape::Daily,
            Self::Weekly => Shape::Calendar,
        }
    }
}

/// How a phase swells and ebbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Course {
    #[default]
    Flat,
    Climb,
    Plateau,
}

impl Course {
    /// For a phase of `length_ns`; a plateau has slopes of a tenth.
    pub(super) fn shape(self, length_ns: u64) -> Shape {
        match self {
            Self::Flat => Shape::Flat,
            Self::Climb => Shape::Climb,
            Self::Plateau => Shape::Plateau {
                ramp_ns: (length_ns / 10).max(1),
            },
        }
    }
}

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum RuleAction {
    Block,
    Count,
    Challenge,
    Captcha,
}

/// What kind of rule it is, where no managed group has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RuleKind {
    #[default]
    Regular,
    RateBased,
}

/// How addresses take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Turn {
    #[default]
    Any,
    EachAnother,
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum MethodName {
    #[default]
    Get,
    Head,
    Post,
    Put,
    Delete,
}

impl MethodName {
    pub(super) fn method(self) -> Method {
        match self {
            Self::Get => Method::Get,
            Self::Head => Method::Head,
            Self::Post => Method::Post,
            Self::Put => Method::Put,
            Self::Delete => Method::Delete,
        }
    }
}
