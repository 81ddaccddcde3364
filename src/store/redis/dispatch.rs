//! Brings questions to the servers that keep their keys: one pipeline a server, all at once, and again for
//! those that a server sent elsewhere, all within one time limit. Only what a server said it did *not* do
//! is asked again.

use std::time::Duration;

use redis::{Cmd, Pipeline, Value};
use tokio::time::Instant;

use super::node::Node;
use super::script::told_whole;
use super::topology::Topology;
use super::trouble::{Counts, Kind, Trouble};

/// Times a question is sent on; a slot on the move takes two, a map that is behind one more.
const ROUNDS_MAX: usize = 8;
/// The pause before a server that said TRYAGAIN is asked again.
const TRY_AGAIN_PAUSE: Duration = Duration::from_millis(5);

/// What is asked of one key: commands that go together.
pub(super) struct Question {
    /// The key's slot; nought where there are none.
    pub(super) slot: u16,
    /// The commands, harmless to repeat when a server redirected one of them.
    pub(super) commands: Vec<Cmd>,
    /// The script to tell a server that does not know it.
    pub(super) whole: Option<&'static str>,
}

/// Whose word counts for a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// The master's.
    Master,
    /// That of so many replicas, too.
    Replicas(u32),
}

/// The answers to one question, and whether enough replicas have what it wrote.
pub(super) struct Answered {
    pub(super) values: Vec<Value>,
    pub(super) safe: bool,
}

type Reply = Result<Answered, Trouble>;

/// A question under way.
struct Open {
    at: usize,
    question: Question,
    /// Asked there, for this once, because the slot is moving.
    asking: Option<Node>,
    met: Trouble,
}

/// The answers, in the order of the questions.
pub(super) async fn ask_all(
    topology: &Topology,
    questions: Vec<Question>,
    care: Care,
    deadline: Instant,
    counts: &Counts,
) -> Vec<Reply> {
    let unasked = || Trouble::new(Kind::Crowded, "not asked in time");
    let mut replies: Vec<Option<Reply>> = Vec::new();
    replies.resize_with(questions.len(), || None);
    let numbered = questions.into_iter().enumerate();
    let mut open: Vec<Open> =
        numbered.map(|(at, question)| Open { at, question, asking: None, met: unasked() }).collect();
    for _ in 0..ROUNDS_MAX {
        let mut groups: Vec<(Node, Vec<Open>)> = Vec::new();
        for mut one in open.drain(..) {
            let node = match one.asking.take() {
                Some(node) => Ok((node, true)),
                None => topology.node(one.question.slot, deadline).await.map(|node| (node, false)),
            };
            match node {
                Ok((node, asking)) => {
                    one.asking = asking.then(|| node.clone());
                    match groups.iter_mut().find(|(known, _)| known.is(&node)) {
                        Some((_, group)) => group.push(one),
                        None => groups.push((node, vec![one])),
                    }
                }
                Err(trouble) => settle(&mut replies, one.at, Err(trouble)),
            }
        }
        let mut asked = groups.into_iter().map(|(node, group)| ask_group(node, group, care, deadline));
        let answered = match (asked.next(), asked.len()) {
            (Some(alone), 0) => alone.await,
            (first, _) => {
                let all = futures_util::future::join_all(first.into_iter().chain(asked));
                all.await.into_iter().flatten().collect()
            }
        };
        let mut try_again = false;
        for (mut one, reply) in answered {
            let trouble = match reply {
                Ok(answered) => {
                    settle(&mut replies, one.at, Ok(answered));
                    continue;
                }
                Err(trouble) => trouble,
            };
            counts.add(trouble.kind);
            topology.met(&trouble);
            let again = match trouble.kind {
                Kind::Moved => topology.redirected(&trouble).is_some(),
                Kind::Ask => {
                    one.asking = topology.redirected(&trouble);
                    one.asking.is_some()
                }
                Kind::TryAgain => {
                    try_again = true;
                    true
                }
                Kind::NoScript => match one.question.whole.take() {
                    Some(text) => {
                        one.question.commands =
                            one.question.commands.iter().map(|call| told_whole(call, text)).collect();
                        true
                    }
                    None => false,
                },
                _ => false,
            };
            one.met = trouble;
            if again && Instant::now() < deadline {
                open.push(one);
            } else {
                settle(&mut replies, one.at, Err(one.met));
            }
        }
        if open.is_empty() {
            break;
        }
        if try_again {
            tokio::time::sleep(TRY_AGAIN_PAUSE).await;
        }
    }
    for one in open {
        settle(&mut replies, one.at, Err(one.met));
    }
    replies.into_iter().map(|reply| reply.unwrap_or_else(|| Err(unasked()))).collect()
}

impl Open {
    /// Its commands, out of the pipeline that they were lent to.
    fn take_back<'a>(&mut self, asked: &mut impl Iterator<Item = &'a Cmd>) {
        for command in &mut self.question.commands {
            if self.asking.is_some() {
                asked.next();
            }
            asked.next().into_iter().for_each(|own| command.clone_from(own));
        }
    }

    /// They are not needed any more.
    fn passes<'a>(&self, asked: &mut impl Iterator<Item = &'a Cmd>) {
        let each = if self.asking.is_some() { 2 } else { 1 };
        asked.take(each * self.question.commands.len()).for_each(drop);
    }
}

fn settle(replies: &mut [Option<Reply>], at: usize, reply: Reply) {
    if let Some(place) = replies.get_mut(at) {
        *place = Some(reply);
    }
}

/// One pipeline to one server.
async fn ask_group(node: Node, mut group: Vec<Open>, care: Care, deadline: Instant) -> Vec<(Open, Reply)> {
    let mut commands = Pipeline::with_capacity(2 * group.len() + 2);
    for one in &mut group {
        for command in &mut one.question.commands {
            if one.asking.is_some() {
                commands.cmd("ASKING");
            }
            // Lent: what may have to be asked again comes back out of the pipeline.
            commands.add_command(std::mem::take(command));
        }
    }
    let answers = match care {
        Care::Master => node.ask(&mut commands, deadline).await.map(|values| (values, true)),
        Care::Replicas(replicas) => {
            let answers = node.ask_acknowledged(&mut commands, replicas, deadline).await;
            answers.map(|(values, acknowledged)| (values, acknowledged >= replicas))
        }
    };
    let mut asked = commands.cmd_iter();
    let (values, safe) = match answers {
        Ok(answers) => answers,
        Err(trouble) => {
            for one in &mut group {
                one.take_back(&mut asked);
            }
            return group.into_iter().map(|one| (one, Err(trouble.clone()))).collect();
        }
    };
    let mut values = values.into_iter();
    let mut answered = Vec::with_capacity(group.len());
    for mut one in group.drain(..) {
        let mut own = Vec::with_capacity(one.question.commands.len());
        let mut refused = None;
        for _ in &one.question.commands {
            if one.asking.is_some() {
                values.next();
            }
            match values.next() {
                Some(Value::ServerError(error)) => {
                    refused.get_or_insert_with(|| Trouble::said(&error));
                }
                Some(value) => own.push(value),
                None => {
                    refused.get_or_insert_with(|| Trouble::new(Kind::WrongBytes, "the server answered too little"));
                }
            }
        }
        match &refused {
            Some(_) => one.take_back(&mut asked),
            None => one.passes(&mut asked),
        }
        let reply = refused.map_or(Ok(Answered { values: own, safe }), Err);
        answered.push((Open { asking: None, ..one }, reply));
    }
    answered
}
