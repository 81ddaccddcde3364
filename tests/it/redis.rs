//! A real redis-server on a free port, with a directory of its own, ended by its process id.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server; ends with the value.
pub struct RedisServer {
    child: Option<Child>,
    port: u16,
    dir: tempfile::TempDir,
    more: Vec<String>,
    tls: bool,
    program: &'static str,
    /// A library that it is to load first.
    preload: Option<std::path::PathBuf>,
}

/// The clock that Redis reads, off by as many seconds as the file `clock-off` says. (The tools that shift a
/// program's time do not get along with the allocator of most Redis packages.)
#[cfg(target_os = "linux")]
const WRONG_CLOCK: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    char off[24] = {0};
    int file = open("clock-off", O_RDONLY);
    if (file >= 0) {
        if (read(file, off, sizeof off - 1) < 0) off[0] = 0;
        close(file);
    }
    int answer = syscall(SYS_gettimeofday, at, zone);
    at->tv_sec += atol(off);
    return answer;
}
"#;

impl RedisServer {
    /// Starts one.
    pub fn start() -> RedisServer {
        RedisServer::start_with(&[])
    }

    /// Starts one with more options: `&["--maxmemory-policy", "allkeys-lru"]`.
    pub fn start_with(more: &[&str]) -> RedisServer {
        let mut server = RedisServer::unbegun("redis-server", tempfile::tempdir().unwrap());
        server.more = more.iter().map(|text| (*text).to_owned()).collect();
        server.begun()
    }

    /// Starts one whose clock can be set wrong.
    #[cfg(target_os = "linux")]
    pub fn start_with_own_clock() -> RedisServer {
        let dir = tempfile::tempdir().unwrap();
        let (code, library) = (dir.path().join("clock.c"), dir.path().join("clock.so"));
        std::fs::write(&code, WRONG_CLOCK).unwrap();
        let made = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&code).status().unwrap();
        assert!(made.success(), "cc compiles the clock");
        let mut server = RedisServer::unbegun("redis-server", dir);
        server.preload = Some(library);
        server.begun()
    }

    /// Sets its clock so far ahead of the machine's.
    #[cfg(target_os = "linux")]
    pub fn set_clock_ahead(&self, seconds: i64) {
        let beside = self.dir.path().join("clock-off.new");
        std::fs::write(&beside, seconds.to_string()).unwrap();
        std::fs::rename(beside, self.dir.path().join("clock-off")).unwrap();
    }

    /// Starts a Valkey, where there is one.
    pub fn start_valkey() -> Option<RedisServer> {
        if Command::new("valkey-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            eprintln!("skipped: there is no valkey-server on PATH");
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        Some(RedisServer::unbegun("valkey-server", dir).begun())
    }

    /// Starts one that speaks TLS only; its authority's certificate stands in `ca()`.
    pub fn start_tls() -> RedisServer {
        let dir = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(dir.path().join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(dir.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let mut server = RedisServer::unbegun("redis-server", dir);
        server.tls = true;
        server.begun()
    }

    /// The certificate to trust.
    pub fn ca(&self) -> std::path::PathBuf {
        self.dir.path().join("cert.pem")
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        if self.tls {
            return format!("rediss://localhost:{}/", self.port);
        }
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory with its files.
    pub fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    /// Sends its process a signal.
    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.pid().to_string()]).status().unwrap().success());
    }

    /// Starts it again with more options, and does not wait until it answers.
    pub fn begin_unanswered(&mut self, more: &[&str]) {
        self.more.extend(more.iter().map(|text| (*text).to_owned()));
        self.child = Some(self.command().spawn().expect("redis-server is installed"));
    }

    /// Every byte it has written.
    pub fn bytes_written(&self) -> Vec<u8> {
        let mut folders = vec![self.dir.path().to_owned()];
        let mut bytes = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    bytes.extend(std::fs::read(path).unwrap());
                }
            }
        }
        bytes
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Ends it as a power cut would; what it appended to its file stays.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it again on the same port and directory, and waits until it answers.
    pub fn begin(&mut self) {
        assert!(self.try_begin(), "redis-server did not start on port {}", self.port);
    }

    fn unbegun(program: &'static str, dir: tempfile::TempDir) -> RedisServer {
        RedisServer { child: None, port: free_port(), dir, more: Vec::new(), tls: false, program, preload: None }
    }

    /// A free port may be taken by somebody else before the server takes it: then another is tried.
    fn begun(mut self) -> RedisServer {
        for _ in 0..10 {
            if self.try_begin() {
                return self;
            }
            self.port = free_port();
        }
        panic!("redis-server did not start; is it installed?");
    }

    fn command(&self) -> Command {
        let port = self.port.to_string();
        let mut command = Command::new(self.program);
        if self.tls {
            command.args(["--port", "0", "--tls-port", &port, "--tls-auth-clients", "no"]);
            command.args([
                "--tls-cert-file",
                "cert.pem",
                "--tls-key-file",
                "key.pem",
                "--tls-ca-cert-file",
                "cert.pem",
            ]);
        } else {
            command.args(["--port", &port]);
        }
        command.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "always"]);
        if let Some(library) = &self.preload {
            command.env("LD_PRELOAD", library);
        }
        command.args(&self.more).current_dir(self.dir.path()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn try_begin(&mut self) -> bool {
        self.child = Some(self.command().spawn().expect("redis-server is installed"));
        let until = Instant::now() + Duration::from_secs(20);
        while Instant::now() < until {
            let up = if self.tls { listens(self.port) } else { answers(self.port) };
            let ended = self.child.as_mut().is_none_or(|child| child.try_wait().is_ok_and(|status| status.is_some()));
            if ended || up {
                return up && !ended;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.stop();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// True when it says PONG, which it does not while it loads its file.
pub fn answers(port: u16) -> bool {
    use std::io::{Read, Write};
    let Ok(mut socket) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut said = [0; 7];
    socket.set_read_timeout(Some(Duration::from_secs(1))).is_ok()
        && socket.write_all(b"PING\r\n").is_ok()
        && socket.read_exact(&mut said).is_ok()
        && said == *b"+PONG\r\n"
}
