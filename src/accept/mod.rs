//! Sockets in. A door takes a whole submission, hands it [`Inside`], and writes the reply; it knows
//! protocols, not policies. Listeners are passed in, so that a simulation can drive them.

pub mod admin;
pub mod admission;
pub mod client;
pub mod http;
pub mod socket;

use std::future::Future;
use std::net::IpAddr;

pub use self::admission::{Admission, Place, Sender, Shed};
pub use client::{Client, Telling};

use crate::message::{HttpReply, HttpRequest, MailSubmission, Secret, SmtpReply, Stream};

pub mod smtp;

/// What a door needs of the rest of the gateway.
pub trait Inside: Send + Sync + 'static {
    /// Checks an SMTP login. For a route with `credentials = "pass"` the provider is asked.
    fn login(&self, user: &str, password: &Secret, peer: IpAddr) -> impl Future<Output = Login> + Send;

    /// Carries a mail along the path. One reply covers all its recipients.
    fn mail(&self, peer: IpAddr, mail: MailSubmission, client: Client) -> impl Future<Output = SmtpReply> + Send;

    /// Carries a request along the path. `dialect` is its first path segment (`sendgrid`), already
    /// taken off `request.path`; a segment the gateway does not know is answered by it, too.
    fn request(
        &self,
        peer: IpAddr,
        dialect: &str,
        request: HttpRequest,
        client: Client,
    ) -> impl Future<Output = HttpReply> + Send;

    /// Why a submission of this sender would be turned away now: asked before its body is read.
    fn turns_away(&self, _: Sender<'_>) -> Option<Shed> {
        None
    }

    /// A place for a submission that has come whole; it is held until the submission is answered.
    fn enter(&self, _: Sender<'_>) -> Result<Place, Shed> {
        Ok(Place::unbounded())
    }

    /// True when this sender's messages may use what is kept for must-send ones.
    fn is_must_send(&self, _: Sender<'_>) -> bool {
        false
    }

    /// Told of everyone who was turned away.
    fn turned_away(&self, _: Sender<'_>) {}
}

/// What became of an SMTP login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// Known; the stream its mail belongs to.
    Welcome(Box<Stream>),
    /// Refused: the same words for an unknown user and a wrong password.
    Refused,
    /// Cannot be checked now.
    TryLater,
}
