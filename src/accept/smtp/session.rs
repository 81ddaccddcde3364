//! One SMTP session as a state machine without sockets or clocks: bytes in; replies and the next
//! [`Step`] out. The connection drives it.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::{Buf, BytesMut};

use super::auth::{self, Exchange};
use super::command::{self, Command, Refused};
use super::data::{self, DataLimits, DataReader, Progress};
use super::transaction::{Added, Transaction};
use super::{SmtpDoor, reply};
use crate::accept::{Login, Sender, Shed};
use crate::message::{MailEnvelope, MailRecipient, MailSubmission, Secret, SmtpReply};

/// Longest command line other than AUTH, in bytes: RFC 5321 says 512 and every extension adds.
const COMMAND_BYTES_MAX: usize = 2_048;
/// Bytes of a line that is too long which are thrown away before the session ends.
const OVERLONG_BYTES_MAX: usize = 128 * 1024;

/// What the connection does next.
#[derive(Debug)]
pub enum Step {
    /// Write the replies, then read more.
    Read,
    /// Check this login, then call [`Session::logged_in`].
    Login {
        /// Who.
        user: String,
        /// The secret.
        password: Secret,
    },
    /// A mail is announced: is there room for it? Then call [`Session::begun`].
    Begin,
    /// Carry this mail along the path, then call [`Session::mailed`].
    Mail(Box<MailSubmission>),
    /// Write the replies, shake hands, then call [`Session::secured`].
    StartTls,
    /// Write the replies and close.
    Close,
}

/// One session.
#[derive(Debug)]
pub struct Session {
    door: Arc<SmtpDoor>,
    peer: IpAddr,
    /// Replies not yet written: all answers to one batch of commands leave in one write (RFC 2920).
    pub replies: Vec<u8>,
    tls: bool,
    phase: Phase,
    hello: Option<String>,
    first_line: bool,
    login: Option<(String, Secret)>,
    pending_login: Option<(String, Secret)>,
    announced: Option<MailEnvelope>,
    transaction: Transaction,
    errors: usize,
    idle_commands: usize,
    login_failures: usize,
    mails_begun: u64,
    lines_read: u64,
}

#[derive(Debug)]
enum Phase {
    Command,
    Auth(Exchange),
    Data(DataReader),
    /// Throwing away a line that is too long; so many bytes until now.
    Overlong(usize),
    Closed,
}

impl Session {
    /// A session not yet greeted.
    pub fn new(door: Arc<SmtpDoor>, peer: IpAddr, tls: bool) -> Session {
        Session {
            door,
            peer,
            replies: Vec::new(),
            tls,
            phase: Phase::Command,
            hello: None,
            first_line: true,
            login: None,
            pending_login: None,
            announced: None,
            transaction: Transaction::default(),
            errors: 0,
            idle_commands: 0,
            login_failures: 0,
            mails_begun: 0,
            lines_read: 0,
        }
    }

    /// The greeting.
    pub fn greet(&mut self) {
        let line = format!("220 {} ESMTP Tactgate\r\n", self.door.host);
        self.replies.extend_from_slice(line.as_bytes());
    }

    /// The last words of the door's own: `421` or `554`, then close.
    pub fn close(&mut self, code: u16, enhanced: &str, text: &str) {
        self.say(&reply::own(code, enhanced, text));
        self.phase = Phase::Closed;
    }

    /// True between transactions: the moment a stopping gateway may say 421.
    pub fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Command) && !self.transaction.is_open()
    }

    /// While a mail's content is read: which mail of the session it is.
    pub fn in_data(&self) -> Option<u64> {
        matches!(self.phase, Phase::Data(_)).then_some(self.mails_begun)
    }

    /// How many whole lines were read: until there is another, the client is still at its command.
    pub fn lines_read(&self) -> u64 {
        self.lines_read
    }

    /// How many logins were refused: the connection slows down by it.
    pub fn login_failures(&self) -> usize {
        self.login_failures
    }

    /// Uses up `input` as far as it goes.
    pub fn step(&mut self, input: &mut BytesMut) -> Step {
        loop {
            match &mut self.phase {
                Phase::Closed => return Step::Close,
                Phase::Data(reader) => {
                    let (used, progress) = reader.ingest(input);
                    input.advance(used);
                    match progress {
                        Progress::More => return Step::Read,
                        Progress::Lost(refusal) => {
                            self.say(&refusal);
                            self.phase = Phase::Closed;
                        }
                        Progress::Refused(refusal) => self.mailed(&refusal),
                        Progress::Complete(body) => {
                            self.phase = Phase::Command;
                            if let Some(step) = self.complete(body) {
                                return step;
                            }
                        }
                    }
                }
                Phase::Overlong(bytes) => {
                    let end = memchr::memchr(b'\n', input);
                    let used = end.map_or(input.len(), |end| end + 1);
                    *bytes += used;
                    if *bytes > OVERLONG_BYTES_MAX {
                        self.close(421, "4.7.0", "the line is far too long");
                        return Step::Close;
                    }
                    input.advance(used);
                    if end.is_none() {
                        return Step::Read;
                    }
                    self.phase = Phase::Command;
                }
                Phase::Command | Phase::Auth(_) => {
                    let Some(line) = self.line(input) else {
                        if matches!(self.phase, Phase::Command | Phase::Auth(_)) {
                            return Step::Read;
                        }
                        continue;
                    };
                    if let Some(step) = self.obey(&line, input) {
                        return step;
                    }
                }
            }
        }
    }

    /// The answer to [`Step::Login`].
    pub fn logged_in(&mut self, answer: &Login) {
        let pending = self.pending_login.take();
        match answer {
            Login::Welcome(_) => {
                self.login = pending;
                self.say(&reply::own(235, "2.7.0", "welcome"));
            }
            Login::Refused => {
                self.login_failures += 1;
                self.say(&reply::own(535, "5.7.8", "the user name or password is not right"));
                if self.login_failures >= self.door.login_failures_max {
                    self.close(421, "4.7.0", "too many failed logins");
                }
            }
            Login::TryLater => self.say(&reply::own(454, "4.7.0", "the login cannot be checked now")),
        }
    }

    /// Whose mails the session's are, as far as it has said.
    pub fn sender(&self) -> Sender<'_> {
        Sender::Mail(self.login.as_ref().map(|(user, password)| (user.as_str(), password)))
    }

    /// The answer to [`Step::Begin`]: nothing, or why the mail is not taken now. The client has done
    /// nothing wrong, so this is no error of its own.
    pub fn begun(&mut self, turned_away: Option<Shed>) {
        let envelope = self.announced.take();
        match turned_away {
            None => {
                self.transaction = Transaction::begin(envelope.unwrap_or_default());
                self.say(&reply::own(250, "2.1.0", "OK"));
            }
            Some(shed) => self.turn_away(shed),
        }
    }

    /// The answer to [`Step::Mail`] when there is no room for it.
    pub fn turn_away(&mut self, shed: Shed) {
        let answer = shed.smtp();
        self.say(&answer);
        self.reset();
        if answer.code == 421 {
            self.phase = Phase::Closed;
        }
    }

    /// The answer to [`Step::Mail`].
    pub fn mailed(&mut self, answer: &SmtpReply) {
        // 3xx would leave the client waiting in a state this session is not in.
        if matches!(answer.code, 200..=299 | 400..=599) {
            self.say(answer);
        } else {
            self.say(&reply::own(451, "4.3.0", "the mail could not be handled now"));
        }
        self.reset();
        self.idle_commands = 0;
    }

    /// After the handshake of [`Step::StartTls`]. RFC 3207 §4.2: "the server MUST discard any
    /// knowledge obtained from the client" before it.
    pub fn secured(&mut self) {
        self.tls = true;
        self.hello = None;
        self.reset();
    }

    fn say(&mut self, answer: &SmtpReply) {
        reply::write(&mut self.replies, answer, self.transaction.is_utf8());
    }

    fn reset(&mut self) {
        self.phase = Phase::Command;
        self.transaction = Transaction::default();
    }

    /// The next line without its CRLF, if it is whole.
    fn line(&mut self, input: &mut BytesMut) -> Option<Vec<u8>> {
        if self.first_line && input.first().is_some_and(|b| !b.is_ascii_alphabetic()) {
            // A TLS ClientHello, or anything but a verb.
            self.close(421, "4.7.0", "this is a mail server");
            return None;
        }
        let authenticating = matches!(self.phase, Phase::Auth(_))
            || input.get(..5).is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH "));
        let max = if authenticating { auth::LINE_BYTES_MAX } else { COMMAND_BYTES_MAX };
        let end = memchr::memchr(b'\n', input);
        if end.unwrap_or(input.len()) > max {
            self.phase = Phase::Overlong(0);
            self.first_line = false;
            self.refuse(&reply::own(500, if authenticating { "5.5.6" } else { "5.5.2" }, "the line is too long"));
            return None;
        }
        let mut line = input.split_to(end? + 1);
        self.lines_read += 1;
        self.first_line = false;
        line.truncate(line.len() - 1);
        // RFC 5321 §2.3.8: "conforming implementations MUST NOT recognize or generate any other
        // character or character sequence as a line terminator".
        if line.last() != Some(&b'\r') || memchr::memchr2(b'\r', 0, &line[..line.len() - 1]).is_some() {
            self.close(500, "5.5.2", "a bare CR, LF or a NUL is not allowed in a command");
            return None;
        }
        line.truncate(line.len() - 1);
        Some(line.to_vec())
    }

    fn obey(&mut self, line: &[u8], rest: &BytesMut) -> Option<Step> {
        if let Phase::Auth(exchange) = &mut self.phase {
            let progress = match std::str::from_utf8(line) {
                Ok(text) => exchange.answer(text),
                Err(_) => auth::Progress::Refused(reply::own(501, "5.5.2", "the response is not valid")),
            };
            return self.authenticate(progress);
        }
        let command = match command::parse(line) {
            Ok(command) => command,
            Err(Refused::Say(answer)) => {
                self.refuse(&answer);
                return None;
            }
            Err(Refused::Close(answer)) => {
                self.say(&answer);
                self.phase = Phase::Closed;
                return None;
            }
        };
        // RFC 2920 §3.1: EHLO, DATA, STARTTLS and AUTH "can only appear as the last command in a group".
        // Whoever talks on does not listen to the answers: what follows may be a smuggled body.
        let waits = matches!(
            command,
            Command::Hello { .. } | Command::Data | Command::StartTls | Command::Auth { .. } | Command::Quit
        );
        if waits && !rest.is_empty() && !matches!(command, Command::Quit) {
            self.close(554, "5.5.0", "talking on before the answer is not allowed");
            return None;
        }
        let idles = matches!(
            command,
            Command::Noop | Command::Rset | Command::Vrfy | Command::Help | Command::Hello { .. } | Command::StartTls
        );
        if idles && self.is_dawdling() {
            return None;
        }
        match command {
            Command::Hello { name, extended } => self.hello(name, extended),
            Command::StartTls => return self.start_tls(),
            Command::Auth { mechanism, initial } => {
                if let Some(refusal) = self.no_auth() {
                    self.refuse(&refusal);
                    return None;
                }
                let (exchange, progress) = Exchange::begin(mechanism, initial.as_deref());
                self.phase = Phase::Auth(exchange);
                return self.authenticate(progress);
            }
            Command::Mail { envelope, size } => return self.mail(envelope, size),
            Command::Rcpt(recipient) => self.rcpt(recipient),
            Command::Data => {
                if let Some(refusal) = self.transaction.not_ready() {
                    self.refuse(&refusal);
                    return None;
                }
                self.replies.extend_from_slice(b"354 end with <CRLF>.<CRLF>\r\n");
                self.mails_begun += 1;
                self.phase = Phase::Data(DataReader::new(DataLimits {
                    message_bytes_max: self.door.message_bytes_max,
                    line_bytes_max: self.door.line_bytes_max,
                    bare: self.door.bare,
                }));
            }
            Command::Rset => {
                self.reset();
                self.say(&reply::own(250, "2.0.0", "OK"));
            }
            Command::Noop => self.say(&reply::own(250, "2.0.0", "OK")),
            Command::Vrfy => self.say(&reply::own(252, "2.5.2", "send some mail, it will be tried")),
            Command::Help => self.say(&reply::own(214, "2.0.0", "see RFC 5321")),
            Command::Quit => self.close(221, "2.0.0", "bye"),
        }
        None
    }

    fn hello(&mut self, name: String, extended: bool) {
        self.reset();
        self.hello = Some(name);
        if !extended {
            self.replies.extend_from_slice(format!("250 {}\r\n", self.door.host).as_bytes());
            return;
        }
        let size = format!("SIZE {}", self.door.message_bytes_max);
        let mut lines =
            vec![self.door.host.as_str(), "PIPELINING", &size, "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"];
        if self.door.tls.is_some() && !self.tls {
            lines.push("STARTTLS");
        }
        if self.may_login() {
            lines.push("AUTH PLAIN LOGIN");
        }
        lines.push("DSN");
        for (n, line) in lines.iter().enumerate() {
            let separator = if n + 1 == lines.len() { ' ' } else { '-' };
            self.replies.extend_from_slice(format!("250{separator}{line}\r\n").as_bytes());
        }
    }

    fn start_tls(&mut self) -> Option<Step> {
        let refusal = if self.tls {
            reply::own(503, "5.5.1", "TLS is on")
        } else if self.door.tls.is_none() {
            reply::own(502, "5.5.1", "STARTTLS is not offered")
        } else if self.hello.is_none() || self.transaction.is_open() || self.login.is_some() {
            reply::own(503, "5.5.1", "not now")
        } else {
            self.say(&reply::own(220, "2.0.0", "go ahead"));
            return Some(Step::StartTls);
        };
        self.refuse(&refusal);
        None
    }

    fn may_login(&self) -> bool {
        self.door.login && (self.tls || (self.door.clear_login_on_loopback && self.peer.is_loopback()))
    }

    fn no_auth(&self) -> Option<SmtpReply> {
        if !self.door.login {
            Some(reply::own(502, "5.5.1", "AUTH is not offered"))
        } else if !self.may_login() {
            Some(reply::own(538, "5.7.11", "AUTH needs TLS"))
        } else if self.hello.is_none() || self.transaction.is_open() || self.login.is_some() {
            Some(reply::own(503, "5.5.1", "not now"))
        } else {
            None
        }
    }

    fn authenticate(&mut self, progress: auth::Progress) -> Option<Step> {
        match progress {
            auth::Progress::Ask(challenge) => {
                self.replies.extend_from_slice(format!("334 {challenge}\r\n").as_bytes());
                None
            }
            auth::Progress::Refused(refusal) => {
                self.phase = Phase::Command;
                self.refuse(&refusal);
                None
            }
            auth::Progress::Credentials { user, password } => {
                self.phase = Phase::Command;
                self.pending_login = Some((user.clone(), password.clone()));
                Some(Step::Login { user, password })
            }
        }
    }

    fn mail(&mut self, envelope: MailEnvelope, size: usize) -> Option<Step> {
        let refusal = if self.hello.is_none() {
            reply::own(503, "5.5.1", "EHLO first")
        } else if self.transaction.is_open() {
            reply::own(503, "5.5.1", "a mail is open; RSET first")
        } else if self.login.is_none() && !self.is_trusted() {
            // Never an open relay: who is not listed must say who they are.
            match self.door.login {
                true => reply::own(530, "5.7.0", "authentication required"),
                false => reply::own(550, "5.7.1", "relaying denied"),
            }
        } else if size > self.door.message_bytes_max {
            let max = self.door.message_bytes_max;
            reply::own(552, "5.3.4", &format!("the message is larger than {max} bytes"))
        } else {
            self.announced = Some(envelope);
            return Some(Step::Begin);
        };
        self.refuse(&refusal);
        None
    }

    fn rcpt(&mut self, recipient: MailRecipient) {
        match self.transaction.add(recipient, self.door.recipients_max) {
            Added::Taken => self.say(&reply::own(250, "2.1.5", "OK")),
            Added::Again if self.is_dawdling() => {}
            Added::Again => self.say(&reply::own(250, "2.1.5", "OK")),
            // RFC 5321 §4.5.3.1.10 wants 452 answered on and on to a client that just has many.
            Added::Full(refusal) => self.say(&refusal),
            Added::Refused(refusal) => self.refuse(&refusal),
        }
    }

    /// Counts a command that brings no mail nearer; true when there were too many and the session ends.
    fn is_dawdling(&mut self) -> bool {
        self.idle_commands += 1;
        let ends = self.idle_commands > self.door.idle_commands_max;
        if ends {
            self.close(421, "4.7.0", "too many commands without a mail");
        }
        ends
    }

    fn is_trusted(&self) -> bool {
        self.door.networks.iter().any(|network| network.contains(&self.peer))
    }

    fn refuse(&mut self, refusal: &SmtpReply) {
        self.say(refusal);
        self.errors += 1;
        if self.errors > self.door.errors_max {
            self.close(421, "4.7.0", "too many errors");
        }
    }

    fn complete(&mut self, body: Vec<u8>) -> Option<Step> {
        if data::hops(&body) >= self.door.hops_max {
            self.mailed(&reply::own(554, "5.4.6", "too many hops, this mail is going in circles"));
            return None;
        }
        let (user, password) = self.login.clone().unzip();
        let (envelope, recipients) = self.transaction.take();
        Some(Step::Mail(Box::new(MailSubmission {
            helo: self.hello.clone().unwrap_or_default(),
            tls: self.tls,
            user,
            password,
            envelope,
            recipients,
            data: body.into(),
        })))
    }
}
