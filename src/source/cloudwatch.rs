//! The counts that CloudWatch keeps of a Web ACL, for a detector that has seen none of its logs yet.
//!
//! WAF publishes `AllowedRequests`, `BlockedRequests` and `CountedRequests` in the namespace
//! `AWS/WAFV2` once a minute, by `WebACL` (the metric name of the ACL), `Rule` (`ALL` for all of them)
//! and, but for CloudFront, `Region`. Minutes without requests have no value. CloudWatch keeps values of
//! a minute for 15 days.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat};
use wafwatch_windows::counters::Counters;
use wafwatch_windows::time::{EventTime, Window, WindowSize};

use crate::account::{self, Failure};
use crate::incident::acl::{AclArn, AclScope};

/// Days for which CloudWatch keeps values of a minute.
pub const KEPT_DAYS: u32 = 15;
const NAMESPACE: &str = "AWS/WAFV2";
const METRICS: [(&str, &str); 3] = [
    ("allowed", "AllowedRequests"),
    ("blocked", "BlockedRequests"),
    ("counted", "CountedRequests"),
];
/// A time range of this many periods stays within what one answer may hold (100,800 values).
const PERIODS_PER_CALL: i64 = 10_000;
/// Answers that one range may take, so that an answer which never ends does.
const MAX_PAGES: usize = 100;

/// Counts that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CloudWatchError {
    /// Metrics are of whole minutes.
    #[error(
        "CloudWatch keeps counts of whole minutes: windows of {seconds} seconds cannot be learnt \
         from them; set `windows.size_seconds` to a multiple of 60"
    )]
    WindowSize {
        /// The size of windows.
        seconds: u32,
    },
    /// The ACL is not named by its ARN.
    #[error(
        "{acl:?} is not the ARN of a Web ACL: give it as arn:aws:wafv2:REGION:ACCOUNT:regional/webacl/NAME/ID"
    )]
    NotAnArn {
        /// What was given.
        acl: String,
    },
    /// The call failed.
    #[error("cannot read the metrics of {metric_name} (cloudwatch:GetMetricData): {source}")]
    Call {
        /// The ACL's name in metrics.
        metric_name: String,
        /// Why.
        source: Failure,
    },
    /// Answers came without end.
    #[error("CloudWatch's answers about {metric_name} did not end")]
    Endless {
        /// The ACL's name in metrics.
        metric_name: String,
    },
}

/// The counts of one ACL, window by window.
#[derive(Debug, Clone)]
pub struct PastCounts {
    client: Client,
    region: Option<String>,
    metric_name: String,
    size: WindowSize,
}

impl PastCounts {
    /// Those of the ACL with the ARN `acl`, in windows of `size`. `metric_name` is its name in
    /// metrics where that is not its own name.
    ///
    /// # Errors
    ///
    /// When there can be no such counts.
    pub fn new(
        config: &SdkConfig,
        acl: &str,
        metric_name: Option<&str>,
        size: WindowSize,
    ) -> Result<Self, CloudWatchError> {
        let seconds = size.seconds();
        if !seconds.is_multiple_of(60) {
            return Err(CloudWatchError::WindowSize { seconds });
        }
        let arn = AclArn::parse(acl).ok_or_else(|| CloudWatchError::NotAnArn {
            acl: acl.to_owned(),
        })?;
        Ok(Self {
            client: Client::new(&account::in_region(config, arn.region)),
            region: match arn.scope {
                AclScope::Regional => Some(arn.region.to_owned()),
                AclScope::Global => None,
            },
            metric_name: metric_name.unwrap_or(arn.name).to_owned(),
            size,
        })
    }

    /// The counts of every window that lies in `[from, until)` whole, oldest first, those without
    /// requests included. What CAPTCHA and challenges ended is in none of them.
    ///
    /// # Errors
    ///
    /// When CloudWatch does not answer, or not to this.
    pub async fn between(
        &self,
        from: EventTime,
        until: EventTime,
    ) -> Result<Vec<(Window, Counters)>, CloudWatchError> {
        let mut windows: BTreeMap<EventTime, Counters> = BTreeMap::new();
        let mut window = self.size.window_of(from);
        if window.start < from {
            window = self.size.next(window);
        }
        let first = window.start;
        while window.end <= until {
            windows.insert(window.start, Counters::default());
            window = self.size.next(window);
        }
        let step = PERIODS_PER_CALL * self.size.milliseconds();
        let mut start = first;
        while start < window.start {
            let end = start.plus(step).min(window.start);
            self.add(&mut windows, start, end).await?;
            start = end;
        }
        let counted = windows.into_iter().map(|(start, counters)| {
            let window = self.size.window_of(start);
            (window, counters)
        });
        Ok(counted.collect())
    }

    async fn add(
        &self,
        windows: &mut BTreeMap<EventTime, Counters>,
        from: EventTime,
        until: EventTime,
    ) -> Result<(), CloudWatchError> {
        let mut token = None;
        for _ in 0..MAX_PAGES {
            let request = self
                .client
                .get_metric_data()
                .start_time(DateTime::from_millis(from.0))
                .end_time(DateTime::from_millis(until.0))
                .set_metric_data_queries(Some(self.queries()))
                .set_next_token(token);
            let answer = request
                .send()
                .await
                .map_err(|error| CloudWatchError::Call {
                    metric_name: self.metric_name.clone(),
                    source: Failure::of(&error),
                })?;
            for result in answer.metric_data_results() {
                add_result(windows, result, self.size);
            }
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(());
            }
        }
        Err(CloudWatchError::Endless {
            metric_name: self.metric_name.clone(),
        })
    }

    fn queries(&self) -> Vec<MetricDataQuery> {
        let dimension =
            |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
        let mut dimensions = vec![
            dimension("WebACL", &self.metric_name),
            dimension("Rule", "ALL"),
        ];
        if let Some(region) = &self.region {
            dimensions.push(dimension("Region", region));
        }
        let period = i32::try_from(self.size.seconds()).unwrap_or(i32::MAX);
        let queries = METRICS.iter().map(|(id, name)| {
            let metric = Metric::builder()
                .namespace(NAMESPACE)
                .metric_name(*name)
                .set_dimensions(Some(dimensions.clone()))
                .build();
            let statistic = MetricStat::builder()
                .metric(metric)
                .period(period)
                .stat("Sum");
            MetricDataQuery::builder()
                .id(*id)
                .metric_stat(statistic.build())
                .build()
        });
        queries.collect()
    }
}

fn add_result(
    windows: &mut BTreeMap<EventTime, Counters>,
    result: &MetricDataResult,
    size: WindowSize,
) {
    for (time, value) in result.timestamps().iter().zip(result.values()) {
        let time = EventTime(time.secs().saturating_mul(1_000));
        let Some(counters) = windows.get_mut(&size.window_of(time).start) else {
            continue;
        };
        // A value that is no count becomes the nearest one that is.
        let count = value.round() as u64;
        match result.id() {
            Some("allowed") => counters.allowed = counters.allowed.saturating_add(count),
            Some("blocked") => counters.blocked = counters.blocked.saturating_add(count),
            Some("counted") => counters.counted = counters.counted.saturating_add(count),
            _ => {}
        }
        counters.total = counters.allowed.saturating_add(counters.blocked);
    }
}
