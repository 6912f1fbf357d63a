//! The report for people.

use super::layout::Page;
use super::{Report, Section, Style, sections, tables};

/// The sections in the order in which a person needs them.
pub(super) fn render(report: &Report<'_>, style: Style) -> String {
    let mut page = Page::new(style, report.cleaning());
    sections::title(&mut page, report);
    sections::executive_summary(&mut page, report);
    sections::quick_triage(&mut page, report);
    sections::anomaly_cause(&mut page, report);
    tables::traffic_metrics(&mut page, report);
    tables::findings(&mut page, report);
    tables::top_offenders(&mut page, report);
    tables::top_values(
        &mut page,
        Section::TopRules,
        &report.assessment.evidence.top_rules,
    );
    tables::top_values(
        &mut page,
        Section::TopUris,
        &report.assessment.evidence.top_uris,
    );
    sections::cloudtrail_changes(&mut page, report);
    sections::webacl_details(&mut page, report);
    sections::archive(&mut page, report);
    sections::recommended_actions(&mut page, report);
    sections::missing(&mut page, report);
    sections::analysis(&mut page, report);
    page.finish()
}

/// What happened and what it means.
pub(super) fn render_brief(report: &Report<'_>, style: Style) -> String {
    let mut page = Page::new(style, report.cleaning());
    sections::title(&mut page, report);
    sections::executive_summary(&mut page, report);
    page.finish()
}
