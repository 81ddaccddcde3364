//! How many connections each address has open.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts of open connections.
#[derive(Debug, Clone)]
pub struct Peers {
    open: Arc<Mutex<HashMap<IpAddr, usize>>>,
    max: usize,
}

/// One open connection; dropping it gives its place back.
#[derive(Debug)]
pub struct Guest {
    peers: Peers,
    peer: IpAddr,
}

impl Peers {
    /// At most `max` for each address.
    pub fn new(max: usize) -> Peers {
        Peers { open: Arc::default(), max }
    }

    /// A place for one more, if there is one.
    pub fn admit(&self, peer: IpAddr) -> Option<Guest> {
        let peer = super::counted_as(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(peer).or_default();
        if *count >= self.max {
            return None;
        }
        *count += 1;
        Some(Guest { peers: self.clone(), peer })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut open = self.peers.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_back() {
        let peers = Peers::new(2);
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let (a, _b) = (peers.admit(one).unwrap(), peers.admit(one).unwrap());
        assert!(peers.admit(one).is_none());
        assert!(peers.admit("192.0.2.2".parse().unwrap()).is_some(), "another address is not harmed");
        drop(a);
        assert!(peers.admit(one).is_some());
        let (v6, near) = ("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap());
        let (_c, _d) = (peers.admit(v6).unwrap(), peers.admit(near).unwrap());
        assert!(peers.admit(v6).is_none(), "one /64 is one customer");
    }
}
