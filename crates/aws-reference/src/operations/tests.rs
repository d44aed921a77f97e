use super::*;

#[test]
fn every_service_is_listed_in_order_and_read() {
    let names: Vec<_> = services().iter().map(|service| service.name).collect();
    assert_eq!(names.len(), 445);
    assert_eq!(INDEX.lines().count(), names.len(), "a line of the index was not understood");
    assert!(names.is_sorted_by(|one, next| ignoring_case(one, next).is_lt()));
    let operations = names.iter().map(|name| service(name).unwrap().operations().len());
    assert_eq!(operations.sum::<usize>(), 20_027);
}

#[test]
fn every_operation_is_found_and_every_shape_is_there() {
    for summary in services() {
        let service = service(summary.name).unwrap();
        for operation in service.operations() {
            assert!(std::ptr::eq(&raw const **operation, &raw const **service.operation(&operation.name).unwrap()));
            assert_eq!(service.input(operation).is_some(), operation.input.is_some(), "{}", operation.name);
            assert!(operation.uri.as_str().starts_with('/'), "{}", operation.name);
        }
        for (name, shape) in &service.shapes {
            let inside = [&shape.item, &shape.key, &shape.value].into_iter().flatten();
            for member in shape.members.values().chain(inside) {
                let known = member.shape().is_none_or(|shape| service.shape(shape).is_some());
                assert!(known, "{}: {name}: {member:?}", summary.name);
            }
            assert!(shape.payload.as_ref().is_none_or(|payload| shape.members.contains_key(payload)), "{name}");
        }
    }
}

#[test]
fn every_protocol_is_known_and_has_what_recognition_needs() {
    for summary in services() {
        assert_eq!(summary.protocols().count(), summary.protocols.split(',').count(), "{summary:?}");
        for protocol in summary.protocols() {
            let has_target = !summary.target_prefix.is_empty();
            match protocol {
                Protocol::Json | Protocol::Cbor => assert!(has_target, "{summary:?}"),
                Protocol::Query | Protocol::Ec2 => assert!(!summary.xml_namespace.is_empty(), "{summary:?}"),
                Protocol::RestJson | Protocol::RestXml => {}
            }
        }
    }
}

#[test]
fn prefixes_are_those_of_the_service_authorization_reference() {
    // Services that the reference does not have, or not yet.
    const UNKNOWN: usize = 8;
    let unknown: Vec<_> =
        services().iter().filter(|summary| crate::service_authorization::service(summary.prefix).is_none()).collect();
    assert_eq!(unknown.len(), UNKNOWN, "{unknown:#?}");
}

#[test]
fn services_are_as_in_their_models() {
    let sqs = service("sqs").unwrap();
    assert_eq!(sqs.summary.protocols().collect::<Vec<_>>(), [Protocol::Json, Protocol::Query]);
    assert!(sqs.summary.query_compatible && sqs.summary.speaks(Protocol::Query));
    let send = sqs.input(sqs.operation("SendMessageBatch").unwrap()).unwrap();
    let entries = sqs.shape(send.members["Entries"].shape().unwrap()).unwrap();
    assert!(entries.flattened);
    assert_eq!(entries.item.as_ref().unwrap().name.as_deref(), Some("SendMessageBatchRequestEntry"));

    let lambda = service("lambda").unwrap();
    let invoke = lambda.operation("Invoke").unwrap();
    assert_eq!((&*invoke.method, invoke.uri.as_str()), ("POST", "/2015-03-31/functions/{FunctionName}/invocations"));
    let members = &lambda.input(invoke).unwrap().members;
    assert_eq!(members["FunctionName"].location, Location::Uri);
    assert_eq!(members["Qualifier"].location, Location::QueryString);

    let s3 = service("s3").unwrap();
    assert!(s3.input(s3.operation("PutObject").unwrap()).unwrap().members["Body"].streams);
    let start = service("stepfunctions").unwrap();
    assert_eq!(start.operation("StartSyncExecution").unwrap().host_prefix.as_deref(), Some("sync-"));
    assert_eq!(service("cloudwatch").unwrap().summary.prefix, "cloudwatch");
    assert_eq!(service("cloudwatch").unwrap().summary.signing_name, "monitoring");
}

#[test]
fn unauthenticated_operations_are_marked() {
    let marked = services().iter().map(|summary| {
        let service = service(summary.name).unwrap();
        service.operations().iter().filter(|operation| operation.no_auth).count()
    });
    assert_eq!(marked.sum::<usize>(), 49);
}

#[test]
fn an_unknown_name_is_none() {
    assert!(service("").is_none() && service("SQS").is_none() && service("sq").is_none());
    assert!(service("sqs").unwrap().operation("sendmessage").is_none());
}

#[test]
fn services_are_found_by_what_requests_show() {
    let names = |summaries: &[&Summary]| summaries.iter().map(|summary| summary.name).collect::<Vec<_>>();
    assert_eq!(names(signed_as("dynamodb")), ["dynamodb", "dynamodbstreams"]);
    assert_eq!(names(signed_as("monitoring")), ["cloudwatch"]);
    assert_eq!(names(with_target_prefix("Timestream_20181101")), ["timestream-query", "timestream-write"]);
    assert!(signed_as("").is_empty() && with_target_prefix("").is_empty() && signed_as("cloudwatch-").is_empty());
    assert!(names(with_forms()).contains(&"sqs") && names(with_forms()).contains(&"ec2"));
}

#[test]
fn no_path_has_two_greedy_labels() {
    for summary in services() {
        for operation in service(summary.name).unwrap().operations() {
            let greedy = operation.uri.segments().iter().filter(|segment| matches!(segment, Segment::GreedyLabel(_)));
            assert!(greedy.count() <= 1, "{}", operation.uri.as_str());
        }
    }
}

#[test]
fn labels_stand_alone_between_slashes() {
    for summary in services() {
        for operation in service(summary.name).unwrap().operations() {
            for segment in operation.uri.segments() {
                let whole = !matches!(segment, Segment::Literal(text) if text.contains(['{', '}']));
                assert!(whole, "{}", operation.uri.as_str());
            }
        }
    }
}
