//! How servers are reached: addresses, login, TLS, time limits. The servers that a sentinel or a cluster
//! names are reached as the ones named in the settings are.

use std::time::Duration;

use redis::{
    Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo, RedisResult, TlsCertificates,
};

use super::trouble::Trouble;
use crate::message::Secret;
use crate::store::settings::{OpenError, StoreSettings};

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// A connection, made in the background.
    pub(super) connect: Duration,
    /// An answer, with everything that getting it takes.
    pub(super) answer: Duration,
    /// Failures in a row after which a server is left alone for a while.
    pub(super) failures_max: u32,
}

/// Makes clients for servers.
#[derive(Clone)]
pub(super) struct Access {
    ca: Option<Vec<u8>>,
    user: Option<String>,
    password: Option<Secret>,
    pub(super) limits: Limits,
}

impl Access {
    pub(super) fn of(settings: &StoreSettings) -> Result<Access, OpenError> {
        let ca = settings.ca.as_deref().map(std::fs::read).transpose();
        Ok(Access {
            ca: ca.map_err(|e| OpenError::Settings(format!("`ca` cannot be read: {e}")))?,
            user: settings.user.clone(),
            password: settings.password.clone(),
            limits: Limits {
                connect: Duration::from_millis(settings.connect_ms),
                answer: Duration::from_millis(settings.answer_ms),
                failures_max: settings.breaker_failures,
            },
        })
    }

    /// A server by its URL, or by `host:port`; `user` and `password` are its login unless the URL brings one.
    pub(super) fn server(&self, url: &Secret) -> Result<ConnectionInfo, OpenError> {
        let server = self.named(url)?;
        let has_login = server.redis_settings().password().is_some();
        Ok(if has_login { server } else { self.with_login(&server) })
    }

    /// A sentinel by its URL, or by `host:port`; a login stands in the URL.
    pub(super) fn named(&self, url: &Secret) -> Result<ConnectionInfo, OpenError> {
        let text = url.reveal();
        let whole = if text.contains("://") { text.to_owned() } else { format!("redis://{text}") };
        let info = whole.as_str().into_connection_info();
        let info = info.map_err(|e| OpenError::Redis { why: Trouble::of(&e).to_string() })?;
        let login = info.redis_settings().clone().set_skip_set_lib_name();
        Ok(info.set_redis_settings(login))
    }

    /// The same with `user` and `password` as login.
    pub(super) fn with_login(&self, server: &ConnectionInfo) -> ConnectionInfo {
        let plain = RedisConnectionInfo::default().set_skip_set_lib_name();
        let mut login = plain.set_db(server.redis_settings().db()).set_protocol(server.redis_settings().protocol());
        if let Some(user) = &self.user {
            login = login.set_username(user);
        }
        if let Some(password) = &self.password {
            login = login.set_password(password.reveal());
        }
        server.clone().set_redis_settings(login)
    }

    /// The client for a server.
    pub(super) fn client(&self, server: ConnectionInfo) -> RedisResult<Client> {
        match &self.ca {
            Some(ca) if matches!(server.addr(), ConnectionAddr::TcpTls { .. }) => {
                let trust = TlsCertificates { client_tls: None, root_cert: Some(ca.clone()) };
                Client::build_with_tls(server, trust)
            }
            _ => Client::open(server),
        }
    }
}

/// The server at another place, reached in the same way.
pub(super) fn elsewhere(like: &ConnectionInfo, host: &str, port: u16) -> ConnectionInfo {
    let host = host.to_owned();
    let place = match like.addr() {
        ConnectionAddr::TcpTls { insecure, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: None }
        }
        _ => ConnectionAddr::Tcp(host, port),
    };
    like.clone().set_addr(place)
}
