//! The function that a schedule calls once a minute: closes windows of streams in which nothing
//! comes, and delivers what waits in the outbox.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;
use wafwatch::account;
use wafwatch::functions::closer::Closer;
use wafwatch::functions::settings::CloserSettings;
use wafwatch::metrics::FunctionKind;
use wafwatch_stream_consumer::{deadline, log_done, log_warnings, now, random, sources, variable};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (settings, warnings) = CloserSettings::load(sources())?;
    log_warnings(&warnings);
    let redaction = settings.settings.privacy.redaction();
    let config = account::connect().await;
    let closer = Closer::connect(settings, &config, &variable, random).await?;
    let closer = &closer;
    let handle = |event: LambdaEvent<Value>| async move {
        let done = closer.handle(now(), deadline(&event.context)).await;
        log_done(FunctionKind::Closer, &done, redaction);
        Ok::<_, Error>(())
    };
    lambda_runtime::run(service_fn(handle)).await
}
