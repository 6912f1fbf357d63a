//! The HTTP client that does what the schedule says.

use std::future::pending;

use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::{Fault, Faults, answers};

#[derive(Debug)]
pub(super) struct FaultyClient {
    inner: SharedHttpClient,
    faults: Faults,
}

impl FaultyClient {
    pub(super) fn new(inner: SharedHttpClient, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

impl HttpClient for FaultyClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(FaultyConnector {
            inner: self.inner.http_connector(settings, components),
            faults: self.faults.clone(),
        })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

#[derive(Debug, Clone)]
struct FaultyConnector {
    inner: SharedHttpConnector,
    faults: Faults,
}

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move { connector.attempt(request).await })
    }
}

impl FaultyConnector {
    async fn attempt(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        if self.faults.is_crashed() {
            return pending().await;
        }
        match self.faults.next(answers::operation(&request)) {
            None => self.inner.call(request).await,
            Some(Fault::ErrorBefore) => {
                Err(ConnectorError::io("connection refused by the test".into()))
            }
            Some(Fault::LostAnswer) => {
                self.send_and_forget(request).await?;
                Err(ConnectorError::io("connection reset by the test".into()))
            }
            Some(Fault::ServiceError) => Ok(answers::service_error(&request)),
            Some(Fault::Throttled) => Ok(answers::throttled(&request)),
            Some(Fault::Conflicting) => Ok(answers::conflicting(&request)),
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                self.inner.call(request).await
            }
            Some(Fault::CrashBefore) => {
                self.faults.crash();
                pending().await
            }
            Some(Fault::CrashAfter) => {
                self.send_and_forget(request).await?;
                self.faults.crash();
                pending().await
            }
        }
    }

    /// Sends a request and waits until it is answered: the service has then done it.
    async fn send_and_forget(&self, request: HttpRequest) -> Result<(), ConnectorError> {
        self.inner.call(request).await?;
        Ok(())
    }
}
