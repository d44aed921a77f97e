//! Finding the host that takes writes, and why a host must not be used.

use std::time::Duration;

use rustls::CertificateError;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::fence::Fence;
use super::url::PostgresUrl;
use crate::store::fault::Fault;

/// How long a host may take to accept a connection.
pub(super) const CONNECTING: Duration = Duration::from_secs(3);

/// A host that takes writes, and how often a replica was promoted before it became what it is: its timeline.
pub(super) struct Host {
    pub options: PgConnectOptions,
    pub timeline: u32,
}

/// The host that takes writes: a replica takes none until it is promoted. A primary that comes back after another host was
/// promoted takes writes too, which nobody would ever see again: the host on the highest timeline is the right one, and one
/// below `timeline` is not.
pub(super) async fn find_host(url: &PostgresUrl, timeline: u32, fence: Option<&Fence>) -> Result<Host, Fault> {
    if let Err((path, error)) = url.check_files() {
        return Err(Fault::Refused(format!("{} cannot be read: {error}", path.display())));
    }
    let probes: Vec<_> = url.hosts.iter().map(|host| tokio::spawn(probe(host.clone(), fence.cloned()))).collect();
    let mut best: Option<Host> = None;
    let mut last: Option<Fault> = None;
    for probe in probes {
        match probe.await.unwrap_or_else(|error| Err(Fault::Unavailable(error.to_string()))) {
            Ok(host) if host.timeline < timeline => {
                let name = host.options.get_host();
                last = Some(Fault::Unavailable(format!("{name} is behind a host that was promoted since")));
            }
            Ok(host) if best.as_ref().is_some_and(|best| best.timeline >= host.timeline) => {}
            Ok(host) => best = Some(host),
            // As long as waiting may help with one of them, it is the one to speak of.
            Err(fault) if fault.is_unavailable() || !last.as_ref().is_some_and(Fault::is_unavailable) => {
                last = Some(fault);
            }
            Err(_) => {}
        }
    }
    best.ok_or_else(|| last.unwrap_or_else(|| Fault::Unavailable("no host is named".to_owned())))
}

async fn probe(options: PgConnectOptions, fence: Option<Fence>) -> Result<Host, Fault> {
    let name = options.get_host().to_owned();
    let attempt = async {
        let mut connection = PgConnection::connect_with(&options).await.map_err(explained)?;
        let sql = "select pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean";
        if sqlx::query_scalar(sql).fetch_one(&mut connection).await? {
            return Err(Fault::Unavailable(format!("{name} takes no writes")));
        }
        let sql = "select left(pg_walfile_name(pg_current_wal_lsn()), 8)";
        // Services that are only like PostgreSQL may have no such function.
        let timeline: Option<String> = sqlx::query_scalar(sql).fetch_one(&mut connection).await.ok();
        if let Some(fence) = fence {
            fence.pass(&mut connection).await?;
        }
        let _ = connection.close().await;
        let timeline = timeline.and_then(|timeline| u32::from_str_radix(&timeline, 16).ok());
        Ok(Host { options, timeline: timeline.unwrap_or_default() })
    };
    let silent = |_| Err(Fault::Unavailable(format!("{name} does not answer")));
    tokio::time::timeout(CONNECTING, attempt).await.unwrap_or_else(silent)
}

/// Why no connection could be made. A certificate that is refused now is refused later, too.
fn explained(error: sqlx::Error) -> Fault {
    let refusal = match &error {
        sqlx::Error::Tls(_) | sqlx::Error::Configuration(_) => Some(error.to_string()),
        sqlx::Error::Io(io) => match io.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(why)) => Some(sentence(why)),
            _ => None,
        },
        _ => None,
    };
    refusal.map_or_else(|| error.into(), Fault::Refused)
}

fn sentence(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => {
            "its certificate is from an authority that is not trusted; name the authority's certificate with sslrootcert"
                .to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is not for this host".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired".to_owned()
        }
        other => format!("its certificate is refused: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn certificates_are_refused_for_good_and_silence_is_not() {
        let io = |error| explained(sqlx::Error::Io(error));
        let refused = |why| io(io::Error::new(io::ErrorKind::InvalidData, rustls::Error::InvalidCertificate(why)));
        for (fault, sentence) in [
            (refused(CertificateError::UnknownIssuer), "an authority that is not trusted"),
            (refused(CertificateError::NotValidForName), "is not for this host"),
            (refused(CertificateError::Expired), "has expired"),
            (refused(CertificateError::Revoked), "is refused: "),
            (explained(sqlx::Error::Tls("no TLS".into())), "no TLS"),
        ] {
            assert!(!fault.is_unavailable() && fault.to_string().contains(sentence), "{fault}");
        }
        assert!(io(io::ErrorKind::ConnectionRefused.into()).is_unavailable());
    }
}
