//! Each rule catches what it is for, and lets its honest twin through.

use super::{Listed, rules};

#[test]
fn a_folder_that_reaches_where_it_may_not() {
    let caught = |path, text| rules::uses(path, text).len();
    assert_eq!(caught("src/message/money.rs", "use crate::facts::Event;"), 1);
    assert_eq!(caught("src/decide/guards/x.rs", "use crate::{message::Money, store::Store, gateway};"), 2);
    assert_eq!(caught("src/store/redis.rs", "fn f() { crate::decide::decide() }"), 1);
    assert_eq!(caught("src/message/money.rs", "use crate::message::Channel; // not crate::facts"), 0);
    assert_eq!(caught("src/decide/mod.rs", "use crate::{message::{Money, Span}, facts};"), 0);
    assert_eq!(caught("src/gateway.rs", "use crate::store::Store;"), 0);
    assert_eq!(caught("src/message/x.rs", "#[cfg(test)]\nmod tests {\n use crate::facts::Event;\n}"), 0);
}

#[test]
fn a_pure_folder_that_looks_at_the_world() {
    let caught = |path, text| rules::purity(path, text).len();
    for impure in [
        "let t = jiff::Timestamp::now();",
        "let t = std::time::SystemTime::now();",
        "std::fs::read(p)",
        "use tokio::sync::Mutex;",
        "async fn f() {}",
        "x.await",
        "use std::net::TcpStream;",
        "rand::random()",
        "std::thread::sleep(d)",
    ] {
        assert!(caught("src/decide/guards/x.rs", impure) >= 1, "{impure}");
        assert_eq!(caught("src/gateway.rs", impure), 0, "{impure}");
    }
    for honest in
        ["let brand = operand;", "// reads no SystemTime", "\"std::fs\"", "use std::net::IpAddr;", "fn awaited() {}"]
    {
        assert_eq!(caught("src/decide/guards/x.rs", honest), 0, "{honest}");
    }
}

#[test]
fn a_file_that_is_not_in_its_list() {
    let listed = Listed {
        folder: "src/decide/guards",
        list: "src/decide/guards/mod.rs",
        begins: "\nguards! {",
        others: &["mod"],
    };
    let text = "mod x;\nguards! {\n    // the first\n    quiet_hours,\n    ghost,\n}\n";
    let paths = ["src/decide/guards/mod.rs", "src/decide/guards/quiet_hours.rs", "src/decide/guards/forgotten.rs"];
    let caught = rules::list(&listed, text, &paths);
    assert_eq!(caught.len(), 2, "{caught:?}");
    assert!(caught[0].contains("forgotten") && caught[1].contains("ghost"));
    assert_eq!(rules::list(&listed, "\nguards! { quiet_hours, }", &paths[..2]), [""; 0]);
    assert_eq!(rules::list(&listed, "nothing", &paths).len(), 1);
    let actions = Listed { folder: "src/a", list: "src/a/mod.rs", begins: "pub enum Action {", others: &["mod"] };
    let text =
        "pub enum Action {\n /// Doc, with a comma.\n AddOptOut { text: Texts, url: Option<String> },\n Remove {},\n}";
    assert_eq!(rules::list(&actions, text, &["src/a/add_opt_out.rs", "src/a/remove.rs"]), [""; 0]);
    assert_eq!(rules::list(&actions, text, &["src/a/add_opt_out.rs"]).len(), 1);
    let dialects =
        Listed { folder: "src/p", list: "src/p/mod.rs", begins: "DIALECTS: &[&dyn Dialect] = &[", others: &["mod"] };
    let text = "pub const DIALECTS: &[&dyn Dialect] = &[&a::A, &b::B];";
    assert_eq!(
        rules::list(&dialects, text, &["src/p/mod.rs", "src/p/a.rs", "src/p/b/mod.rs", "src/p/b/x.rs"]),
        [""; 0]
    );
}

#[test]
fn a_file_too_long_or_without_introduction() {
    assert_eq!(rules::length("src/x.rs", &"\n".repeat(601)).len(), 1);
    assert_eq!(rules::length("src/x.rs", &"\n".repeat(600)).len(), 0);
    assert_eq!(rules::introduced("src/x.rs", "use std::fmt;").len(), 1);
    assert_eq!(rules::introduced("src/x.rs", "//! What it is.\n").len(), 0);
}

#[test]
fn names_that_say_nothing() {
    let caught = |text| rules::names("src/x.rs", text).len();
    assert_eq!(rules::names("src/accept/http_util.rs", "").len(), 1);
    assert_eq!(rules::names("src/common/money.rs", "").len(), 1);
    for empty in ["struct HoldManager;", "fn event_handler() {}", "mod utils;", "const HELPER: u8 = 1;"] {
        assert_eq!(caught(empty), 1, "{empty}");
    }
    for honest in ["use tokio_util::sync::X;", "let commonly = 1;", "// a helper", "let h = ReportHandler::new();"] {
        assert_eq!(caught(honest), 0, "{honest}");
    }
}

#[test]
fn things_left_undone() {
    let caught = |text: &str| rules::undone("src/x.rs", text).len();
    for undone in ["fn f() { todo!() }", "unimplemented!(\"x\")", "dbg!(x);", "// FIXME later", "// TODO: more"] {
        assert_eq!(caught(undone), 1, "{undone}");
    }
    for honest in ["// FIXME(#12): upstream", "\"todo!\"", "let fixme = 1;"] {
        assert_eq!(caught(honest), 0, "{honest}");
    }
}

#[test]
fn words_and_traces() {
    assert_eq!(rules::words("docs/x.md", "a Blacklist").len(), 1);
    assert_eq!(rules::words("docs/x.md", "a list of blocked").len(), 0);
    assert_eq!(rules::traces("src/x.rs", "\"/home/ann/tactgate\"").len(), 1);
    assert_eq!(rules::traces("tests/run", "pip install --index-url https://mirror").len(), 1);
    assert_eq!(rules::traces("Cargo.lock", "source = \"registry+https://mirror.example/index\"").len(), 1);
    assert_eq!(rules::traces("src/x.rs", "https://shop.example/home/page and target/work/x and $HOME/x").len(), 0);
}

#[test]
fn the_top_level_and_the_changelog() {
    assert_eq!(rules::top("scripts").len(), 1);
    assert_eq!(rules::top("src").len() + rules::top(".ci").len(), 0);
    assert_eq!(rules::changelog("## [0.1.0] - 2026-11-22\n", "0.1.0").len(), 0);
    assert_eq!(rules::changelog("## [0.1.0]\n", "0.2.0").len(), 1);
}

#[test]
fn code_without_comments_and_strings() {
    let text = "a /* b\n */ \"c \\\" d\" r#\"e \" f\"# 'g' '\\'' &'h b\"i\" // j\nk";
    let code = super::code::code(text);
    let left: Vec<&str> = code.split_whitespace().collect();
    assert_eq!(left, ["a", "&'h", "k"]);
    assert_eq!(code.lines().count(), text.lines().count());
}
