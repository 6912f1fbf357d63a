//! The function behind the table's stream: explains incident events and tells people of them.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use wafwatch::account;
use wafwatch::functions::investigator::{Investigator, StreamEvent};
use wafwatch::functions::settings::InvestigatorSettings;
use wafwatch::metrics::{FunctionKind, Health, model_lines};
use wafwatch_stream_consumer::{
    deadline, log, log_health, log_problem, log_warnings, now, sources, variable,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let (settings, warnings) = InvestigatorSettings::load(sources())?;
    log_warnings(&warnings);
    let config = account::connect().await;
    let investigator =
        Investigator::of_settings(&settings.settings, &settings.table, &config, &variable)?;
    let investigator = &investigator;
    let handle = |event: LambdaEvent<StreamEvent>| async move {
        let deadline = deadline(&event.context);
        let (answer, done) = investigator.handle(&event.payload, now(), deadline).await;
        let mut health = Health::default();
        done.add_to(&mut health);
        log_health(FunctionKind::Investigator, &health);
        for line in done
            .models
            .iter()
            .flat_map(|model| model_lines(model, now()))
        {
            log(&line);
        }
        for problem in &done.problems {
            log_problem(problem);
        }
        Ok::<_, Error>(answer)
    };
    lambda_runtime::run(service_fn(handle)).await
}
