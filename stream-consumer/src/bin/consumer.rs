//! The function behind the Kinesis stream: counts its records, and closes windows that are due.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use tokio::sync::Mutex;
use wafwatch::account;
use wafwatch::functions::consumer::Consumer;
use wafwatch::functions::kinesis_event::KinesisEvent;
use wafwatch::functions::settings::ConsumerSettings;
use wafwatch::metrics::FunctionKind;
use wafwatch_stream_consumer::{deadline, log_done, log_warnings, now, random, sources};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (settings, warnings) = ConsumerSettings::load(sources())?;
    log_warnings(&warnings);
    let redaction = settings.settings.privacy.redaction();
    let config = account::connect().await;
    // Lambda hands over one batch at a time; what is kept between them is for one as well.
    let consumer = Mutex::new(Consumer::connect(settings, &config, random).await?);
    let consumer = &consumer;
    let handle = |event: LambdaEvent<KinesisEvent>| async move {
        let deadline = deadline(&event.context);
        let mut consumer = consumer.lock().await;
        let (answer, done) = consumer.handle(event.payload, now(), deadline).await?;
        log_done(FunctionKind::Consumer, &done, redaction);
        Ok::<_, Error>(answer)
    };
    lambda_runtime::run(service_fn(handle)).await
}
