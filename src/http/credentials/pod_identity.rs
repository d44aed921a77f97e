//! EKS Pod Identity's agent: credentials for the token of a Kubernetes service account (EKS User Guide, "Learn how EKS Pod
//! Identity grants pods access to AWS services").

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, State as Shared};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::Pod;
use super::container::shows;
use super::sessions::Workload;
use crate::error::Code;
use crate::http::State;
use crate::identity::ServicePrincipal;

/// The longest name of a session.
const SESSION_NAME: usize = 64;

/// The credentials of the pod whose token the request shows.
pub async fn credentials(
    Shared(state): Shared<Arc<State>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    if headers.get(header::AUTHORIZATION).is_none_or(|token| token.is_empty()) {
        return (StatusCode::BAD_REQUEST, "Service account token cannot be empty\n").into_response();
    }
    let endpoints = &state.credentials;
    let Some(pod) = endpoints.pods.iter().find(|pod| shows(&headers, &pod.settings.token)) else {
        let why = "InvalidTokenException: The service account token is not one that the configuration has.\n";
        return (StatusCode::BAD_REQUEST, why).into_response();
    };
    match endpoints.sessions.of(pod.workload(&endpoints.region), &state.app, &endpoints.region, peer.ip()).await {
        Ok(credentials) => Json(json!({
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key,
            "Token": credentials.session_token,
            "AccountId": pod.role.account.to_string(),
            "Expiration": credentials.expiration.to_string(),
        }))
        .into_response(),
        Err(error) if error.code() == Code::AccessDenied => {
            let role = &pod.role.arn;
            let why = format!(
                "AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role {role}.\n"
            );
            (StatusCode::BAD_REQUEST, why).into_response()
        }
        Err(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "the credentials could not be made; the log says why\n").into_response()
        }
    }
}

impl Pod {
    fn workload(&self, region: &str) -> Workload {
        let settings = &self.settings;
        let account = self.role.account;
        let pod = settings.pod.as_ref().unwrap_or(&settings.service_account);
        let cluster = format!("arn:{}:eks:{region}:{account}:cluster/{}", account.partition(), settings.cluster);
        let uid = uid(&[&settings.cluster, &settings.namespace, pod]);
        Workload {
            service: ServicePrincipal {
                name: "pods.eks.amazonaws.com".to_owned(),
                source_arn: Some(cluster.clone()),
                session_keys: Vec::new(),
            },
            role: self.role.clone(),
            session_name: format!("eks-{}-{pod}-{uid}", settings.cluster).chars().take(SESSION_NAME).collect(),
            tags: vec![
                ("eks-cluster-arn", cluster),
                ("eks-cluster-name", settings.cluster.clone()),
                ("kubernetes-namespace", settings.namespace.clone()),
                ("kubernetes-service-account", settings.service_account.clone()),
                ("kubernetes-pod-name", pod.clone()),
                ("kubernetes-pod-uid", uid),
            ],
        }
    }
}

/// Always the same for a pod, in the form of Kubernetes' ids.
fn uid(parts: &[&str]) -> String {
    let hex = HEXLOWER.encode(&Sha256::digest(parts.join("/")));
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32].map(|place| hex.get(place).unwrap_or_default());
    groups.join("-")
}
