//! How a connection to a provider is made: TCP, or whatever else carries bytes, such as a simulation's
//! network. Asked once a connection, never once a message.

use std::fmt::Debug;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tower::BoxError;

/// A connection.
pub trait Pipe: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Pipe for T {}

/// A connection being made.
pub type Dialling<'a> = Pin<Box<dyn Future<Output = io::Result<Box<dyn Pipe>>> + Send + 'a>>;

/// Makes connections. Its caller bounds the time.
pub trait Dial: Debug + Send + Sync {
    /// Connects.
    fn dial<'a>(&'a self, host: &'a str, port: u16) -> Dialling<'a>;
}

/// Over TCP, by the machine's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tcp;

impl Dial for Tcp {
    fn dial<'a>(&'a self, host: &'a str, port: u16) -> Dialling<'a> {
        Box::pin(async move {
            let tcp = TcpStream::connect((host, port)).await?;
            // Small writes wait for nothing: Nagle costs 40 ms a round trip.
            tcp.set_nodelay(true)?;
            Ok(Box::new(tcp) as Box<dyn Pipe>)
        })
    }
}

/// A connection as the HTTP client wants it.
pub struct Dialled(Box<dyn Pipe>);

impl Dialled {
    /// Makes one within `wait`, for a plain `http` address.
    pub async fn to(uri: http::Uri, dial: Arc<dyn Dial>, wait: Duration) -> Result<TokioIo<Dialled>, BoxError> {
        let host = uri.host().ok_or("an address without a host")?;
        match tokio::time::timeout(wait, dial.dial(host, uri.port_u16().unwrap_or(80))).await {
            Ok(pipe) => Ok(TokioIo::new(Dialled(pipe?))),
            Err(_) => Err("the connection was not made in time".into()),
        }
    }
}

impl Connection for Dialled {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Dialled {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, read: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, read)
    }
}

impl AsyncWrite for Dialled {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
