//! Policies that several stories are told under, by name.

/// Who got one message today gets no other.
pub const ONE_A_DAY: &str = r#"
[[frequency_cap]]
id       = "one-a-day"
at_most  = 1
within   = "1 day"
then     = "block"
title.en = "Too many messages"
title.zh = "消息过多"
reason.en = "{count} in {within}"
reason.zh = "{within}内{count}条"
"#;

/// No mail between twelve and one.
pub const NO_MAIL_AT_NOON: &str = r#"
[[quiet_hours]]
id       = "lunch"
channels = ["email"]
from     = "12:00"
until    = "13:00"
title.en = "Not at noon"
title.zh = "午间不发送"
reason.en = "it is {local_time}"
reason.zh = "现在{local_time}"
"#;

/// Who opted out gets nothing; what the department `night` sends waits until midnight.
pub const OPTED_OUT_AND_NIGHT: &str = r#"
[[suppression]]
id       = "opted-out"
then     = "block"
title.en = "Opted out"
title.zh = "已退订"
reason.en = "opted out"
reason.zh = "已退订"

[[quiet_hours]]
id       = "night"
channels = ["sms", "email"]
departments = ["night"]
from     = "00:00"
until    = "23:59"
zone     = "UTC"
title.en = "Not at night"
title.zh = "夜间不发送"
reason.en = "it is {local_time}"
reason.zh = "现在{local_time}"
"#;

/// The second message to a person waits until the first is so old.
pub fn one_in_seconds(seconds: u32) -> String {
    format!(
        r#"
[[frequency_cap]]
id       = "one-in-seconds"
at_most  = 1
within   = "{seconds} seconds"
then     = {{ delay = {{ at_most = "1 hour" }} }}
title.en = "Too many messages"
title.zh = "消息过多"
reason.en = "{{count}} in {{within}}"
reason.zh = "{{within}}内{{count}}条"
"#
    )
}
