//! `wafwatch learn`.

#[cfg(feature = "aws")]
mod history;

#[cfg(feature = "aws")]
pub(super) use history::run;

/// Without AWS there is no CloudWatch.
#[cfg(not(feature = "aws"))]
pub(super) fn run(_: &super::arguments::LearnArguments) -> anyhow::Result<super::exit::Outcome> {
    Err(super::exit::UsageError(
        "this build cannot ask CloudWatch: install one with `--features aws`, or learn from old logs \
         with `wafwatch replay`"
            .to_owned(),
    )
    .into())
}
