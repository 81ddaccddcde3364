//! The gateway as an operator runs it: the built binary, a folder with `tactgate.toml`, `policies/` and
//! `data/`, ports given by the system, a log in a file; ended by its process id.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::http_sink::HttpSink;
use super::mail_sink::MailSink;

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The folder a gateway is started in.
pub struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    /// A folder with a copy of the shipped policies, and no settings yet.
    pub fn new() -> Home {
        let home = Home { dir: tempfile::tempdir().unwrap() };
        for (name, text) in crate::policies::shipped() {
            let path = home.path(&name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        home
    }

    /// A folder with this one policy file only.
    pub fn with_policy(text: &str) -> Home {
        let home = Home { dir: tempfile::tempdir().unwrap() };
        std::fs::create_dir(home.path("policies")).unwrap();
        home.write("policies/own.toml", text);
        home
    }

    /// A path in it.
    pub fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// Writes a file as an editor does: beside it, then renamed.
    pub fn write(&self, below: &str, text: &str) {
        let beside = self.path(&format!("{below}.part"));
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(beside, self.path(below)).unwrap();
    }

    /// Settings with three doors on free ports, one brand, and what is given beside them. It is noon there.
    pub fn settings(&self, more: &str) {
        self.settings_in(&noon_zone(), more);
    }

    /// The same with the brand in this time zone.
    pub fn settings_in(&self, zone: &str, more: &str) {
        let doors = r#"
            [[listener]]
            protocol = "smtp"
            address = "127.0.0.1:0"
            hostname = "gate.example"
            [[listener]]
            protocol = "http"
            address = "127.0.0.1:0"
            [[listener]]
            protocol = "admin"
            address = "127.0.0.1:0"
        "#;
        let brand = format!("[[brand]]\nname = \"shop\"\nzone = \"{zone}\"\n");
        self.write("tactgate.toml", &format!("{doors}\n{brand}\n{more}"));
    }

    /// Runs the binary in this folder to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command();
        let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // Read while it runs, or a full pipe would stop it.
        let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let read_out = std::thread::spawn(move || {
            let mut text = Vec::new();
            out.read_to_end(&mut text).unwrap();
            text
        });
        let read_err = std::thread::spawn(move || {
            let mut text = Vec::new();
            err.read_to_end(&mut text).unwrap();
            text
        });
        let until = Instant::now() + 2 * PATIENCE;
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if Instant::now() > until {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("tactgate {arguments:?} did not end");
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        Output { status, stdout: read_out.join().unwrap(), stderr: read_err.join().unwrap() }
    }

    /// What `tactgate explain` tells, in a language.
    pub fn explain(&self, id: &str, lang: &str) -> String {
        let told = self.run(&["explain", id, "--lang", lang]);
        assert!(told.status.success(), "{id}: {}", String::from_utf8_lossy(&told.stderr));
        String::from_utf8(told.stdout).unwrap()
    }

    /// What `tactgate explain --format json` tells.
    pub fn explain_json(&self, id: &str) -> serde_json::Value {
        let told = self.run(&["explain", id, "--format", "json"]);
        assert!(told.status.success(), "{id}: {}", String::from_utf8_lossy(&told.stderr));
        serde_json::from_slice(&told.stdout).unwrap()
    }

    /// What the gateway logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn command(&self) -> Command {
        self.command_under(&[])
    }

    /// The binary, run by another program: `&["strace", …]`.
    fn command_under(&self, before: &[&str]) -> Command {
        let mut words = before.iter().copied().chain([env!("CARGO_BIN_EXE_tactgate")]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words);
        command.current_dir(self.dir.path()).stdin(Stdio::null()).env_remove("TACTGATE_CONFIG").env("RUST_LOG", "info");
        command
    }
}

impl Drop for Home {
    /// A failed test shows what the gateway logged.
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the gateway's log:\n{}", self.log());
        }
    }
}

/// A zone in which it is between twelve and one now: the shipped quiet hours are far, whenever tests run.
pub fn noon_zone() -> String {
    let hour = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).hour();
    // The signs of these names are the other way round: Etc/GMT-8 is eight hours ahead.
    format!("Etc/GMT{:+}", hour - 12)
}

/// Settings of routes that lead to these sinks.
pub fn routes(mail: Option<&MailSink>, http: Option<&HttpSink>) -> String {
    let mut text = String::new();
    if let Some(mail) = mail {
        text += &format!(
            "[[route]]\nname = \"mail\"\nprovider = \"relay\"\nupstream = \"smtp://{}\"\ntls = \"off\"\n",
            mail.address
        );
    }
    if let Some(http) = http {
        for provider in ["sendgrid", "twilio"] {
            text += &format!(
                "[[route]]\nname = \"{provider}\"\nprovider = \"{provider}\"\nupstream = \"http://{}\"\n",
                http.address
            );
        }
    }
    text
}

/// A running gateway; killed when dropped.
pub struct Gate {
    child: Child,
    /// Where it takes mail.
    pub smtp: SocketAddr,
    /// Where it takes requests.
    pub http: SocketAddr,
    /// Where it shows itself.
    pub admin: SocketAddr,
}

impl Gate {
    /// Starts the binary and waits until it says where its doors are.
    pub fn start(home: &Home) -> Gate {
        Gate::start_logging(home, "info")
    }

    /// The same, with so much in its log.
    pub fn start_logging(home: &Home, level: &str) -> Gate {
        Gate::start_as(home, &[], level).unwrap_or_else(|| panic!("the gateway did not start:\n{}", home.log()))
    }

    /// Starts it under a program that becomes the gateway (`strace -D`, say); none when it ended before
    /// its doors were open.
    pub fn start_under(home: &Home, under: &[&str]) -> Option<Gate> {
        Gate::start_as(home, under, "info")
    }

    fn start_as(home: &Home, under: &[&str], level: &str) -> Option<Gate> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(home.path("log")).unwrap();
        let mut command = home.command_under(under);
        let mut child = command.env("RUST_LOG", level).arg("serve").stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut line = String::new();
            while said.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                let _ = tell.send(std::mem::take(&mut line));
            }
        });
        let (mut doors, until) = (Vec::<SocketAddr>::new(), Instant::now() + PATIENCE);
        while doors.len() < 3 {
            let Ok(line) = told.recv_timeout(until.saturating_duration_since(Instant::now())) else {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            };
            if let ["SMTP" | "HTTP" | "admin", address, ..] = line.split_whitespace().collect::<Vec<_>>()[..] {
                doors.push(address.parse().unwrap());
            }
        }
        Some(Gate { child, smtp: doors[0], http: doors[1], admin: doors[2] })
    }

    /// `kill -9`: nothing can be finished, flushed or said.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// True until it has ended.
    pub fn lives(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM, without waiting.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Any signal: `STOP` and `CONT` make it sleep and wake.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Waits for its end and gives its exit status.
    pub async fn ended(mut self) -> i32 {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < until, "the gateway did not stop");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again until it is so.
pub async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < until, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
