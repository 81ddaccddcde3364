//! What a door listens on: TCP, or whatever else hands out streams of bytes, such as a simulation's
//! network. Chosen when it is compiled, so that a door over TCP costs nothing for it.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

/// Hands out connections.
pub trait Listen: Send + Sync + 'static {
    /// One connection.
    type Stream: Socket;

    /// The next connection, and who made it.
    fn accept(&self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;

    /// Where it listens.
    fn local_addr(&self) -> io::Result<SocketAddr>;
}

/// One connection.
pub trait Socket: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Small writes wait for nothing.
    fn set_nodelay(&self) -> io::Result<()>;

    /// Writes what fits without waiting.
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
}

impl Listen for TcpListener {
    type Stream = TcpStream;

    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        TcpListener::accept(self).await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        TcpListener::local_addr(self)
    }
}

impl Socket for TcpStream {
    fn set_nodelay(&self) -> io::Result<()> {
        TcpStream::set_nodelay(self, true)
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        TcpStream::try_write(self, bytes)
    }
}
