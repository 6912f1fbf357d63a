//! What services answer when they refuse.

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

/// The operation that a request asks for.
pub(super) fn operation(request: &HttpRequest) -> String {
    // "DynamoDB_20120810.PutItem": the JSON protocols name it in a header.
    let target = request.headers().get("x-amz-target");
    if let Some((_, operation)) = target.and_then(|target| target.rsplit_once('.')) {
        return operation.to_owned();
    }
    // The query protocol names it in the body, CBOR at the end of the path.
    let body = request.body().bytes().unwrap_or_default();
    if let Some(rest) = body.strip_prefix(b"Action=") {
        let end = rest.iter().position(|&byte| byte == b'&');
        let name = &rest[..end.unwrap_or(rest.len())];
        return String::from_utf8_lossy(name).into_owned();
    }
    if let Some((_, operation)) = request.uri().rsplit_once("/operation/") {
        return operation.to_owned();
    }
    format!("{} {}", request.method(), path(request.uri()))
}

fn path(uri: &str) -> &str {
    let (_, rest) = uri.split_once("://").unwrap_or(("", uri));
    let path = rest.find('/').map_or("/", |start| &rest[start..]);
    path.split('?').next().unwrap_or(path)
}

/// A refusal for too many requests, in the protocol of `request`.
pub(super) fn throttled(request: &HttpRequest) -> HttpResponse {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    if target.starts_with("DynamoDB_") {
        let code = "com.amazonaws.dynamodb.v20120810#ThrottlingException";
        return json(400, code, "rate of requests exceeds the allowed throughput");
    }
    if !target.is_empty() {
        let code = "ProvisionedThroughputExceededException";
        return json(400, code, "rate exceeded for the shard");
    }
    let is_query = request
        .body()
        .bytes()
        .unwrap_or_default()
        .starts_with(b"Action=");
    if is_query {
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code>\
                    <Message>rate exceeded</Message></Error></ErrorResponse>";
        return answer(400, "text/xml", body.to_owned());
    }
    let body = "<Error><Code>SlowDown</Code><Message>reduce your request rate</Message></Error>";
    answer(503, "application/xml", body.to_owned())
}

/// A refusal because of another call on the same items; only transactions are refused so.
pub(super) fn conflicting(request: &HttpRequest) -> HttpResponse {
    if operation(request) != "TransactWriteItems" {
        return throttled(request);
    }
    // Another call's item is in the way of the first write, and the others have no reason of their own.
    let code = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let body = format!(
        "{{\"__type\":\"{code}\",\
         \"Message\":\"Transaction cancelled [TransactionConflict, None]\",\
         \"CancellationReasons\":[{{\"Code\":\"TransactionConflict\",\
         \"Message\":\"Transaction is ongoing for the item\"}},{{\"Code\":\"None\"}}]}}"
    );
    json_body(400, code, body)
}

/// A failure inside the service.
pub(super) fn service_error(request: &HttpRequest) -> HttpResponse {
    if request.headers().contains_key("x-amz-target") {
        return json(500, "InternalServerError", "the service failed");
    }
    let body = "<Error><Code>InternalError</Code><Message>the service failed</Message></Error>";
    answer(500, "application/xml", body.to_owned())
}

fn json(status: u16, code: &str, message: &str) -> HttpResponse {
    let body = format!("{{\"__type\":\"{code}\",\"message\":\"{message}\"}}");
    json_body(status, code, body)
}

fn json_body(status: u16, code: &str, body: String) -> HttpResponse {
    let mut response = answer(status, "application/x-amz-json-1.0", body);
    response
        .headers_mut()
        .insert("x-amzn-errortype", code.to_owned());
    response
}

fn answer(status: u16, content_type: &'static str, body: String) -> HttpResponse {
    let status = StatusCode::try_from(status).expect("statuses here are real ones");
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    response.headers_mut().insert("content-type", content_type);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(uri: &str, body: &str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_uri(uri.to_owned()).expect("is an address");
        request
    }

    #[test]
    fn operations_are_found_in_every_protocol() {
        let mut of_json = request("http://127.0.0.1:1/", "{}");
        of_json
            .headers_mut()
            .insert("x-amz-target", "DynamoDB_20120810.PutItem");
        assert_eq!(operation(&of_json), "PutItem");
        let of_query = request("http://127.0.0.1:1/", "Action=Publish&Message=x");
        assert_eq!(operation(&of_query), "Publish");
        let of_cbor = request("http://h/service/Cloud/operation/PutMetricData", "");
        assert_eq!(operation(&of_cbor), "PutMetricData");
        let of_rest = request("http://127.0.0.1:1/bucket/key?x-id=GetObject", "");
        assert_eq!(operation(&of_rest), "GET /bucket/key");
        assert_eq!(path("http://host"), "/");
    }
}
