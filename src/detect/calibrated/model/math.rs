//! Transcendental functions that give the same bits on every host.
//!
//! The standard library leaves these to the platform; `libm` is compiled with the program.

pub(crate) const LOG10_E: f64 = std::f64::consts::LOG10_E;

pub(crate) fn ln(x: f64) -> f64 {
    libm::log(x)
}

pub(crate) fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

pub(crate) fn exp(x: f64) -> f64 {
    libm::exp(x)
}

pub(crate) fn asinh(x: f64) -> f64 {
    libm::asinh(x)
}

pub(crate) fn sinh(x: f64) -> f64 {
    libm::sinh(x)
}

pub(crate) fn asin(x: f64) -> f64 {
    libm::asin(x)
}

pub(crate) fn sin(x: f64) -> f64 {
    libm::sin(x)
}

pub(crate) fn exp10(x: f64) -> f64 {
    libm::exp10(x)
}

pub(crate) fn log10(x: f64) -> f64 {
    libm::log10(x)
}

/// `-log10 P(Z > z)` of a standard normal, at most 300.
pub(crate) fn normal_rarity(z: f64) -> f64 {
    let tail = 0.5 * libm::erfc(z / std::f64::consts::SQRT_2);
    -log10(tail.max(1e-300))
}
