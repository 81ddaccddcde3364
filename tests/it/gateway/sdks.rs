//! The providers' own Python SDKs, with nothing changed but the base URL: what may go arrives with its
//! credentials and every byte of its body; what may not is refused as the provider itself would.

use super::child::{Gate, Home, routes};
use super::http_sink::HttpSink;
use super::tools::{sdk_python, tell};

const SENDGRID: &str = r#"
import json, sys
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Mail
from python_http_client.exceptions import HTTPError
url, to, subject, text = sys.argv[1:]
client = SendGridAPIClient("SG.brand-key", host=url)
mail = Mail(from_email="news@shop.example", to_emails=to, subject=subject, plain_text_content=text)
try:
    answer = client.send(mail)
    print(json.dumps({"status": answer.status_code, "id": answer.headers["X-Message-Id"],
        "decision": answer.headers["Tactgate-Decision"], "sent": json.dumps(mail.get())}))
except HTTPError as refused:
    print(json.dumps({"error": type(refused).__name__, "status": refused.status_code, "body": refused.to_dict}))
"#;

const TWILIO: &str = r#"
import json, sys
from twilio.rest import Client
from twilio.base.exceptions import TwilioRestException
url, to, text = sys.argv[1:]
client = Client("AC00000000000000000000000000000001", "brand-token")
client.api.base_url = url
try:
    message = client.messages.create(to=to, from_="+15005550006", body=text)
    print(json.dumps({"sid": message.sid, "status": message.status}))
except TwilioRestException as refused:
    print(json.dumps({"code": refused.code, "status": refused.status, "message": refused.msg}))
"#;

async fn ran(program: &str, arguments: &[&str]) -> Option<serde_json::Value> {
    let printed = sdk_python(program, arguments).await?;
    Some(serde_json::from_str(&printed).unwrap_or_else(|e| panic!("{e}: {printed}")))
}

async fn started() -> (HttpSink, Home, Gate) {
    let sink = HttpSink::start().await;
    let home = Home::new();
    home.settings(&routes(None, Some(&sink)));
    let gate = Gate::start(&home);
    let buyers =
        [("buyer@example.cn", "+8613800138000", "399 CNY"), ("buyer@example.com", "+14155550100", "59.99 USD")];
    for (mailbox, phone, price) in buyers {
        let event = format!(
            r#"{{"type":"purchase","customer":{{"email":"{mailbox}","phone":"{phone}"}},"product":"BT-200","price":"{price}"}}"#
        );
        tell(gate.http, &format!("order-{mailbox}"), &event).await;
    }
    (sink, home, gate)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sendgrid_sdk_with_another_host() {
    let (sink, _home, gate) = started().await;
    let url = format!("http://{}/sendgrid", gate.http);
    let offers = [
        (
            "buyer@example.cn",
            "other@example.cn",
            "播放器BT-200",
            "蓝牙车载播放器BT-200限时特价299元。",
            "cheaper-after-purchase: 报价低于",
        ),
        (
            "buyer@example.com",
            "other@example.com",
            "BT-200",
            "The BT-200 car player, now only $39.99.",
            "Offer below the price",
        ),
    ];
    for (arrived, (buyer, other, subject, text, title)) in offers.into_iter().enumerate() {
        let Some(sent) = ran(SENDGRID, &[&url, other, subject, text]).await else { return };
        assert_eq!((sent["status"].as_u64(), sent["id"].as_str()), (Some(202), Some("sink-1")), "{sent}");
        let request = sink.wait_for(arrived + 1).await.remove(arrived);
        assert!(request.head.starts_with("POST /v3/mail/send HTTP/1.1\r\n"), "{}", request.head);
        assert_eq!(request.header("authorization"), Some("Bearer SG.brand-key"));
        assert_eq!(request.text(), sent["sent"].as_str().unwrap(), "every byte of the body");
        assert!(!request.head.to_lowercase().contains("tactgate"), "{}", request.head);

        let refused = ran(SENDGRID, &[&url, buyer, subject, text]).await.unwrap();
        assert_eq!(refused["error"], "BadRequestsError", "{refused}");
        let error = &refused["body"]["errors"][0];
        assert!(error["message"].as_str().unwrap().contains(title), "{refused}");
        assert_eq!(error["field"], "personalizations.0.to.0.email", "{refused}");
        assert!(error.as_object().unwrap().contains_key("help"), "{refused}");
        assert_eq!(sink.requests().len(), arrived + 1, "the refused one never left");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_twilio_sdk_with_another_base_url() {
    let (sink, _home, gate) = started().await;
    let url = format!("http://{}/twilio", gate.http);
    let offers = [
        (
            "+8613800138000",
            "+8613800138001",
            "【某某商城】蓝牙车载播放器BT-200限时299元，回T退订",
            "报价低于该客户的购买价",
        ),
        (
            "+14155550100",
            "+14155550101",
            "BT-200 car player now only $39.99. Reply STOP to opt out",
            "Offer below the price",
        ),
    ];
    for (arrived, (buyer, other, text, title)) in offers.into_iter().enumerate() {
        let Some(sent) = ran(TWILIO, &[&url, other, text]).await else { return };
        assert_eq!((&sent["sid"], &sent["status"]), (&"SM00000000000000000000000000004711".into(), &"queued".into()));
        let request = sink.wait_for(arrived + 1).await.remove(arrived);
        let path = "POST /2010-04-01/Accounts/AC00000000000000000000000000000001/Messages.json HTTP/1.1\r\n";
        assert!(request.head.starts_with(path), "{}", request.head);
        let basic = "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMTpicmFuZC10b2tlbg==";
        assert_eq!(request.header("authorization"), Some(basic));
        // As Python's requests writes a form, byte for byte.
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("To", other)
            .append_pair("From", "+15005550006")
            .append_pair("Body", text)
            .finish();
        assert_eq!(request.text(), form);

        let refused = ran(TWILIO, &[&url, buyer, text]).await.unwrap();
        assert_eq!((refused["code"].as_u64(), refused["status"].as_u64()), (Some(21610), Some(400)), "{refused}");
        let message = refused["message"].as_str().unwrap();
        assert!(message.contains(title) && message.contains("cheaper-after-purchase"), "{refused}");
        assert_eq!(sink.requests().len(), arrived + 1, "the refused one never left");
    }
}
