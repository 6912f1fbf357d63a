//! A model on Amazon Bedrock that explains evidence, watched and held to it.
//!
//! The built-in analyst answers first; the model may then say it better. What the model gets and
//! what becomes of its answer:
//!
//! ```text
//! evidence -> prompt     bounded lines; text of requests by reference     hostile, prompt, tokens
//!          -> call       schema, forced tool or stop token                capabilities, request
//!          -> parse      tolerant and capped, then the schema             parse, schema
//!          -> bind       what the evidence does not hold is removed       bind
//!          -> limits     severity by a level at most, never silenced      limits, merge
//! ```
//!
//! Whatever fails on the way, the built-in assessment stands and says why. A budget
//! ([`budget`]) and a pause after failures ([`pause`]) decide whether the model is asked at all.
//!
//! Text that came out of requests never reaches the model as such: see [`hostile`]. What the model
//! cannot see, it cannot obey.
//!
//! Only the call needs the AWS SDK; everything else is built and tested without.

pub mod bind;
pub mod budget;
pub mod capabilities;
pub mod hostile;
pub mod limits;
#[cfg(feature = "aws")]
mod merge;
pub mod parse;
pub mod pause;
pub mod prompt;
pub mod schema;
mod settings;
pub mod tokens;

#[cfg(feature = "aws")]
mod asked;
#[cfg(feature = "aws")]
mod attempts;
#[cfg(feature = "aws")]
mod blocking;
#[cfg(feature = "aws")]
mod failure;
#[cfg(feature = "aws")]
mod request;

#[cfg(feature = "aws")]
pub use asked::Bedrock;
#[cfg(feature = "aws")]
pub use blocking::BlockingBedrock;
pub use settings::BedrockSettings;
