//! DKIM: an unchanged mail keeps its signature byte for byte; a changed one loses what no longer holds and is
//! signed again, as a verifier that is not ours finds (dkimpy).

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use tactgate::config::DkimKey;
use tactgate::providers::mime::{self, Signer};

use super::child::{Gate, Home, routes};
use super::mail_sink::MailSink;
use super::tools::{mail, sdk_python, tell};

const RULES: &str = r#"
[[below_price_paid]]
id       = "mend"
then     = [{ remove_offer = {} }, { add_list_unsubscribe = { url = "https://s.example/u?{recipient}" } }]
title.en = "Offer below the price paid"
"#;

/// Which signatures hold, by selector: the public key of both selectors stands in the arguments.
const VERIFIER: &str = r#"
import base64, dkim, sys
data, key = base64.b64decode(sys.argv[1]), sys.argv[2].encode()
record = lambda name, timeout=5: b"v=DKIM1; k=rsa; p=" + key
message = dkim.DKIM(data)
count = sum(1 for name, _ in message.headers if name.lower() == b"dkim-signature")
def holds(i):
    try:
        return dkim.DKIM(data).verify(idx=i, dnsfunc=record)
    except dkim.ValidationError:
        return False
held = [holds(i) for i in range(count)]
selectors = [line.split(b"s=")[1].split(b";")[0].decode() for line in data.split(b"\r\n") if b"; s=" in line]
print(count, held, selectors)
"#;

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_mail_is_signed_again_and_an_unchanged_one_keeps_its_own() {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let private = pem(AsDer::<Pkcs8V1Der<'_>>::as_der(&key).unwrap().as_ref());
    let public = STANDARD.encode(AsDer::<PublicKeyX509Der<'_>>::as_der(key.public_key()).unwrap().as_ref());
    let mails = MailSink::start().await;
    let home = Home::with_policy(RULES);
    home.write("dkim.pem", &private);
    let file = home.path("dkim.pem");
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let dkim = format!("[[dkim]]\ndomain = \"shop.example\"\nselector = \"gate\"\nkey_file = \"{}\"\n", file.display());
    home.settings(&format!("{}trace = false\n{dkim}", routes(Some(&mails), None)));
    let gate = Gate::start(&home);
    let bought = r#"{"type":"purchase","customer":"king@example.com","product":"BT-200","price":"59.99 USD"}"#;
    tell(gate.http, "king", bought).await;

    let head = "From: Shop <news@mail.shop.example>\r\nTo: king@example.com\r\nSubject:  Your   points\r\n\
                Date: Fri, 20 Nov 2026 10:00:00 +0800\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
                Content-Transfer-Encoding: 8bit\r\n\r\n";
    let points =
        "Your points of last month have arrived – see them in your account.\r\n\r\nBring them to any store.\r\n";
    let before = DkimKey::from_pem("shop.example", "tool", private.as_bytes()).unwrap();
    let by_tool = |text: &str| {
        let raw = format!("{head}{text}");
        let signer = Signer { domain: "shop.example", selector: "tool", algorithm: before.algorithm() };
        let now = Timestamp::from_second(1_795_140_000).unwrap();
        let field = mime::signature(raw.as_bytes(), signer, now, |bytes| before.sign(bytes)).unwrap();
        format!("{field}{raw}").into_bytes()
    };

    let honest = by_tool(points);
    let said = mail(gate.smtp, "<news@shop.example>", &["<king@example.com>"], &honest).await;
    assert!(said.starts_with("250"), "{said}");
    assert!(mails.wait_for(1).await[0].data == honest, "byte for byte");

    let harm = by_tool(&format!("{points}\r\nThe BT-200 car player is now only $39.99!\r\n"));
    let said = mail(gate.smtp, "<news@shop.example>", &["<king@example.com>"], &harm).await;
    assert!(said.starts_with("250"), "{said}");
    let sent = mails.wait_for(2).await.remove(1).data;
    let text = String::from_utf8(sent.clone()).unwrap();
    assert!(text.trim_end().ends_with(points.trim_end()) && text.contains("Subject:  Your   points\r\n"), "{text}");
    assert!(text.contains("\r\nList-Unsubscribe: <https://s.example/u?king%40example.com>\r\n"), "{text}");
    let covered = text.split("bh=").next().unwrap().replace(['\r', '\n', '\t', ' '], "");
    assert!(covered.contains(":list-unsubscribe:list-unsubscribe-post"), "{covered}");

    for (data, told) in [(&honest, "1 [True] ['tool']"), (&sent, "1 [True] ['gate']")] {
        let Some(printed) = sdk_python(VERIFIER, &[&STANDARD.encode(data), &public]).await else { return };
        assert_eq!(printed.trim(), told);
    }
    // The verifier would tell: one letter more, and nothing holds.
    let mut forged = sent.clone();
    forged.extend_from_slice(b"P.S.\r\n");
    let printed = sdk_python(VERIFIER, &[&STANDARD.encode(&forged), &public]).await.unwrap();
    assert_eq!(printed.trim(), "1 [False] ['gate']");
}
