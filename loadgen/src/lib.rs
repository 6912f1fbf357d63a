//! Seeded AWS WAF logs: normal life, attacks, and the truth about them.
//!
//! A [`Scenario`] with its [`Options`] is a pure function to a sequence of WAF log lines and a
//! [`Truth`] that says what happened when. Nothing here reads a clock, the environment or the
//! machine: equal options give byte-identical lines on every host. For that, all random choices
//! come from ChaCha8, and everything that shapes them is integer arithmetic, or the few
//! floating-point operations that IEEE 754 defines exactly.
//!
//! # Algebra
//!
//! A run is a set of independent parts, each a random arrival process with an actor that makes a
//! request of every arrival. A part draws from a random stream of its own, named by seed, ACL and
//! place. Hence, for equal seeds:
//!
//! - the background of `attack` is the whole of `regular`: an event only adds;
//! - the lines of the first ACL are the same whatever the number of ACLs;
//! - a longer run begins with the shorter one;
//! - disorder permutes lines and duplicates repeat them; neither changes a line.
//!
//! Memory is bounded by the number of ACLs, plus rate times disorder for the lines that wait for
//! their place.
//!
//! ```
//! use wafwatch_loadgen::{Options, Scenario, generate};
//!
//! let mut lines = Vec::new();
//! let truth = generate(&Options::new(Scenario::Attack), &mut lines)?;
//! assert_eq!(truth.events[0].counts.blocked, 100);
//! # Ok::<(), wafwatch_loadgen::GenerateError>(())
//! ```

mod acl;
mod catalog;
mod compose;
mod crew;
mod delivery;
mod dice;
pub mod duration;
pub mod envelope;
mod generator;
mod json;
mod kit;
mod network;
mod options;
mod pace;
mod plan;
mod population;
mod printer;
pub mod replay;
mod request;
mod rules;
mod scenario;
mod shape;
mod sink;
#[cfg(feature = "aws")]
pub mod stream;
mod timeline;
mod truth;
mod weighted;

pub use compose::{Composed, Composition, CompositionError};
pub use generator::{Event, Generator, Line};
pub use options::{DEFAULT_START_MS, Options, OptionsError};
pub use scenario::{About, Scenario};
pub use sink::{Format, GenerateError, generate, generate_as};
pub use truth::{AclTruth, Asked, Counts, EventTruth, Truth};
