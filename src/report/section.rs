//! The sections of a report for people.

/// A section, in the order in which a person needs them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is what its title says")]
pub enum Section {
    ExecutiveSummary,
    QuickTriage,
    AnomalyCause,
    TrafficMetrics,
    Findings,
    TopOffenders,
    TopRules,
    TopUris,
    CloudTrailChanges,
    WebAclDetails,
    RawRecords,
    RecommendedActions,
    MissingEvidence,
    Analysis,
}

impl Section {
    /// Those of every report and mail, whether there is anything to say or not.
    pub const ALWAYS: [Self; 12] = [
        Self::ExecutiveSummary,
        Self::QuickTriage,
        Self::AnomalyCause,
        Self::TrafficMetrics,
        Self::Findings,
        Self::TopOffenders,
        Self::TopRules,
        Self::TopUris,
        Self::CloudTrailChanges,
        Self::WebAclDetails,
        Self::RecommendedActions,
        Self::Analysis,
    ];

    /// Its heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::ExecutiveSummary => "Executive Summary",
            Self::QuickTriage => "Quick Triage",
            Self::AnomalyCause => "Anomaly Cause",
            Self::TrafficMetrics => "Traffic Metrics",
            Self::Findings => "Findings",
            Self::TopOffenders => "Top Offenders",
            Self::TopRules => "Top Rules",
            Self::TopUris => "Top URIs",
            Self::CloudTrailChanges => "CloudTrail Changes",
            Self::WebAclDetails => "WebACL Details",
            Self::RawRecords => "Raw Records",
            Self::RecommendedActions => "Recommended Actions",
            Self::MissingEvidence => "Missing Evidence",
            Self::Analysis => "Analysis",
        }
    }

    /// The heading as a report writes it, underlined.
    #[cfg(test)]
    pub(crate) fn heading(self) -> String {
        let title = self.title();
        format!("\n{title}\n{}\n", "-".repeat(title.len()))
    }
}
