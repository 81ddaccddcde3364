//! A disk that fills up: what would be held is refused in the door's own words while there is still room
//! to finish what was taken; what passes goes on; readiness tells; room that comes back is used at once.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::child::{Gate, Home, routes, until};
use super::http_sink::HttpSink;
use super::mail_sink::MailSink;
use super::rules::one_in_seconds;
use super::tools::{get, mail, plain_mail, sms};

const MIB: u64 = 1 << 20;
const DISK: u64 = 32 * MIB;
const RESERVE: u64 = 8 * MIB;

/// A small disk of its own; needs root, or the right to mount.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mounted(at: &Path) -> Option<SmallDisk> {
        std::fs::create_dir(at).unwrap();
        let size = format!("size={DISK}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        mounted.is_ok_and(|told| told.status.success()).then(|| SmallDisk(at.to_owned()))
    }

    fn free(&self) -> u64 {
        let disk = rustix::fs::statvfs(&self.0).unwrap();
        disk.f_bavail * disk.f_frsize
    }

    /// Fills it until only so much is free.
    fn fill_up_to(&self, free: u64) {
        use std::io::Write as _;
        let mut filler = std::fs::File::options().create(true).append(true).open(self.0.join("filler")).unwrap();
        while self.free() > free {
            let part = (self.free() - free).min(MIB);
            if filler.write_all(&vec![0; part as usize]).is_err() {
                break;
            }
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_holds_lets_passes_through_and_needs_no_restart() {
    let (mails, texts) = (MailSink::start().await, HttpSink::start().await);
    let home = Home::with_policy(&one_in_seconds(6));
    let Some(disk) = SmallDisk::mounted(&home.path("data")) else {
        println!("SKIPPED: a disk of its own cannot be mounted here (needs root); full disks are not tried");
        return;
    };
    home.settings(&format!("{}[hold]\nfree_bytes_min = {RESERVE}\n", routes(Some(&mails), Some(&texts))));
    let gate = Gate::start(&home);
    let send = async |to: &str, subject: &str| {
        let raw = plain_mail(to, subject, "New coats are in.");
        mail(gate.smtp, "<news@shop.example>", &[&format!("<{to}>")], &raw).await
    };
    let offer = "【某某商城】秋装上新，全场8折，回T退订";
    let readiness = async || get(gate.admin, "/readyz").await;
    assert!(send("ann@example.com", "first").await.starts_with("250 2.0.0 queued"));
    assert!(send("ann@example.com", "held early").await.starts_with("250 2.0.0 accepted, held"));
    assert_eq!(readiness().await.status, 200);

    disk.fill_up_to(RESERVE - 2 * MIB);
    assert!(send("bob@example.com", "passes").await.starts_with("250 2.0.0 queued"), "what passes goes on");
    let refused = send("bob@example.com", "refused").await;
    assert!(refused.starts_with("451 "), "{refused}");
    assert_eq!(sms(gate.http, "+8613800138060", offer, &[]).await.status, 201);
    let refused = sms(gate.http, "+8613800138060", offer, &[]).await;
    assert_eq!(refused.status, 503, "{refused:?}");
    let told = readiness().await;
    assert_eq!(told.status, 503);
    assert!(told.json()["hold"]["error"].as_str().unwrap().contains("nearly full"), "{told:?}");
    until("what was held before leaves all the same", async || (mails.mails().len() >= 3).then_some(())).await;

    disk.empty();
    assert_eq!(readiness().await.status, 200);
    let said = send("cao@example.cn", "third").await;
    assert!(said.starts_with("250 2.0.0 queued"), "{said}");
    assert!(send("cao@example.cn", "held again").await.starts_with("250 2.0.0 accepted, held"), "without a restart");

    // Not a byte left: whatever is answered is true.
    disk.fill_up_to(0);
    let mut answers = Vec::new();
    for number in 0..3 {
        answers.push((format!("last {number}"), send("dan@example.com", &format!("last {number}")).await));
    }
    disk.empty();
    until("the gateway is ready again", async || (readiness().await.status == 200).then_some(())).await;
    assert!(send("eve@example.com", "at last").await.starts_with("250 "));
    until("nothing waits", async || {
        let page = get(gate.admin, "/metrics").await.body;
        page.lines().any(|line| line == "tactgate_holds 0").then_some(())
    })
    .await;
    let count = |subject: &str| {
        let line = format!("Subject: {subject}\r\n");
        mails.mails().iter().filter(|one| String::from_utf8_lossy(&one.data).contains(&line)).count()
    };
    for subject in ["first", "held early", "passes", "third", "held again", "at last"] {
        assert_eq!(count(subject), 1, "{subject}");
    }
    assert_eq!(count("refused"), 0);
    for (subject, answer) in answers {
        let accepted = usize::from(answer.starts_with("250"));
        assert_eq!(count(&subject), accepted, "{subject}: {answer}");
    }
    assert_eq!(texts.requests().len(), 1);
}
