//! turmoil's network behind the gateway's two traits: doors listen on it, providers are dialled over it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tactgate::accept::socket::{Listen, Socket};
use tactgate::forward::dial::{Dial, Dialling, Pipe};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use turmoil::net::{TcpListener, TcpStream};

/// A door's listener.
pub struct Listener(pub TcpListener);

/// A client's connection.
pub struct Stream(TcpStream);

/// The way to the host of the providers; the port says which one.
#[derive(Debug)]
pub struct ToProviders;

impl Listen for Listener {
    type Stream = Stream;

    async fn accept(&self) -> io::Result<(Stream, SocketAddr)> {
        let (stream, peer) = self.0.accept().await?;
        Ok((Stream(stream), peer))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Socket for Stream {
    fn set_nodelay(&self) -> io::Result<()> {
        Ok(())
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }
}

impl Dial for ToProviders {
    fn dial<'a>(&'a self, _host: &'a str, port: u16) -> Dialling<'a> {
        Box::pin(async move { Ok(Box::new(TcpStream::connect(("providers", port)).await?) as Box<dyn Pipe>) })
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, read: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, read)
    }
}

impl AsyncWrite for Stream {
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
