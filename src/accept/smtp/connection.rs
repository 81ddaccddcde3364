//! One connection: drives a [`Session`] with bytes, clocks and the rest of the gateway. Every read
//! and every write is bounded in time.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::SmtpDoor;
use super::reply;
use super::session::{Session, Step};
use crate::accept::http::room::{Held as Taken, Room};
use crate::accept::socket::Socket;
use crate::accept::{Client, Inside, Login, Place, Shed, Telling};
use crate::message::{MailSubmission, Secret, SmtpReply};

/// Bytes read at once.
const READ_BYTES: usize = 16 * 1024;
/// After the last reply the client may still be sending: what it sends is read and dropped for this
/// long, else the kernel's reset would take the reply away from it.
const LINGER_MS: u64 = 2_000;
/// The same while the gateway stops: who is idle then has nothing on its way.
const LINGER_STOPPING_MS: u64 = 200;
const LINGER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Longest TLS handshake.
const HANDSHAKE_MS: u64 = 30_000;

trait Pipe: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Pipe for T {}

/// What a connection has of the door.
pub(super) struct Seat {
    /// The room of all mails.
    pub room: Room,
    /// One of the last connections there is a place for: kept for must-send messages.
    pub is_spare: bool,
    /// Mails being carried, also those whose client has left.
    pub under_way: TaskTracker,
}

/// Serves one connection to its end. Errors are the client's going away.
pub(super) async fn run<I: Inside>(
    tcp: impl Socket,
    peer: IpAddr,
    door: Arc<SmtpDoor>,
    inside: Arc<I>,
    stop: CancellationToken,
    seat: Seat,
) -> io::Result<()> {
    tcp.set_nodelay()?;
    let mut pipe: Box<dyn Pipe> = Box::new(tcp);
    if door.tls_implicit {
        pipe = handshake(pipe, &door).await?;
    }
    let ends = Instant::now() + Duration::from_millis(door.session_ms);
    let mut connection = Connection {
        session: Session::new(Arc::clone(&door), peer, door.tls_implicit),
        input: BytesMut::with_capacity(READ_BYTES),
        pipe,
        door,
        ends,
        data_ends: None,
        command_ends: None,
        taken: seat.room.enter(),
        seat,
        telling: None,
    };
    if connection.talks_first().await? {
        connection.session.close(554, "5.5.0", "the server speaks first");
    } else {
        connection.session.greet();
    }
    connection.serve(peer, inside, stop).await
}

struct Connection {
    session: Session,
    input: BytesMut,
    pipe: Box<dyn Pipe>,
    door: Arc<SmtpDoor>,
    ends: Instant,
    data_ends: Option<(u64, Instant)>,
    /// By when the command after so many lines must be whole.
    command_ends: Option<(u64, Instant)>,
    /// What this connection's mail takes of the room of all.
    taken: Taken,
    seat: Seat,
    /// Of the mail whose reply is written next.
    telling: Option<Telling>,
}

impl Connection {
    async fn serve<I: Inside>(mut self, peer: IpAddr, inside: Arc<I>, stop: CancellationToken) -> io::Result<()> {
        loop {
            match self.session.step(&mut self.input) {
                Step::Read => {
                    self.flush().await?;
                    self.read(&*inside, &stop).await?;
                }
                Step::Login { user, password } => {
                    self.flush().await?;
                    let answer = checked(&inside, user, password, peer).await;
                    if answer == Login::Refused {
                        let times = 1 << self.session.login_failures().min(6);
                        tokio::time::sleep(Duration::from_millis(self.door.login_pause_ms.saturating_mul(times))).await;
                    }
                    self.session.logged_in(&answer);
                }
                Step::Begin => {
                    let turned_away = self.turns_away(&*inside);
                    self.session.begun(turned_away);
                }
                Step::Mail(mail) => match self.enter(&*inside) {
                    Ok(place) => match self.carried(&inside, peer, *mail, place).await {
                        Some(answer) => self.session.mailed(&answer),
                        None => {
                            self.session.close(451, "4.3.0", "the mail could not be handled now");
                        }
                    },
                    Err(shed) => self.session.turn_away(shed),
                },
                Step::StartTls => {
                    self.flush().await?;
                    let pipe = std::mem::replace(&mut self.pipe, Box::new(tokio::io::empty()));
                    self.pipe = handshake(pipe, &self.door).await?;
                    self.session.secured();
                }
                Step::Close => {
                    self.flush().await?;
                    let ms = if stop.is_cancelled() { LINGER_STOPPING_MS } else { LINGER_MS };
                    return self.linger(Duration::from_millis(ms)).await;
                }
            }
        }
    }

    /// Why the mail that is announced is not taken now.
    fn turns_away<I: Inside>(&self, inside: &I) -> Option<Shed> {
        let sender = self.session.sender();
        let crowded = || (self.seat.is_spare && !inside.is_must_send(sender)).then_some(Shed::Crowded);
        inside.turns_away(sender).or_else(crowded).inspect(|_| inside.turned_away(sender))
    }

    fn enter<I: Inside>(&self, inside: &I) -> Result<Place, Shed> {
        let sender = self.session.sender();
        inside.enter(sender).inspect_err(|_| inside.turned_away(sender))
    }

    /// True when the client talks before it was greeted (Postfix: "unauthorized pipelining").
    async fn talks_first(&mut self) -> io::Result<bool> {
        let pause = Duration::from_millis(self.door.greet_pause_ms);
        match timeout(pause, self.pipe.read_buf(&mut self.input)).await {
            Err(_) => Ok(false),
            Ok(Ok(0)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => read.map(|_| true),
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        if self.session.replies.is_empty() {
            return Ok(());
        }
        let replies = std::mem::take(&mut self.session.replies);
        timeout(Duration::from_millis(self.door.command_ms), async {
            self.pipe.write_all(&replies).await?;
            self.pipe.flush().await
        })
        .await??;
        if let Some(telling) = self.telling.take() {
            telling.told();
        }
        Ok(())
    }

    /// The mail goes on in its own task even when the client leaves: what was begun is finished and
    /// recorded. That it left is told inside, where nothing may have been begun yet.
    async fn carried<I: Inside>(
        &mut self,
        inside: &Arc<I>,
        peer: IpAddr,
        mail: MailSubmission,
        place: Place,
    ) -> Option<SmtpReply> {
        let (client, telling) = Client::waiting();
        self.telling = Some(telling);
        let inside = Arc::clone(inside);
        let mut task = self.seat.under_way.spawn(async move {
            let _place = place;
            inside.mail(peer, mail, client).await
        });
        let give_up = Instant::now() + Duration::from_millis(self.door.answer_ms);
        let answer = loop {
            // What it says meanwhile is read after the answer; beyond this much it is left in the socket.
            let listens = self.telling.is_some() && self.input.len() < READ_BYTES;
            self.input.reserve(READ_BYTES);
            tokio::select! {
                biased;
                read = self.pipe.read_buf(&mut self.input), if listens => {
                    if !matches!(read, Ok(bytes) if bytes > 0) {
                        self.telling = None;
                    }
                }
                answer = timeout_at(give_up, &mut task) => break answer,
            }
        };
        match answer {
            Ok(answer) => answer.map_err(|error| tracing::error!(%error, "a mail could not be handled")).ok(),
            Err(_) => {
                // A reply of the door's own tells nothing of what became of the mail.
                self.telling = None;
                Some(reply::own(451, "4.4.2", "no answer in time; the message may have been sent"))
            }
        }
    }

    /// Reads more, or says 421 when it takes too long or the gateway stops.
    async fn read<I: Inside>(&mut self, inside: &I, stop: &CancellationToken) -> io::Result<()> {
        let now = Instant::now();
        let until = match (self.session.in_data(), self.data_ends) {
            (None, _) => self.command_by(now),
            // One bound for the whole mail: a byte now and then does not keep it open.
            (Some(mail), Some((same, ends))) if mail == same => ends,
            (Some(mail), _) => {
                let ends = now + Duration::from_millis(self.door.data_ms);
                self.data_ends = Some((mail, ends));
                ends
            }
        };
        let idle = self.session.is_idle();
        self.input.reserve(READ_BYTES);
        let read = tokio::select! {
            biased;
            read = timeout_at(until.min(self.ends), self.pipe.read_buf(&mut self.input)) => read,
            () = stop.cancelled(), if idle => {
                self.session.close(421, "4.3.2", "the server is stopping");
                return Ok(());
            }
        };
        match read {
            Ok(Ok(0)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(Ok(bytes)) => {
                if self.session.in_data().is_none() {
                    self.taken = self.seat.room.enter();
                } else if !self.taken.grow(bytes, || inside.is_must_send(self.session.sender())) {
                    inside.turned_away(self.session.sender());
                    self.session.close(421, "4.3.2", "too much is being carried, try again");
                }
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(_) => {
                self.session.close(421, "4.4.2", "this takes too long");
                Ok(())
            }
        }
    }

    /// One bound for a whole command: a letter now and then does not keep a session open.
    fn command_by(&mut self, now: Instant) -> Instant {
        let line = self.session.lines_read();
        match self.command_ends {
            Some((same, ends)) if same == line && self.data_ends.is_none() => ends,
            _ => {
                let ends = now + Duration::from_millis(self.door.command_ms);
                (self.command_ends, self.data_ends) = (Some((line, ends)), None);
                ends
            }
        }
    }

    async fn linger(&mut self, within: Duration) -> io::Result<()> {
        let ends = Instant::now() + within;
        timeout_at(ends, self.pipe.shutdown()).await??;
        let mut dropped = 0;
        let mut buffer = vec![0; READ_BYTES];
        while dropped < LINGER_BYTES_MAX {
            match timeout_at(ends, self.pipe.read(&mut buffer)).await?? {
                0 => break,
                n => dropped += n,
            }
        }
        Ok(())
    }
}

async fn handshake(pipe: Box<dyn Pipe>, door: &SmtpDoor) -> io::Result<Box<dyn Pipe>> {
    let within = Duration::from_millis(door.command_ms.min(HANDSHAKE_MS));
    let config = door.tls.clone().ok_or(io::ErrorKind::Unsupported)?;
    let stream = timeout(within, TlsAcceptor::from(config).accept(pipe)).await??;
    Ok(Box::new(stream))
}

/// Asks in a task of its own: a panic in there costs this answer, not the process.
async fn checked<I: Inside>(inside: &Arc<I>, user: String, password: Secret, peer: IpAddr) -> Login {
    let inside = Arc::clone(inside);
    let task = tokio::spawn(async move { inside.login(&user, &password, peer).await });
    task.await.unwrap_or_else(|error| {
        tracing::error!(%error, "the check of a login failed");
        Login::TryLater
    })
}
