//! What runs beside the load: Redis, nginx, Postfix and the gateway, each on free ports, with its files
//! in a folder of the run, ended with it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::say;

/// A Redis server without disk.
pub struct Redis {
    /// Where it listens.
    pub port: u16,
    _child: Child,
}

impl Redis {
    /// On a free port.
    pub async fn start(folder: &Path) -> Redis {
        let port = free_port().await;
        let child = quiet("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .current_dir(folder)
            .spawn()
            .expect("redis-server is needed");
        until_listening(port, "redis-server").await;
        Redis { port, _child: child }
    }
}

/// nginx twice in one: a provider that says 202 at once, and a blind proxy in front of it.
pub struct Nginx {
    /// The provider.
    pub sink_port: u16,
    /// The blind proxy.
    pub proxy_port: u16,
    child: Child,
}

/// Killed at once, the master would leave its workers behind: it is asked to stop, also when the run
/// ends by a panic.
impl Drop for Nginx {
    fn drop(&mut self) {
        if let Some(id) = self.child.id() {
            let _ = std::process::Command::new("kill").args(["-TERM", &id.to_string()]).status();
            let give_up = std::time::Instant::now() + Duration::from_secs(5);
            while matches!(self.child.try_wait(), Ok(None)) && std::time::Instant::now() < give_up {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
    }
}

impl Nginx {
    /// On free ports; `None` when nginx is not installed.
    pub async fn start(folder: &Path) -> Option<Nginx> {
        let (sink_port, proxy_port) = (free_port().await, free_port().await);
        let text = format!(
            "daemon off; worker_processes auto; error_log stderr; pid {folder}/nginx.pid;\n\
             events {{ worker_connections 4096; }}\n\
             http {{ access_log off; keepalive_requests 100000000; client_max_body_size 30m;\n\
             client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;\n\
             uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; client_body_buffer_size 64k;\n\
             upstream provider {{ server 127.0.0.1:{sink_port}; keepalive 256; keepalive_requests 100000000; }}\n\
             server {{ listen 127.0.0.1:{sink_port}; location / {{ return 202; }} }}\n\
             server {{ listen 127.0.0.1:{proxy_port}; location /sendgrid/ {{\n\
             proxy_pass http://provider/; proxy_http_version 1.1; proxy_set_header Connection \"\"; }} }} }}\n",
            folder = folder.display()
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, text).unwrap();
        let child = quiet("nginx").arg("-c").arg(&file).arg("-p").arg(folder).spawn().ok()?;
        until_listening(proxy_port, "nginx").await;
        Some(Nginx { sink_port, proxy_port, child })
    }
}

/// Postfix as a relay to the sink, with a queue of its own.
pub struct Postfix {
    /// Where it listens.
    pub port: u16,
    config: PathBuf,
}

impl Postfix {
    /// On a free port; `None` when it is not installed or may not be started.
    pub async fn start(folder: &Path, sink_port: u16) -> Option<Postfix> {
        let installed = quiet("postconf").arg("mail_version").status().await.is_ok_and(|status| status.success());
        if !installed {
            say("Postfix is not installed: left out");
            return None;
        }
        let port = free_port().await;
        let (config, queue, data) = (folder.join("postfix"), folder.join("postfix-queue"), folder.join("postfix-data"));
        for dir in [&config, &queue, &data] {
            std::fs::create_dir_all(dir).unwrap();
        }
        let master = format!(
            "127.0.0.1:{port} inet n - n - - smtpd\npickup unix n - n 60 1 pickup\ncleanup unix n - n - 0 cleanup\n\
             qmgr unix n - n 300 1 qmgr\ntlsmgr unix - - n 1000? 1 tlsmgr\nrewrite unix - - n - - trivial-rewrite\n\
             bounce unix - - n - 0 bounce\ndefer unix - - n - 0 bounce\ntrace unix - - n - 0 bounce\n\
             verify unix - - n - 1 verify\nflush unix n - n 1000? 0 flush\nproxymap unix - - n - - proxymap\n\
             smtp unix - - n - - smtp\nrelay unix - - n - - smtp\nshowq unix n - n - - showq\nerror unix - - n - - error\n\
             retry unix - - n - - error\nanvil unix - - n - 1 anvil\nscache unix - - n - 1 scache\n\
             postlog unix-dgram n - n - 1 postlogd\n"
        );
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {}\ndata_directory = {}\nmyhostname = relay.example\n\
             mydestination =\nmynetworks = 127.0.0.0/8\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\n\
             relayhost = [127.0.0.1]:{sink_port}\nsmtp_tls_security_level = none\nsmtpd_tls_security_level = none\n\
             smtpd_relay_restrictions = permit_mynetworks, reject\nsmtpd_peername_lookup = no\nlocal_recipient_maps =\n\
             alias_maps =\ndefault_destination_concurrency_limit = 100\ndefault_process_limit = 100\n\
             smtp_connection_cache_destinations = [127.0.0.1]:{sink_port}\nmaillog_file = {}\nmaillog_file_prefixes = {}\n\
             mail_owner = postfix\nsetgid_group = postdrop\n",
            queue.display(),
            data.display(),
            folder.join("postfix.log").display(),
            folder.display(),
        );
        std::fs::write(config.join("master.cf"), master).unwrap();
        std::fs::write(config.join("main.cf"), main).unwrap();
        // Postfix serves only as root, and its processes as their own user must reach the queue.
        open_to_all(folder);
        let _ = quiet("chown").arg("postfix").arg(&data).status().await;
        let started = quiet("postfix").arg("-c").arg(&config).arg("start").output().await;
        let started = started.is_ok_and(|done| done.status.success());
        let listening = started && is_listening(port, Duration::from_secs(15)).await;
        let postfix = Postfix { port, config };
        if !listening {
            say("Postfix could not be started (it needs root): left out");
            return None;
        }
        Some(postfix)
    }
}

/// Its master is no child of ours: it is told to stop, also when the run ends by a panic.
impl Drop for Postfix {
    fn drop(&mut self) {
        let mut stop = std::process::Command::new("postfix");
        let _ = stop.arg("-c").arg(&self.config).arg("stop").stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// The gateway, with Redis and the shipped policies.
pub struct Gateway {
    /// The HTTP door.
    pub http_port: u16,
    /// The SMTP door.
    pub smtp_port: u16,
    child: Child,
}

impl Gateway {
    /// On free ports.
    pub async fn start(
        binary: &Path,
        folder: &Path,
        redis_port: u16,
        http_sink: Option<u16>,
        smtp_sink: u16,
    ) -> Gateway {
        std::fs::create_dir_all(folder).unwrap();
        let (http_port, smtp_port, admin_port) = (free_port().await, free_port().await, free_port().await);
        // Not in anybody's quiet hours: a zone where it is about noon.
        let east = 12 - i32::from(jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).hour());
        let zone = format!("Etc/GMT{:+}", -east);
        let http_route = http_sink.map_or(String::new(), |port| {
            format!("[[route]]\nname = \"api\"\nprovider = \"sendgrid\"\nupstream = \"http://127.0.0.1:{port}\"\n")
        });
        let policies = std::env::var_os("TACTGATE_BENCH_POLICIES")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), PathBuf::from);
        let text = format!(
            "[[listener]]\nprotocol = \"http\"\naddress = \"127.0.0.1:{http_port}\"\n\
             [[listener]]\nprotocol = \"smtp\"\naddress = \"127.0.0.1:{smtp_port}\"\n\
             [[listener]]\nprotocol = \"admin\"\naddress = \"127.0.0.1:{admin_port}\"\n\
             [[brand]]\nname = \"shop\"\nzone = \"{zone}\"\n{http_route}\
             [[route]]\nname = \"relay\"\nprovider = \"relay\"\nupstream = \"smtp://127.0.0.1:{smtp_sink}\"\n\
             [store]\nkind = \"redis\"\nurl = \"redis://127.0.0.1:{redis_port}\"\ndir = \"{data}\"\n\
             [policies]\ndir = \"{policies}\"\n",
            data = folder.join("data").display(),
            policies = policies.display(),
        );
        let file = folder.join("tactgate.toml");
        std::fs::write(&file, text).unwrap();
        let log = std::fs::File::create(folder.join("tactgate.log")).unwrap();
        let child = Command::new(binary)
            .arg("--config")
            .arg(&file)
            .arg("serve")
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}; use tests/bench/run", binary.display()));
        let up = is_listening(http_port, Duration::from_secs(20)).await;
        let up = up && is_listening(smtp_port, Duration::from_secs(5)).await;
        let log = std::fs::read_to_string(folder.join("tactgate.log")).unwrap_or_default();
        assert!(up, "the gateway does not listen:\n{log}");
        Gateway { http_port, smtp_port, child }
    }

    /// Memory it holds, where the system tells.
    pub fn resident_megabytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1024)
    }

    /// Asks it to stop, and waits a little.
    pub async fn stop(mut self) {
        if let Some(id) = self.child.id() {
            let _ = quiet("kill").args(["-TERM", &id.to_string()]).status().await;
        }
        let _ = timeout(Duration::from_secs(10), self.child.wait()).await;
    }
}

fn quiet(program: &str) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

async fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap().port()
}

async fn until_listening(port: u16, what: &str) {
    assert!(is_listening(port, Duration::from_secs(15)).await, "{what} does not listen on {port}");
}

async fn is_listening(port: u16, patience: Duration) -> bool {
    let give_up = Instant::now() + patience;
    while Instant::now() < give_up {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return true;
        }
        sleep(Duration::from_millis(20)).await;
    }
    false
}

fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let _ = std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755));
}
