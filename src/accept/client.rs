//! The client that waits for a reply, as both sides of the doors see it. Whoever carries a submission can ask
//! whether anybody still waits, and learns afterwards whether the reply was written: what nobody was told is
//! answered from the record when the client comes again.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Afterwards = Box<dyn FnOnce(bool) + Send>;

enum State {
    Waits(Vec<Afterwards>),
    Told,
    Left,
}

/// The client, as inside sees it.
#[derive(Clone)]
pub struct Client(Arc<Mutex<State>>);

/// The door's side. Dropped before [`Telling::told`], the client was not told.
pub struct Telling(Arc<Mutex<State>>);

impl Client {
    /// One that waits, and the door's side of it.
    pub fn waiting() -> (Client, Telling) {
        let state = Arc::new(Mutex::new(State::Waits(Vec::new())));
        (Client(Arc::clone(&state)), Telling(state))
    }

    /// True when it hung up, or was told something else, before its reply.
    pub fn has_left(&self) -> bool {
        matches!(*locked(&self.0), State::Left)
    }

    /// Calls back once it is known whether the reply was written: at once when that is known.
    pub fn afterwards(&self, call: impl FnOnce(bool) + Send + 'static) {
        let told = match &mut *locked(&self.0) {
            State::Waits(calls) => {
                calls.push(Box::new(call));
                return;
            }
            State::Told => true,
            State::Left => false,
        };
        call(told);
    }
}

impl Telling {
    /// The reply is written.
    pub fn told(self) {
        end(&self.0, State::Told, true);
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        end(&self.0, State::Left, false);
    }
}

/// The first end stands.
fn end(state: &Mutex<State>, ended: State, told: bool) {
    let calls = {
        let mut state = locked(state);
        match &mut *state {
            State::Waits(calls) => {
                let calls = std::mem::take(calls);
                *state = ended;
                calls
            }
            State::Told | State::Left => return,
        }
    };
    calls.into_iter().for_each(|call| call(told));
}

/// Nothing panics while it is held; were it poisoned, the state would still be whole.
fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.has_left() { "Client(left)" } else { "Client" })
    }
}

impl fmt::Debug for Telling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Telling")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn inside_learns_once_whether_the_client_was_told() {
        let (sender, heard) = mpsc::channel();
        let listen = |client: &Client| {
            let sender = sender.clone();
            client.afterwards(move |told| sender.send(told).unwrap());
        };
        let (client, telling) = Client::waiting();
        listen(&client);
        assert!(heard.try_recv().is_err() && !client.has_left());
        telling.told();
        listen(&client);
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [true, true]);
        assert!(!client.has_left());
        let (client, telling) = Client::waiting();
        listen(&client);
        drop(telling);
        listen(&client);
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [false, false]);
        assert!(client.has_left());
    }
}
