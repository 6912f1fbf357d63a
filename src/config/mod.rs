//! Settings: a TOML file, environment variables over it, documented defaults under it.
//!
//! ```toml
//! [windows]
//! size_seconds = 60
//!
//! [detect]
//! detector = "classic"
//!
//! [detect.classic]
//! history_hours = 24
//!
//! [[notify]]
//! kind = "webhook"
//! url = "https://example.com/hook"
//! secret_env = "WAFWATCH_WEBHOOK_SECRET"
//! ```
//!
//! Of a flag of the command, an environment variable, the file and the default, the first that is
//! given counts. The documentation of the fields is the reference of the keys.
//!
//! * An unknown key is an error that names the nearest known one.
//! * A value in the file that is not accepted is an error. A *number* in an environment variable that
//!   is out of range is held at the end of the range, and a [`Warning`] says so; anything that is no
//!   number is an error. An empty variable counts as absent.
//! * No secret is ever a setting: `secret_env` is the name of the variable that holds it.

mod analyst;
mod detect;
mod document;
mod effective;
mod environment;
mod error;
mod event_time;
mod investigate;
mod keys;
mod load;
mod notify;
mod ranges;
mod settings;

pub use analyst::{AnalystConfig, AnalystKind};
pub use detect::{
    AnomalyMode, CalibratedConfig, ClassicConfig, DetectConfig, DetectorKind, EwmaConfig,
};
pub use error::{ConfigError, Origin, Warning};
pub use investigate::InvestigateConfig;
pub use notify::{
    NotifyConfig, NotifyTarget, SecretPlace, SecurityHubConfig, SlackConfig, SnsConfig,
    WebhookConfig,
};
pub use settings::{
    IncidentConfig, IngestConfig, PrivacyConfig, Settings, StoreConfig, WindowsConfig,
};
