//! Who asked this person for an opinion, when, and what came of it: invitations that this gateway sent and
//! those the shop told us of, as one list. Read by the guards of surveys.

use jiff::{SignedDuration, Timestamp};

use super::{Answer, Case};
use crate::facts::{Customer, SurveyStep, Why};
use crate::message::Span;
use crate::understand::Purpose;

/// An event and a send of one survey this close together are one invitation: the survey tool tells of the mail
/// it handed to this gateway.
const SAME_INVITATION: SignedDuration = SignedDuration::from_hours(24);

/// What stands for a survey whose id nobody said.
const UNNAMED: &str = "?";

/// One time somebody asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitation<'a> {
    /// When.
    pub at: Timestamp,
    /// To which survey; `?` when nobody said.
    pub survey: &'a str,
    /// By whom.
    pub department: Option<&'a str>,
    /// How long it takes, when said.
    pub minutes: Option<u32>,
    /// A reminder of an earlier one.
    pub reminder: bool,
}

/// One time the person answered, or said no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    /// When.
    pub at: Timestamp,
    /// Which survey.
    pub survey: &'a str,
    /// Whose.
    pub department: Option<&'a str>,
    /// True for "no, thank you".
    pub declined: bool,
}

/// What a message asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask<'a> {
    /// The surveys, as far as they have names.
    pub ids: Vec<&'a str>,
    /// How long, when said.
    pub minutes: Option<u32>,
    /// It says that it reminds of an earlier invitation.
    pub reminder: bool,
    /// The sentences that ask.
    pub spans: Vec<Span>,
}

impl<'a> Ask<'a> {
    /// What the message asks; `None` when it asks nothing, `Err` when that cannot be told as surely as the rule
    /// wants.
    pub fn of(case: &Case<'a>, confidence: u8) -> Result<Option<Ask<'a>>, Why> {
        let (declared, read) = (&case.message.declared.survey, &case.meaning.surveys);
        if read.is_empty() && declared.is_none() && case.meaning.purpose != Purpose::Survey {
            return case.read_whole().map(|()| None);
        }
        let surest = read.iter().map(|survey| survey.confidence.0).max();
        if declared.is_none() && surest.is_some_and(|surest| surest < confidence) {
            return Err(Why::Unread);
        }
        let named = declared.iter().map(|survey| survey.id.as_str());
        let named = named.chain(read.iter().filter_map(|survey| survey.id.as_deref())).filter(|id| is_named(id));
        let said = declared.iter().filter_map(|survey| survey.minutes);
        Ok(Some(Ask {
            ids: named.collect(),
            minutes: said.chain(read.iter().filter_map(|survey| survey.minutes)).max(),
            reminder: read.iter().any(|survey| survey.reminder),
            spans: read.iter().flat_map(|survey| survey.spans.iter().copied()).collect(),
        }))
    }

    /// What the message asks, and the customer it asks; `Err` is the answer of a guard of surveys where it need not
    /// look further.
    pub fn with_customer(case: &Case<'a>, confidence: u8) -> Result<(Ask<'a>, &'a Customer), Answer> {
        let ask = Ask::of(case, confidence).map_err(Answer::CannotTell)?.ok_or(Answer::Fine)?;
        Ok((ask, case.facts.customer().map_err(Answer::CannotTell)?))
    }

    /// True when the survey is surely among those asked for.
    pub fn names(&self, survey: &str) -> bool {
        self.ids.iter().any(|id| id.eq_ignore_ascii_case(survey))
    }

    /// True when it may be: one of the two has no name.
    pub fn may_be(&self, survey: &str) -> bool {
        self.ids.is_empty() || !is_named(survey) || self.names(survey)
    }
}

/// Every invitation up to now, oldest first.
pub fn invitations(customer: &Customer, now: Timestamp) -> Vec<Invitation<'_>> {
    let sends = customer.sends.iter().filter_map(|send| {
        Some(Invitation {
            at: send.at,
            survey: send.survey.as_deref()?,
            department: send.department.as_deref(),
            minutes: send.survey_minutes,
            reminder: send.survey_reminder,
        })
    });
    let mut all: Vec<Invitation<'_>> = sends.collect();
    let sent = all.len();
    for told in customer.surveys.iter().filter(|told| told.step == SurveyStep::Invited) {
        let twin = all.iter_mut().take(sent).find(|send| {
            send.survey.eq_ignore_ascii_case(&told.survey) && send.at.duration_since(told.at).abs() <= SAME_INVITATION
        });
        match twin {
            Some(send) => send.minutes = send.minutes.or(told.minutes),
            None => all.push(Invitation {
                at: told.at,
                survey: &told.survey,
                department: told.department.as_deref(),
                minutes: told.minutes,
                reminder: false,
            }),
        }
    }
    all.retain(|invitation| invitation.at <= now);
    all.sort_by_key(|invitation| (invitation.at, invitation.survey));
    all
}

/// Every answer and refusal up to now, oldest first.
pub fn replies(customer: &Customer, now: Timestamp) -> Vec<Reply<'_>> {
    let told = customer.surveys.iter().filter(|told| told.step != SurveyStep::Invited && told.at <= now);
    let mut all: Vec<Reply<'_>> = told
        .map(|told| Reply {
            at: told.at,
            survey: &told.survey,
            department: told.department.as_deref(),
            declined: told.step == SurveyStep::Declined,
        })
        .collect();
    all.sort_by_key(|reply| (reply.at, reply.survey));
    all
}

/// False for the name of a survey without one.
pub fn is_named(survey: &str) -> bool {
    survey != UNNAMED
}

/// True when both are of one department, and it is known.
pub fn same_department(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::SurveyFact;
    use crate::facts::sends::tests::send;

    #[test]
    fn a_mail_sent_here_and_told_by_the_survey_tool_is_one_invitation() {
        let mut customer = Customer::default();
        let mut mail = send("d1", 0);
        mail.survey = Some("NPS".into());
        customer.sends.push(mail);
        let told = |survey: &str, second: i64, step| SurveyFact {
            survey: survey.into(),
            department: None,
            step,
            minutes: Some(4),
            at: Timestamp::from_second(1_795_000_000 + second).unwrap(),
            from: "k".into(),
        };
        customer.surveys = vec![
            told("nps", 60, SurveyStep::Invited),
            told("nps", 3 * 86_400, SurveyStep::Invited),
            told("other", 70, SurveyStep::Invited),
            told("nps", 80, SurveyStep::Declined),
        ];
        let now = Timestamp::from_second(1_796_000_000).unwrap();
        let all = invitations(&customer, now);
        assert_eq!(all.iter().map(|one| one.survey).collect::<Vec<_>>(), ["NPS", "other", "nps"]);
        assert_eq!(all[0].minutes, Some(4));
        assert_eq!(replies(&customer, now).len(), 1);
        assert!(invitations(&customer, Timestamp::UNIX_EPOCH).is_empty(), "what is to come does not count");
    }
}
