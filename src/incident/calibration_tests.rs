//! Measures findings and incidents on traffic in which nothing happens.
//!
//! `cargo test -p wafwatch --lib -- --ignored --nocapture false_alarms` prints the table
//! of `docs/detection.md`, `detection_power` instead of `false_alarms` its second table.

use crate::detect::simulation::{Random, window};
use crate::detect::{ClassicSettings, DetectorSettings, EwmaSettings};

use super::scenario_tests::Site;

const WEEK: i64 = 7 * 1_440;
const WEEKS: i64 = 4;

/// Traffic in which nothing happens.
#[derive(Clone, Copy)]
struct Ordinary {
    name: &'static str,
    mean: f64,
    /// Coefficient of variation of the rate from minute to minute.
    variation: f64,
    /// Rate at the day's peak by that at its trough.
    day_factor: f64,
    blocked_share: f64,
}

const SERIES: [Ordinary; 10] = [
    series("Poisson 0.2", 0.2, 0.0, 1.0, 0.05),
    series("Poisson 5", 5.0, 0.0, 1.0, 0.05),
    series("Poisson 60", 60.0, 0.0, 1.0, 0.05),
    series("Poisson 600", 600.0, 0.0, 1.0, 0.05),
    series("negative binomial 60, cv 0.3", 60.0, 0.3, 1.0, 0.05),
    series("negative binomial 600, cv 0.3", 600.0, 0.3, 1.0, 0.05),
    series("negative binomial 600, cv 0.6", 600.0, 0.6, 1.0, 0.05),
    series("daily shape x3, 300, Poisson", 300.0, 0.0, 3.0, 0.05),
    series("daily shape x3, 300, cv 0.1", 300.0, 0.1, 3.0, 0.05),
    series("daily shape x3, 300, cv 0.3", 300.0, 0.3, 3.0, 0.3),
];

const fn series(
    name: &'static str,
    mean: f64,
    variation: f64,
    day_factor: f64,
    blocked_share: f64,
) -> Ordinary {
    Ordinary {
        name,
        mean,
        variation,
        day_factor,
        blocked_share,
    }
}

impl Ordinary {
    fn rate(&self, number: i64) -> f64 {
        let phase = number as f64 / 1_440.0 * std::f64::consts::TAU;
        self.mean * self.day_factor.sqrt().powf(phase.sin())
    }

    /// Windows until an incident opens when the rate is `factor` times as high for ten windows.
    fn surge(&self, settings: DetectorSettings, factor: f64, seed: u64) -> Option<i64> {
        const LEARNT: i64 = 200;
        let mut site = self.run(settings, LEARNT, seed);
        let opened_before = site.opened();
        let mut random = Random(!seed);
        (1..=10).find(|number| {
            let rate = self.rate(LEARNT + number) * factor;
            let total = random.overdispersed(rate, self.variation);
            let blocked = random.thinned(total, self.blocked_share);
            site.closes(&window(LEARNT + number, total, blocked));
            site.opened() > opened_before
        })
    }

    /// The site after `windows` windows of this traffic.
    fn run(&self, settings: DetectorSettings, windows: i64, seed: u64) -> Site {
        let mut site = Site::new(settings);
        let mut random = Random(seed);
        for number in 0..windows {
            let total = random.overdispersed(self.rate(number), self.variation);
            let blocked = random.thinned(total, self.blocked_share);
            site.closes(&window(number, total, blocked));
        }
        site
    }
}

fn detectors() -> [(&'static str, DetectorSettings); 3] {
    let week = ClassicSettings {
        history_milliseconds: 7 * 86_400_000,
        ..ClassicSettings::default()
    };
    let ewma = EwmaSettings {
        train_days: 0.0,
        ..EwmaSettings::default()
    };
    [
        (
            "classic, 1 hour",
            DetectorSettings::Classic(ClassicSettings::default()),
        ),
        ("classic, 7 days", DetectorSettings::Classic(week)),
        ("ewma", DetectorSettings::Ewma(ewma)),
    ]
}

#[test]
#[ignore = "a measurement: prints the table of docs/detection.md"]
#[allow(clippy::print_stderr)]
fn false_alarms_per_week() {
    eprintln!("| traffic per minute | detector | findings per week | incidents per week |");
    eprintln!("| --- | --- | ---: | ---: |");
    for series in SERIES {
        for (name, settings) in detectors() {
            let site = series.run(settings, WEEKS * WEEK, 2_026);
            let per_week = |count: f64| count / WEEKS as f64;
            eprintln!(
                "| {} | {name} | {:.2} | {:.2} |",
                series.name,
                per_week(site.findings as f64),
                per_week(site.opened() as f64)
            );
        }
    }
}

#[test]
#[ignore = "a measurement: prints the second table of docs/detection.md"]
#[allow(clippy::print_stderr)]
fn detection_power() {
    const RUNS: u64 = 50;
    eprintln!("| traffic per minute | detector | surge | incident | windows until then |");
    eprintln!("| --- | --- | ---: | ---: | ---: |");
    for series in [SERIES[2], SERIES[4], SERIES[5], SERIES[6], SERIES[8]] {
        for (name, settings) in [detectors()[0], detectors()[2]] {
            for factor in [2.0, 3.0, 5.0] {
                let mut delays: Vec<i64> = (0..RUNS)
                    .filter_map(|seed| series.surge(settings, factor, seed))
                    .collect();
                delays.sort_unstable();
                let found = delays.len() as u64 * 100 / RUNS;
                let median = delays.get(delays.len() / 2).map_or(0, |delay| *delay);
                eprintln!(
                    "| {} | {name} | x{factor} | {found}% | {median} |",
                    series.name
                );
            }
        }
    }
}

#[test]
fn ordinary_traffic_opens_no_incident() {
    for series in [SERIES[2], SERIES[3], SERIES[8]] {
        for (name, settings) in detectors() {
            let opened = series.run(settings, WEEK / 2, 99).opened();
            assert_eq!(opened, 0, "{} with {name}", series.name);
        }
    }
}
