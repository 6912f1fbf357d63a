//! A series, its expected range and its incidents as SVG.
//!
//! Each pixel column shows the smallest and largest value of its windows, so a spike of a single window is
//! never lost. The scale is logarithmic where the values span more than two decades.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::run::{Row, Run};
use crate::detect::number;

const WIDTH: usize = 1_200;
const HEIGHT: usize = 300;
const TOP: usize = 28;
/// Room below the drawing, for times.
const BOTTOM: usize = 26;
const LEGEND: &str = "dark: seen; blue: expected range; red: incidents";

/// Draws `run`; the title is escaped.
#[must_use]
pub fn svg(title: &str, run: &Run) -> String {
    let mut text = String::new();
    let total_height = HEIGHT + TOP + BOTTOM;
    let put = |text: &mut String, line: std::fmt::Arguments<'_>| {
        text.write_fmt(line)
            .expect("writing to a string cannot fail");
    };
    put(
        &mut text,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {total_height}\" font-family=\"sans-serif\" font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text x=\"8\" y=\"19\">{}</text>\n<text x=\"{}\" y=\"19\" text-anchor=\"end\">{LEGEND}</text>\n",
            escaped(title),
            WIDTH - 8,
        ),
    );
    let scale = Scale::of(&run.rows);
    let columns = WIDTH.min(run.rows.len().max(1));
    let width = WIDTH as f64 / columns as f64;
    for incident in &run.incidents {
        let x = |row: usize| row as f64 / run.rows.len() as f64 * WIDTH as f64;
        let (from, to) = (x(incident.rows.0), x(incident.rows.1 + 1));
        put(
            &mut text,
            format_args!(
                "<rect x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{HEIGHT}\" fill=\"#f4b8b0\"/>\n",
                (to - from).max(1.5)
            ),
        );
    }
    let mut band = String::new();
    let mut line = String::new();
    for column in 0..columns {
        let from = column * run.rows.len() / columns;
        let to = ((column + 1) * run.rows.len() / columns).max(from + 1);
        let rows = run.rows.get(from..to).unwrap_or_default();
        let span = |low: fn(&Row) -> f64, high: fn(&Row) -> f64| {
            let smallest = rows.iter().map(low).fold(f64::INFINITY, f64::min);
            let largest = rows.iter().map(high).fold(f64::NEG_INFINITY, f64::max);
            (scale.y(largest), scale.y(smallest))
        };
        let x = column as f64 * width;
        let bar = |path: &mut String, (high, low): (f64, f64)| {
            put(
                path,
                format_args!(
                    "M{x:.1} {high:.1}h{width:.1}V{:.1}h-{width:.1}z",
                    low.max(high + 1.0)
                ),
            );
        };
        bar(&mut band, span(|row| row.lower, |row| row.upper));
        bar(&mut line, span(|row| row.observed, |row| row.observed));
    }
    put(
        &mut text,
        format_args!(
            "<path d=\"{band}\" fill=\"#9cc3e6\" fill-opacity=\"0.6\"/>\n<path d=\"{line}\" fill=\"#1f3a5f\"/>\n"
        ),
    );
    text.push_str(&labels(&scale, &run.rows));
    text.push_str("</svg>\n");
    text
}

/// The largest and the smallest value, and the first and the last time.
fn labels(scale: &Scale, rows: &[Row]) -> String {
    let time = |row: Option<&Row>| {
        let time = row.and_then(|row| Timestamp::from_second(row.start).ok());
        time.map_or(String::new(), |time| time.to_string())
    };
    let kind = if scale.is_logarithmic {
        ", logarithmic"
    } else {
        ""
    };
    let (top, foot) = (TOP + 14, TOP + HEIGHT - 4);
    let (below, right) = (TOP + HEIGHT + 18, WIDTH - 8);
    format!(
        "<text x=\"8\" y=\"{top}\">{}{kind}</text>\n<text x=\"8\" y=\"{foot}\">{}</text>\n\
         <text x=\"8\" y=\"{below}\">{}</text>\n\
         <text x=\"{right}\" y=\"{below}\" text-anchor=\"end\">{}</text>\n",
        number(scale.largest),
        number(scale.smallest),
        time(rows.first()),
        time(rows.last()),
    )
}

struct Scale {
    is_logarithmic: bool,
    low: f64,
    high: f64,
    smallest: f64,
    largest: f64,
}

impl Scale {
    fn of(rows: &[Row]) -> Self {
        let values = || rows.iter().map(|row| row.observed);
        let smallest = values().fold(f64::INFINITY, f64::min);
        let largest = values().fold(f64::NEG_INFINITY, f64::max);
        let mut sorted: Vec<f64> = values().collect();
        sorted.sort_by(f64::total_cmp);
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
        let is_logarithmic = smallest >= 0.0 && largest > 100.0 * median.max(1.0);
        let place = |value: f64| {
            if is_logarithmic {
                libm::log1p(value.max(0.0))
            } else {
                value
            }
        };
        let (low, high) = (place(smallest.min(largest)), place(largest));
        Self {
            is_logarithmic,
            low,
            high: if high > low { high } else { low + 1.0 },
            smallest: finite(smallest),
            largest: finite(largest),
        }
    }

    fn y(&self, value: f64) -> f64 {
        let place = if self.is_logarithmic {
            libm::log1p(value.max(0.0))
        } else {
            value
        };
        let share = ((place - self.low) / (self.high - self.low)).clamp(-0.02, 1.02);
        TOP as f64 + HEIGHT as f64 * (1.0 - share)
    }
}

/// Zero where there is no value at all.
fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for character in text.chars().take(200) {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            control if control.is_control() => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}
