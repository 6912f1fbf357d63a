//! Records that came after their window had closed.

use wafwatch_windows::partial::Partial;
use wafwatch_windows::settings::SketchSettings;
use wafwatch_windows::summary::{Completeness, Summary};
use wafwatch_windows::time::Window;

/// The summary of a closed window with late records added to it.
///
/// `closed` is the window as it was closed; where there is none (it lies before the ACL's first
/// window, in a time when it was dormant, or beyond the retention), the late records alone make an
/// incomplete one, so that no record is lost.
#[must_use]
pub fn amend(
    closed: Option<Summary>,
    acl: &str,
    window: Window,
    late: &Partial,
    settings: &SketchSettings,
) -> Summary {
    let mut summary =
        closed.unwrap_or_else(|| Summary::empty(acl, window, Completeness::Incomplete));
    let late_summary = late.summarize(acl, window, summary.completeness, settings);
    summary.add_late(&late_summary, settings.top_n);
    summary
}
