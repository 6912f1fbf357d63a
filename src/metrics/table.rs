//! The metrics there are.

use super::health::FunctionKind;

/// What a value of a metric is counted in, as CloudWatch spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A duration.
    Milliseconds,
    /// A duration.
    Seconds,
    /// A share, 0 to 1.
    None,
}

impl Unit {
    /// CloudWatch's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
            Self::Seconds => "Seconds",
            Self::None => "None",
        }
    }
}

/// What a metric tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One closed window of one Web ACL: one value per window, zeros included.
    Window,
    /// The pipeline itself: one value per call of a function that [reports](Metric::reported_by) it,
    /// zeros included.
    Health,
    /// A model that explained an incident, or was to: one value per question, by model.
    Model,
}

/// A metric in the namespace [`super::NAMESPACE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Requests in the window.
    Requests,
    /// Requests that were let through.
    AllowedRequests,
    /// Requests that were refused.
    BlockedRequests,
    /// Requests that a COUNT rule matched; they are counted under their final action too.
    CountedRequests,
    /// Requests answered with a CAPTCHA.
    CaptchaRequests,
    /// Requests answered with a silent challenge.
    ChallengeRequests,
    /// Requests with an action that this version does not know.
    OtherRequests,
    /// Blocked requests as a share of all.
    BlockedRatio,
    /// Distinct client addresses.
    DistinctAddresses,
    /// The busiest address's requests as a share of all.
    TopAddressShare,
    /// Signals out of their expected range.
    Findings,
    /// 1 where the window closed before every shard had delivered, else 0.
    IncompleteWindows,
    /// Records that were counted.
    RecordsAccepted,
    /// Records that were not, for any reason; the reasons are in the field `rejected`.
    RecordsRejected,
    /// Rejected stream records that could not be copied to the bucket.
    RejectsNotCopied,
    /// Records that came after their window had closed; the window was amended.
    RecordsLate,
    /// Stream records that were skipped because they had been counted before.
    DuplicatesSkipped,
    /// How far the newest record that was read lies behind the clock.
    Lag,
    /// How long after their end windows closed.
    CloseDelay,
    /// Windows closed, of all Web ACLs.
    WindowsClosed,
    /// Web ACLs whose windows are expected to go on closing.
    ActiveAcls,
    /// WAF records packed into the stream.
    RecordsForwarded,
    /// WAF records that could not be put into the stream; they are in the archive.
    RecordsNotForwarded,
    /// Messages that a channel took.
    MessagesDelivered,
    /// Messages that were given up on a channel.
    MessagesGivenUp,
    /// Incident events that wait for a channel.
    EventsWaiting,
    /// How long the oldest of them has waited.
    OldestEventAge,
    /// Tokens that a model was given, or gave, by kind. OpenTelemetry's name.
    ModelTokens,
    /// How long a model took to explain, attempts that failed included. OpenTelemetry's name.
    ModelDuration,
    /// Calls of a model that were made again.
    ModelRetries,
    /// Explanations for which the built-in analyst took over.
    ModelFallbacks,
    /// Interventions of a guardrail.
    ModelGuardrailInterventions,
    /// Statements of a model that were removed, because the evidence does not hold them.
    ModelStatementsRemoved,
    /// What a model's tokens cost in US dollars, where their price is known.
    ModelCost,
}

impl Metric {
    /// Every metric, in the order of the lines.
    pub const ALL: [Self; 34] = [
        Self::Requests,
        Self::AllowedRequests,
        Self::BlockedRequests,
        Self::CountedRequests,
        Self::CaptchaRequests,
        Self::ChallengeRequests,
        Self::OtherRequests,
        Self::BlockedRatio,
        Self::DistinctAddresses,
        Self::TopAddressShare,
        Self::Findings,
        Self::IncompleteWindows,
        Self::RecordsAccepted,
        Self::RecordsRejected,
        Self::RejectsNotCopied,
        Self::RecordsLate,
        Self::DuplicatesSkipped,
        Self::Lag,
        Self::CloseDelay,
        Self::WindowsClosed,
        Self::ActiveAcls,
        Self::RecordsForwarded,
        Self::RecordsNotForwarded,
        Self::MessagesDelivered,
        Self::MessagesGivenUp,
        Self::EventsWaiting,
        Self::OldestEventAge,
        Self::ModelTokens,
        Self::ModelDuration,
        Self::ModelRetries,
        Self::ModelFallbacks,
        Self::ModelGuardrailInterventions,
        Self::ModelStatementsRemoved,
        Self::ModelCost,
    ];

    /// The metrics of `scope`, in order.
    pub fn of(scope: Scope) -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(move |metric| metric.scope() == scope)
    }

    /// The metric's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// The metric's unit.
    #[must_use]
    pub fn unit(self) -> Unit {
        self.row().1
    }

    /// What the metric tells of.
    #[must_use]
    pub fn scope(self) -> Scope {
        self.row().2
    }

    /// The functions whose every call tells this metric of the pipeline, as far as it is known;
    /// windows are told by whichever function closes them.
    #[must_use]
    pub fn reported_by(self) -> &'static [FunctionKind] {
        use FunctionKind::{Closer, Consumer, Forwarder, Investigator};
        match self {
            Self::RecordsAccepted
            | Self::RecordsRejected
            | Self::RejectsNotCopied
            | Self::DuplicatesSkipped
            | Self::Lag => &[Consumer],
            Self::RecordsLate | Self::CloseDelay | Self::WindowsClosed => &[Consumer, Closer],
            Self::ActiveAcls | Self::EventsWaiting | Self::OldestEventAge => &[Closer],
            Self::RecordsForwarded | Self::RecordsNotForwarded => &[Forwarder],
            Self::MessagesDelivered | Self::MessagesGivenUp => &[Investigator, Closer],
            _ => &[],
        }
    }

    fn row(self) -> (&'static str, Unit, Scope) {
        use Scope::{Health, Model, Window};
        use Unit::{Count, Milliseconds, None, Seconds};
        match self {
            Self::Requests => ("Requests", Count, Window),
            Self::AllowedRequests => ("AllowedRequests", Count, Window),
            Self::BlockedRequests => ("BlockedRequests", Count, Window),
            Self::CountedRequests => ("CountedRequests", Count, Window),
            Self::CaptchaRequests => ("CaptchaRequests", Count, Window),
            Self::ChallengeRequests => ("ChallengeRequests", Count, Window),
            Self::OtherRequests => ("OtherRequests", Count, Window),
            Self::BlockedRatio => ("BlockedRatio", None, Window),
            Self::DistinctAddresses => ("DistinctAddresses", Count, Window),
            Self::TopAddressShare => ("TopAddressShare", None, Window),
            Self::Findings => ("Findings", Count, Window),
            Self::IncompleteWindows => ("IncompleteWindows", Count, Window),
            Self::RecordsAccepted => ("RecordsAccepted", Count, Health),
            Self::RecordsRejected => ("RecordsRejected", Count, Health),
            Self::RejectsNotCopied => ("RejectsNotCopied", Count, Health),
            Self::RecordsLate => ("RecordsLate", Count, Health),
            Self::DuplicatesSkipped => ("DuplicatesSkipped", Count, Health),
            Self::Lag => ("Lag", Milliseconds, Health),
            Self::CloseDelay => ("CloseDelay", Milliseconds, Health),
            Self::WindowsClosed => ("WindowsClosed", Count, Health),
            Self::ActiveAcls => ("ActiveAcls", Count, Health),
            Self::RecordsForwarded => ("RecordsForwarded", Count, Health),
            Self::RecordsNotForwarded => ("RecordsNotForwarded", Count, Health),
            Self::MessagesDelivered => ("MessagesDelivered", Count, Health),
            Self::MessagesGivenUp => ("MessagesGivenUp", Count, Health),
            Self::EventsWaiting => ("EventsWaiting", Count, Health),
            Self::OldestEventAge => ("OldestEventAge", Milliseconds, Health),
            Self::ModelTokens => ("gen_ai.client.token.usage", Count, Model),
            Self::ModelDuration => ("gen_ai.client.operation.duration", Seconds, Model),
            Self::ModelRetries => ("wafwatch.gen_ai.retries", Count, Model),
            Self::ModelFallbacks => ("wafwatch.gen_ai.fallbacks", Count, Model),
            Self::ModelGuardrailInterventions => {
                ("wafwatch.gen_ai.guardrail_interventions", Count, Model)
            }
            Self::ModelStatementsRemoved => ("wafwatch.gen_ai.statements_removed", Count, Model),
            Self::ModelCost => ("wafwatch.gen_ai.estimated_cost", None, Model),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_complete_and_in_order_and_names_are_distinct() {
        assert!(Metric::ALL.is_sorted());
        assert_eq!(Metric::ModelCost as usize + 1, Metric::ALL.len());
        let mut names: Vec<_> = Metric::ALL.map(Metric::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Metric::ALL.len());
    }

    #[test]
    fn what_is_of_the_pipeline_is_reported_by_somebody() {
        for metric in Metric::ALL {
            let is_reported = !metric.reported_by().is_empty();
            assert_eq!(is_reported, metric.scope() == Scope::Health, "{metric:?}");
        }
    }

    #[test]
    fn one_directive_holds_all_metrics_of_a_scope() {
        const MOST_IN_A_DIRECTIVE: usize = 100;
        for scope in [Scope::Window, Scope::Health, Scope::Model] {
            assert!(Metric::of(scope).count() <= MOST_IN_A_DIRECTIVE);
        }
    }
}
