//! The function behind a Firehose delivery stream: packs its records into the Kinesis stream, and
//! gives them back unchanged.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use wafwatch::account;
use wafwatch::forward::PackLimits;
use wafwatch::functions::forwarder::{Forwarder, TransformEvent};
use wafwatch::functions::settings::ForwarderSettings;
use wafwatch::metrics::{FunctionKind, Health};
use wafwatch_stream_consumer::{deadline, log_health, log_problem, sources};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let settings = ForwarderSettings::load(sources())?;
    let config = account::connect().await;
    let forwarder = Forwarder::new(&config, settings.stream, PackLimits::default());
    let forwarder = &forwarder;
    let handle = |event: LambdaEvent<TransformEvent>| async move {
        let deadline = deadline(&event.context);
        let (answer, forwarded) = forwarder.handle(event.payload, deadline).await;
        let mut health = Health::default();
        forwarded.add_to(&mut health);
        log_health(FunctionKind::Forwarder, &health);
        forwarded.problem().as_deref().map(log_problem);
        Ok::<_, Error>(answer)
    };
    lambda_runtime::run(service_fn(handle)).await
}
