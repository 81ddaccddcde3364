//! The JSON of a mail, read: personalizations with their addressees, the contents they are shown, and
//! where each of these stands in the bytes.

use std::ops::Range;
use std::sync::Arc;

use crate::message::{Address, Content, Declared, HttpRequest, Part, PartKind};
use crate::providers::json::{self, Member, Node, Value};
use crate::providers::splice::Decoded;
use crate::providers::{Malformed, Recipient, request as http_request};

use super::text::{Shown, Substitutions};

/// Personalizations in one request, and addressees in all of them (SendGrid's own limits).
pub const PERSONALIZATIONS_MAX: usize = 1_000;
/// See [`PERSONALIZATIONS_MAX`].
pub const ADDRESSEES_MAX: usize = 1_000;
/// Decoded text over all personalizations, in bytes: substitution multiplies it.
pub const SHOWN_BYTES_MAX: usize = 64 << 20;

/// A mail request.
#[derive(Debug)]
pub struct Mail {
    /// The distinct contents.
    pub contents: Vec<Arc<Content>>,
    /// The personalizations, in order.
    pub items: Vec<Item>,
    /// Rows (objects) that hold declarations: spans of all members, and whether each is one.
    pub declarations: Vec<Row>,
}

/// One personalization.
#[derive(Debug)]
pub struct Item {
    /// Its bytes.
    pub span: Range<usize>,
    /// Its addressees, `to`, `cc`, `bcc` as they stand in the bytes.
    pub recipients: Vec<Recipient>,
    /// Its index in [`Mail::contents`].
    pub content: usize,
    /// Where each part of that content stands in the bytes.
    pub parts: Vec<Shown>,
    /// The arrays of addressees.
    pub rows: Vec<Addressees>,
    /// All members' spans: to take one out.
    pub members: Vec<Range<usize>>,
    /// Objects of its own that hold declarations.
    pub declarations: Vec<Row>,
    /// True when its `headers` is null: no second member of that name may stand beside it.
    pub has_null_headers: bool,
}

/// One array of addressees.
#[derive(Debug)]
pub struct Addressees {
    /// `to`, `cc` or `bcc`.
    pub name: String,
    /// Which of the item's members it is.
    pub member: usize,
    /// Its elements.
    pub spans: Vec<Range<usize>>,
}

/// Members of an object, and which of them go.
#[derive(Debug)]
pub struct Row {
    /// What the object is called: `headers`, `custom_args`.
    pub name: &'static str,
    /// The object.
    pub object: Range<usize>,
    /// The members' names.
    pub names: Vec<String>,
    /// The members' spans.
    pub spans: Vec<Range<usize>>,
    /// Whether each is a declaration.
    pub declares: Vec<bool>,
}

impl Mail {
    /// Reads a request's body.
    pub fn read(request: &HttpRequest) -> Result<Mail, Malformed> {
        http_request::body_is(&request.headers, "application/json")?;
        let root = json::parse(&request.body).map_err(|error| wrong("body", &error.to_string()))?;
        root.members().ok_or_else(|| wrong("body", "must be an object"))?;
        one_spelling(&root, "")?;
        let mut declared = http_request::declared(&request.headers)?;
        let mut declarations = Vec::new();
        for name in ["headers", "custom_args"] {
            declarations.extend(row(&root, name, name, &mut declared)?);
        }
        let common = Common::read(&root)?;
        let personalizations = root.get("personalizations").and_then(Node::elements).unwrap_or_default();
        if personalizations.is_empty() {
            let why = "The personalizations field is required and must have at least one personalization.";
            return Err(wrong("personalizations", why));
        }
        if personalizations.len() > PERSONALIZATIONS_MAX {
            return Err(too_many("personalizations", PERSONALIZATIONS_MAX));
        }
        let mut mail = Mail { contents: Vec::new(), items: Vec::new(), declarations };
        let (mut addressees, mut shown_bytes) = (0, 0);
        for (index, node) in personalizations.iter().enumerate() {
            let item = Item::read(node, index, &common, &declared, &mut mail.contents)?;
            addressees += item.recipients.len();
            shown_bytes += item.parts.iter().map(|part| part.shown.text.len()).sum::<usize>();
            if addressees > ADDRESSEES_MAX {
                return Err(too_many("to, cc and bcc", ADDRESSEES_MAX));
            }
            if shown_bytes > SHOWN_BYTES_MAX {
                return Err(too_many("bytes of text over all personalizations", SHOWN_BYTES_MAX));
            }
            mail.items.push(item);
        }
        Ok(mail)
    }

    /// How SendGrid names the place of an addressee: `personalizations.0.to.0.email`.
    pub fn field_of(&self, recipient: usize) -> Option<String> {
        let mut left = recipient;
        for (index, item) in self.items.iter().enumerate() {
            for row in &item.rows {
                if left < row.spans.len() {
                    return Some(format!("personalizations.{index}.{}.{left}.email", row.name));
                }
                left -= row.spans.len();
            }
        }
        None
    }
}

/// What all personalizations share.
struct Common {
    subject: Option<Arc<Decoded>>,
    texts: Vec<(PartKind, Arc<Decoded>)>,
    headers: Vec<(String, String)>,
    unreadable: Vec<String>,
}

impl Common {
    fn read(root: &Node) -> Result<Common, Malformed> {
        let mut common =
            Common { subject: subject(root, "subject")?, texts: vec![], headers: vec![], unreadable: vec![] };
        let template = match root.get("template_id").map(|node| &node.value) {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id.text.as_str()),
            Some(_) => return Err(wrong("template_id", "must be a string")),
        };
        let contents = match root.get("content").map(|node| &node.value) {
            None | Some(Value::Null) => &[][..],
            Some(Value::Array(contents)) => contents,
            Some(_) => return Err(wrong("content", "must be an array")),
        };
        if contents.is_empty() && template.is_none() {
            return Err(wrong("content", "Unless a valid template_id is provided, the content parameter is required."));
        }
        for (index, content) in contents.iter().enumerate() {
            let text = |name: &str| {
                content
                    .get(name)
                    .and_then(Node::text)
                    .ok_or_else(|| wrong(&format!("content.{index}.{name}"), "must be a string"))
            };
            let value = Arc::new(text("value")?.clone());
            match text("type")?.text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
                "text/plain" => common.texts.push((PartKind::Plain, value)),
                "text/html" | "text/x-amp-html" => common.texts.push((PartKind::Html, value)),
                other => common.unreadable.push(format!("content of type {other}")),
            }
        }
        common.appended(root)?;
        if let Some(id) = template {
            common.unreadable.push(format!("template {id} is not in the request"));
        }
        if root.get("sections").and_then(Node::members).is_some_and(|sections| !sections.is_empty()) {
            common.unreadable.push("sections".to_owned());
        }
        for name in ["from", "reply_to"] {
            sender(root, name, name, &mut common.headers)?;
        }
        // SendGrid adds `List-Unsubscribe` itself to a mail of an unsubscribe group.
        if let Some(Value::Number(group)) = root.get("asm").and_then(|asm| asm.get("group_id")).map(|id| &id.value) {
            common.headers.push(("list-unsubscribe".to_owned(), format!("<sendgrid:asm/{group}>")));
        }
        headers(root, "headers", &mut common.headers)?;
        Ok(common)
    }
}

impl Common {
    /// What SendGrid adds to the text by settings, and to the addressees.
    fn appended(&mut self, root: &Node) -> Result<(), Malformed> {
        let enabled = |group: &str, name: &str| {
            let setting = root.get(group).and_then(|settings| settings.get(name));
            setting
                .filter(|setting| !matches!(setting.get("enable").map(|on| &on.value), None | Some(Value::Bool(false))))
        };
        for (group, name) in [("mail_settings", "footer"), ("tracking_settings", "subscription_tracking")] {
            let Some(setting) = enabled(group, name) else { continue };
            for (member, kind) in [("text", PartKind::Plain), ("html", PartKind::Html)] {
                match setting.get(member).map(|text| &text.value) {
                    None | Some(Value::Null) => {}
                    Some(Value::String(text)) => self.texts.push((kind, Arc::new(text.clone()))),
                    Some(_) => return Err(wrong(&format!("{group}.{name}.{member}"), "must be a string")),
                }
            }
        }
        match enabled("mail_settings", "bcc") {
            None => Ok(()),
            Some(_) => Err(wrong("mail_settings.bcc", "hides an addressee; use `bcc` in personalizations")),
        }
    }
}

impl Item {
    fn read(
        node: &Node,
        index: usize,
        common: &Common,
        declared: &Declared,
        contents: &mut Vec<Arc<Content>>,
    ) -> Result<Item, Malformed> {
        let place = format!("personalizations.{index}");
        let members = node.members().ok_or_else(|| wrong(&place, "must be an object"))?;
        one_spelling(node, &format!("{place}."))?;
        let mut declared = declared.clone();
        let mut declarations = Vec::new();
        for name in ["headers", "custom_args"] {
            declarations.extend(row(node, name, &format!("{place}.{name}"), &mut declared)?);
        }
        let substitutions = substitutions(node, &place)?;
        let mut content =
            Content { parts: Vec::new(), headers: common.headers.clone(), unreadable: common.unreadable.clone() };
        if substitutions.nested {
            content.unreadable.push("substitutions that hold other substitutions".to_owned());
        }
        sender(node, "from", &format!("{place}.from"), &mut content.headers)?;
        headers(node, &format!("{place}.headers"), &mut content.headers)?;
        let own_subject = subject(node, &format!("{place}.subject"))?;
        let subject = own_subject.or_else(|| common.subject.clone()).map(|text| (PartKind::Subject, text));
        let mut parts = Vec::new();
        for (kind, text) in subject.into_iter().chain(common.texts.iter().cloned()) {
            let shown = substitutions.apply(&text);
            content.parts.push(Part { kind, text: shown.shown.text.clone() });
            parts.push(shown);
        }
        let content = http_request::content_index(contents, content);
        let mut item = Item {
            span: node.span.clone(),
            recipients: Vec::new(),
            content,
            parts,
            rows: Vec::new(),
            members: members.iter().map(|member| member.span.clone()).collect(),
            declarations,
            has_null_headers: node.get("headers").is_some_and(|headers| headers.value == Value::Null),
        };
        for (at, member) in members.iter().enumerate() {
            if ["to", "cc", "bcc"].contains(&member.name.as_str()) {
                item.addressees(member, at, &place, &declared)?;
            }
        }
        if !item.rows.iter().any(|row| row.name == "to" && !row.spans.is_empty()) {
            return Err(wrong(
                &format!("{place}.to"),
                "The to array is required and must have at least one addressee.",
            ));
        }
        Ok(item)
    }

    fn addressees(&mut self, member: &Member, at: usize, place: &str, declared: &Declared) -> Result<(), Malformed> {
        let name = member.name.as_str();
        let elements = match &member.value.value {
            Value::Array(elements) => elements.as_slice(),
            Value::Null => &[],
            _ => return Err(wrong(&format!("{place}.{name}"), "must be an array")),
        };
        for (index, element) in elements.iter().enumerate() {
            let (given, _) = mailbox(element, &format!("{place}.{name}.{index}"))?;
            self.recipients.push(Recipient {
                address: Address::email(&given),
                given,
                content: self.content,
                declared: declared.clone(),
            });
        }
        let spans = elements.iter().map(|element| element.span.clone()).collect();
        self.rows.push(Addressees { name: name.to_owned(), member: at, spans });
        Ok(())
    }
}

fn wrong(field: &str, why: &str) -> Malformed {
    Malformed::Field { field: field.to_owned(), why: why.to_owned() }
}

fn too_many(what: &str, max: usize) -> Malformed {
    Malformed::TooMuch { what: what.to_owned(), max: max.to_string() }
}

/// Refuses a member known in another case: whether the provider takes it too cannot be seen from here.
fn one_spelling(node: &Node, place: &str) -> Result<(), Malformed> {
    const KNOWN: [&str; 15] = [
        "personalizations",
        "to",
        "cc",
        "bcc",
        "from",
        "subject",
        "content",
        "template_id",
        "substitutions",
        "sections",
        "headers",
        "custom_args",
        "asm",
        "mail_settings",
        "tracking_settings",
    ];
    let otherwise = |name: &str| KNOWN.iter().find(|known| known.eq_ignore_ascii_case(name) && **known != name);
    for member in node.members().unwrap_or_default() {
        if let Some(known) = otherwise(&member.name) {
            return Err(wrong(&format!("{place}{}", member.name), &format!("is written `{known}`")));
        }
    }
    Ok(())
}

/// A text that becomes a header field: a line break in it would begin another field.
fn one_line<'a>(text: &'a Decoded, field: &str) -> Result<&'a Decoded, Malformed> {
    match text.text.contains(['\r', '\n', '\0']) {
        true => Err(wrong(field, "must not contain line breaks")),
        false => Ok(text),
    }
}

fn subject(node: &Node, field: &str) -> Result<Option<Arc<Decoded>>, Malformed> {
    match node.get("subject").map(|subject| &subject.value) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => one_line(text, field).map(|text| Some(Arc::new(text.clone()))),
        Some(_) => Err(wrong(field, "must be a string")),
    }
}

/// `{"email": …, "name": …}`: the address as given, and the name or nothing.
fn mailbox(node: &Node, field: &str) -> Result<(String, String), Malformed> {
    let email = node.get("email").and_then(Node::text);
    let email = email.ok_or_else(|| wrong(&format!("{field}.email"), "must be a string"))?;
    let name = match node.get("name").map(|name| &name.value) {
        None | Some(Value::Null) => "",
        Some(Value::String(name)) => &one_line(name, &format!("{field}.name"))?.text,
        Some(_) => return Err(wrong(&format!("{field}.name"), "must be a string")),
    };
    Ok((one_line(email, &format!("{field}.email"))?.text.clone(), name.to_owned()))
}

/// `from` or `reply_to` as a header field, replacing what stood there.
fn sender(node: &Node, name: &str, field: &str, headers: &mut Vec<(String, String)>) -> Result<(), Malformed> {
    let Some(node) = node.get(name).filter(|node| node.value != Value::Null) else { return Ok(()) };
    let (email, display) = mailbox(node, field)?;
    let shown = if display.is_empty() { email } else { format!("{display} <{email}>") };
    let header = name.replace('_', "-");
    headers.retain(|(known, _)| *known != header);
    headers.push((header, shown));
    Ok(())
}

/// The `headers` object into (lower-case name, value) pairs; a later one of that name replaces.
fn headers(node: &Node, field: &str, into: &mut Vec<(String, String)>) -> Result<(), Malformed> {
    for member in node.get("headers").and_then(Node::members).unwrap_or_default() {
        if Declared::is_declaration(&member.name) {
            continue;
        }
        let field = format!("{field}.{}", member.name);
        if member.name.contains(['\r', '\n', '\0', ':']) {
            return Err(wrong(&field, "is not a header name"));
        }
        let value = member.value.text().ok_or_else(|| wrong(&field, "must be a string"))?;
        let value = one_line(value, &field)?.text.clone();
        let name = member.name.to_ascii_lowercase();
        into.retain(|(known, _)| *known != name);
        into.push((name, value));
    }
    Ok(())
}

/// Takes the declarations of an object and says where they stand.
fn row(node: &Node, name: &'static str, field: &str, declared: &mut Declared) -> Result<Option<Row>, Malformed> {
    let (object, members) = match node.get(name).map(|object| (object.span.clone(), &object.value)) {
        None | Some((_, Value::Null)) => return Ok(None),
        Some((object, Value::Object(members))) => (object, members),
        Some(_) => return Err(wrong(field, "must be an object")),
    };
    for member in members.iter().filter(|member| Declared::is_declaration(&member.name)) {
        let value = member.value.str();
        let value = value.ok_or_else(|| wrong(&format!("{field}.{}", member.name), "must be a string"))?;
        declared.take(&member.name, value)?;
    }
    Ok(Some(Row {
        name,
        object,
        names: members.iter().map(|member| member.name.clone()).collect(),
        spans: members.iter().map(|member| member.span.clone()).collect(),
        declares: members.iter().map(|member| Declared::is_declaration(&member.name)).collect(),
    }))
}

fn substitutions(node: &Node, place: &str) -> Result<Substitutions, Malformed> {
    let field = format!("{place}.substitutions");
    let members = match node.get("substitutions").map(|object| &object.value) {
        None | Some(Value::Null) => &[][..],
        Some(Value::Object(members)) => members,
        Some(_) => return Err(wrong(&field, "must be an object")),
    };
    let mut pairs = Vec::with_capacity(members.len());
    for member in members {
        let word = member.value.str().ok_or_else(|| wrong(&format!("{field}.{}", member.name), "must be a string"))?;
        pairs.push((member.name.clone(), word.to_owned()));
    }
    Substitutions::new(pairs).ok_or_else(|| wrong(&field, "a tag is empty, or there are too many"))
}
