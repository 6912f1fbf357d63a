//! When each record is due.
//!
//! Open loop: the schedule follows from the times of the records alone. A sink that is slow does
//! not move it, so that waiting shows as latency and not as fewer requests: what a loop that waits
//! for its answers leaves out is known as coordinated omission (G. Tene).

use std::str::FromStr;
use std::time::{Duration, Instant};

/// How fast the time of the records goes by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tempo {
    /// No schedule: as fast as the sink takes them.
    Max,
    /// This many times as fast as the clock.
    Times(f64),
}

/// Text that is no tempo.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write max, or a factor from 0.001x to 1000000x, as in 1x or 60x")]
pub struct InvalidTempo;

impl FromStr for Tempo {
    type Err = InvalidTempo;

    fn from_str(text: &str) -> Result<Self, InvalidTempo> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let number = text.strip_suffix('x').ok_or(InvalidTempo)?;
        let factor: f64 = number.parse().map_err(|_| InvalidTempo)?;
        if !(0.001..=1e6).contains(&factor) {
            return Err(InvalidTempo);
        }
        Ok(Self::Times(factor))
    }
}

impl std::fmt::Display for Tempo {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Max => formatter.write_str("max"),
            Self::Times(factor) => write!(formatter, "{factor}x"),
        }
    }
}

/// The moments at which records are due.
#[derive(Debug, Clone)]
pub struct Schedule {
    tempo: Tempo,
    begun: Instant,
    start_ms: i64,
    latest: Instant,
}

impl Schedule {
    /// A schedule that begins at `begun` with the time `start_ms` of the records.
    pub fn new(tempo: Tempo, begun: Instant, start_ms: i64) -> Self {
        Self {
            tempo,
            begun,
            start_ms,
            latest: begun,
        }
    }

    /// When the record of `at_ms` is due; `None` without a schedule. Never before the one before:
    /// a record that comes late in the file is due at its place in the file.
    pub fn due(&mut self, at_ms: i64) -> Option<Instant> {
        let Tempo::Times(factor) = self.tempo else {
            return None;
        };
        let since_ms = at_ms.saturating_sub(self.start_ms).max(0);
        let since = Duration::try_from_secs_f64(since_ms as f64 / 1_000.0 / factor);
        let due = since.ok().and_then(|since| self.begun.checked_add(since));
        self.latest = self.latest.max(due.unwrap_or(self.latest));
        Some(self.latest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_spellings_are_understood() {
        assert_eq!("max".parse(), Ok(Tempo::Max));
        assert_eq!("60x".parse(), Ok(Tempo::Times(60.0)));
        assert_eq!("0.5x".parse(), Ok(Tempo::Times(0.5)));
        for text in ["", "x", "60", "0x", "-1x", "nanx", "infx", "MAX"] {
            assert_eq!(text.parse::<Tempo>(), Err(InvalidTempo), "{text}");
        }
        assert_eq!(Tempo::Times(60.0).to_string(), "60x");
    }

    #[test]
    fn records_are_due_in_the_order_of_the_file() {
        let begun = Instant::now();
        let mut schedule = Schedule::new(Tempo::Times(10.0), begun, 5_000);
        let mut due = |at_ms| schedule.due(at_ms).expect("a schedule") - begun;
        assert_eq!(due(5_000), Duration::ZERO);
        assert_eq!(due(6_000), Duration::from_millis(100));
        assert_eq!(due(5_500), Duration::from_millis(100));
        assert_eq!(due(i64::MIN), Duration::from_millis(100));
        assert_eq!(due(7_000), Duration::from_millis(200));
        assert_eq!(Schedule::new(Tempo::Max, begun, 0).due(9), None);
    }
}
