//! Adds the header fields by which a mailbox offers to unsubscribe in one click (RFC 8058): an `https`
//! address that names the recipient, and `List-Unsubscribe-Post`. A mail that has both keeps its own. One that
//! has only an address for mail keeps it beside the new one; its `https` address goes, since nothing tells
//! that it takes a POST ("MUST contain one HTTPS URI", §3.1). Refuses SMS, and addresses that name nobody.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::Original;
use crate::message::{Channel, Edit};
use crate::providers::Unfit;

/// With the address in it a field stays below the 998 characters of a line (RFC 5322 §2.1.1).
const URL_BYTES_MAX: usize = 600;
const MAILTO_BYTES_MAX: usize = 200;
/// Where the recipient's address goes.
const RECIPIENT: &str = "{recipient}";
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const FIELD: &str = "List-Unsubscribe";
const POST: &str = "List-Unsubscribe-Post";

pub(super) fn edits(original: &Original<'_>, url: &str, mailto: Option<&str>) -> Result<Vec<Edit>, Unfit> {
    if original.message.channel != Channel::Email {
        return Err(Unfit("only a mail has header fields".to_owned()));
    }
    check(url, mailto).map_err(Unfit)?;
    let content = original.content();
    let stands = content.header("list-unsubscribe").unwrap_or_default();
    let one_click = content.header("list-unsubscribe-post").is_some_and(|value| value.contains("One-Click"));
    // A provider that fills the field in itself says both.
    if stands.contains("https://") && one_click || stands.contains("<sendgrid:") {
        return Ok(Vec::new());
    }
    let person = utf8_percent_encode(original.message.recipient.canonical(), KEPT).to_string();
    let address = url.replace(RECIPIENT, &person);
    let own = stands.split(',').map(str::trim).find(|uri| {
        uri.starts_with("<mailto:") && uri.ends_with('>') && uri.len() <= MAILTO_BYTES_MAX && uri.is_ascii()
    });
    let by_mail = own.map(str::to_owned).or_else(|| mailto.map(|mailto| format!("<mailto:{mailto}>")));
    let value = std::iter::once(format!("<{address}>")).chain(by_mail).collect::<Vec<_>>().join(", ");
    Ok(vec![Edit::field(FIELD, &value), Edit::field(POST, "List-Unsubscribe=One-Click")])
}

/// "The URI in the List-Unsubscribe header field MUST contain enough information to identify the mail
/// recipient" (RFC 8058 §3.1).
pub(super) fn check(url: &str, mailto: Option<&str>) -> Result<(), String> {
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() && !b"<>,\"".contains(&b));
    if !url.starts_with("https://") || url.len() > URL_BYTES_MAX || !plain(url) || url.len() == "https://".len() {
        return Err(format!("`url` must be an https address of at most {URL_BYTES_MAX} visible ASCII characters"));
    }
    if !url.contains(RECIPIENT) {
        return Err(format!(
            "`url` must say `{RECIPIENT}` where the address of the recipient goes: else nobody could be unsubscribed by it"
        ));
    }
    match mailto {
        Some(mailto) if !mailto.contains('@') || mailto.len() > MAILTO_BYTES_MAX - 9 || !plain(mailto) => {
            Err("`mailto` must be a mail address".to_owned())
        }
        _ => Ok(()),
    }
}
