//! Real servers in company: a master with replicas and sentinels, or a cluster of three masters and three
//! replicas. Shared ones are started once and end with the test process, however it ends.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use crate::redis::{answers, free_port};

/// A server process that cannot outlive this one: a shell waits for the end of its input, which comes with
/// the value or with the test process, and then ends the server and takes its files away.
pub struct Tied {
    shell: Child,
    server: u32,
    dir: PathBuf,
    program: Vec<String>,
}

/// Sentinels and what they watch.
pub struct Sentinels {
    servers: Vec<Tied>,
    _sentinels: Vec<Tied>,
    /// Ports of the sentinels.
    pub ports: Vec<u16>,
    data: Vec<u16>,
}

/// Six servers of one cluster.
pub struct Cluster {
    servers: Vec<(u16, Tied)>,
    revived: Mutex<Vec<Tied>>,
}

const TIED: &str = r#"
trap '' TERM INT HUP
dir=$1; shift; cd "$dir"
"$@" </dev/null >log 2>&1 &
server=$!
echo $server
cat >/dev/null
kill -9 $server; wait; cd /; rm -rf "$dir"
"#;

impl Tied {
    fn start(dir: &Path, program: &[&str]) -> Tied {
        let mut shell = Command::new("sh")
            .args(["-c", TIED, "sh"])
            .arg(dir)
            .args(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let program = program.iter().map(|word| (*word).to_owned()).collect();
        Tied { shell, server: line.trim().parse().unwrap(), dir: dir.to_owned(), program }
    }

    /// Starts the same server again, with the files it left.
    fn again(&self) -> Tied {
        let program: Vec<&str> = self.program.iter().map(String::as_str).collect();
        Tied::start(&self.dir, &program)
    }

    /// Sends the server a signal.
    pub fn signal(&self, name: &str) {
        Command::new("kill").args([name, &self.server.to_string()]).status().unwrap();
    }
}

impl Drop for Tied {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let _ = self.shell.wait();
    }
}

impl Sentinels {
    /// One for all tests that do not break it.
    pub fn shared() -> &'static Sentinels {
        static SHARED: OnceLock<Sentinels> = OnceLock::new();
        SHARED.get_or_init(|| Sentinels::start(1, 1))
    }

    /// A master with replicas, and sentinels over it; a majority of them decides.
    pub fn start(replicas: usize, sentinels: usize) -> Sentinels {
        let (master, first) = server(&[]);
        let (mut data, mut servers) = (vec![master], vec![first]);
        for _ in 0..replicas {
            let (port, tied) = server(&["--replicaof", "127.0.0.1", &master.to_string()]);
            data.push(port);
            servers.push(tied);
        }
        until("the replicas follow", || {
            said(master, &["info", "replication"]).matches("state=online").count() == replicas
        });
        let quorum = sentinels / 2 + 1;
        let (mut ports, mut watching) = (Vec::new(), Vec::new());
        for _ in 0..sentinels {
            let (port, dir) = (free_port(), directory());
            let config = format!(
                "port {port}\nbind 127.0.0.1\nsentinel monitor brand 127.0.0.1 {master} {quorum}\n\
                 sentinel down-after-milliseconds brand 1000\nsentinel failover-timeout brand 4000\n"
            );
            std::fs::write(dir.join("sentinel.conf"), config).unwrap();
            watching.push(Tied::start(&dir, &["redis-sentinel", "sentinel.conf"]));
            ports.push(port);
        }
        for port in &ports {
            until("the sentinels know each other and the replicas", || {
                let told = said(*port, &["sentinel", "master", "brand"]);
                let words: Vec<&str> = told.lines().collect();
                let is = |name: &str, value: usize| {
                    words.windows(2).any(|pair| pair[0] == name && pair[1] == value.to_string())
                };
                is("num-slaves", replicas) && is("num-other-sentinels", sentinels - 1)
            });
        }
        Sentinels { servers, _sentinels: watching, ports, data }
    }

    /// Ends the master as a power cut would.
    pub fn kill_master(&self) {
        let told = said(self.ports[0], &["sentinel", "get-master-addr-by-name", "brand"]);
        let port: u16 = told.lines().nth(1).unwrap().parse().unwrap();
        let at = self.data.iter().position(|known| *known == port).unwrap();
        self.servers[at].signal("-KILL");
    }
}

impl Cluster {
    /// One for all tests that do not break it.
    pub fn shared() -> &'static Cluster {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Cluster::start(15_000))
    }

    /// Three masters with a replica each.
    pub fn start(node_timeout_ms: u32) -> Cluster {
        let patience = node_timeout_ms.to_string();
        let start = || {
            let bus = free_port().to_string();
            server(&["--cluster-enabled", "yes", "--cluster-port", &bus, "--cluster-node-timeout", &patience])
        };
        let servers: Vec<(u16, Tied)> = (0..6).map(|_| start()).collect();
        let places: Vec<String> = servers.iter().map(|(port, _)| format!("127.0.0.1:{port}")).collect();
        let made = Command::new("redis-cli")
            .args(["--cluster", "create"])
            .args(&places)
            .args(["--cluster-replicas", "1", "--cluster-yes"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        for (port, _) in &servers {
            until("every server sees the whole cluster", || {
                let nodes = said(*port, &["cluster", "nodes"]);
                said(*port, &["cluster", "info"]).contains("cluster_state:ok")
                    && nodes.matches("slave").count() == 3
                    && nodes.lines().filter(|line| !line.contains("slave")).all(|line| line.split(' ').count() > 8)
            });
        }
        for (port, _) in &servers {
            until("the replicas follow", || {
                let told = said(*port, &["info", "replication"]);
                told.contains("master_link_status:up") || told.contains("state=online")
            });
        }
        Cluster { servers, revived: Mutex::default() }
    }

    /// Where two of them are.
    pub fn places(&self) -> Vec<String> {
        self.servers.iter().take(2).map(|(port, _)| format!("127.0.0.1:{port}")).collect()
    }

    /// The masters: (port, node id), in the order of their slots.
    pub fn masters(&self) -> Vec<(u16, String)> {
        let alive = self.servers.iter().map(|(port, _)| *port).find(|port| answers(*port)).unwrap();
        let told = said(alive, &["cluster", "nodes"]);
        let mut masters: Vec<(u16, u16, String)> = told
            .lines()
            .filter(|line| line.contains("master") && !line.contains("fail"))
            .filter_map(|line| {
                let words: Vec<&str> = line.split(' ').collect();
                let port = words[1].split(['@', ':']).nth(1)?.parse().ok()?;
                let first = words.get(8)?.split('-').next()?.parse().ok()?;
                Some((first, port, words[0].to_owned()))
            })
            .collect();
        masters.sort();
        masters.into_iter().map(|(_, port, id)| (port, id)).collect()
    }

    /// Ends the server at a port as a power cut would.
    pub fn kill(&self, port: u16) {
        self.server(port).signal("-KILL");
    }

    /// Starts it again; it finds out by itself that it has become a replica.
    pub fn revive(&self, port: u16) {
        self.revived.lock().unwrap().push(self.server(port).again());
    }

    fn server(&self, port: u16) -> &Tied {
        &self.servers.iter().find(|(known, _)| *known == port).unwrap().1
    }
}

/// What a server answers to a command.
pub fn said(port: u16, command: &[&str]) -> String {
    let asked = Command::new("redis-cli").args(["-p", &port.to_string()]).args(command).output().unwrap();
    String::from_utf8_lossy(&asked.stdout).into_owned()
}

/// Waits for something that must come.
pub fn until(what: &str, mut come: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !come() {
        assert!(Instant::now() < end, "{what}: it did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn server(more: &[&str]) -> (u16, Tied) {
    for _ in 0..10 {
        let (port, dir) = (free_port(), directory());
        let at = port.to_string();
        let mut program =
            vec!["redis-server", "--port", &at, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"];
        // What a replica must not do in a test: begin a transfer five seconds later.
        program.extend(["--repl-diskless-sync-delay", "0"]);
        program.extend(more);
        let tied = Tied::start(&dir, &program);
        let end = Instant::now() + Duration::from_secs(5);
        while Instant::now() < end {
            if answers(port) {
                return (port, tied);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    panic!("redis-server did not start; is it installed?");
}

fn directory() -> PathBuf {
    tempfile::Builder::new().prefix("tactgate-redis-").tempdir().unwrap().keep()
}
