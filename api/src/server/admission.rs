//! Which connections are open, and who has to leave when there are too many.
//!
//! A new connection is never refused for the sake of one that does nothing: the connection that has been
//! without a request for the longest is closed instead.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::activity::Activity;

/// The limits of connections.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// In all.
    pub all: usize,
    /// Of one network.
    pub of_network: usize,
}

/// The open connections.
#[derive(Debug)]
pub(super) struct Admission {
    limits: Limits,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    connections: HashMap<u64, Connection>,
    by_network: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Connection {
    network: IpAddr,
    activity: Arc<Activity>,
    close: CancellationToken,
}

/// The right to be connected; given back when dropped.
#[derive(Debug)]
pub(super) struct Permit {
    admission: Arc<Admission>,
    id: u64,
}

/// A connection that was admitted.
#[derive(Debug)]
pub(super) struct Admitted {
    pub permit: Permit,
    pub activity: Arc<Activity>,
    /// Cancelled when the connection has to leave.
    pub close: CancellationToken,
}

impl Admission {
    pub(super) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, open: Mutex::default() })
    }

    /// Admits a connection; `None` if all the connections in whose place it could come have requests.
    pub(super) fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Admitted> {
        let network = network(peer);
        let mut open = self.open();
        if open.of(network) >= self.limits.of_network {
            open.close_an_unused_one_of(network)?;
        } else if open.connections.len() >= self.limits.all {
            let largest =
                open.by_network.iter().max_by_key(|(_, count)| **count).map(|(network, _)| *network);
            open.close_an_unused_one_of(largest?)?;
        }
        let (activity, close) = (Activity::new(), CancellationToken::new());
        open.next += 1;
        let id = open.next;
        let connection = Connection { network, activity: Arc::clone(&activity), close: close.clone() };
        open.connections.insert(id, connection);
        *open.by_network.entry(network).or_default() += 1;
        metrics::gauge!("self_http_connections").set(open.connections.len() as f64);
        Some(Admitted { permit: Permit { admission: Arc::clone(self), id }, activity, close })
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn of(&self, network: IpAddr) -> usize {
        self.by_network.get(&network).copied().unwrap_or(0)
    }

    /// Closes the connection of a network that has been without a request for the longest.
    fn close_an_unused_one_of(&mut self, network: IpAddr) -> Option<()> {
        let unused = self.connections.iter().filter(|(_, connection)| connection.network == network);
        let (id, _) = unused
            .filter_map(|(id, connection)| Some((*id, connection.activity.unused_since()?)))
            .min_by_key(|(_, since)| *since)?;
        self.connections.get(&id)?.close.cancel();
        self.forget(id);
        Some(())
    }

    fn forget(&mut self, id: u64) {
        let Some(connection) = self.connections.remove(&id) else { return };
        if let Some(count) = self.by_network.get_mut(&connection.network) {
            *count -= 1;
            if *count == 0 {
                self.by_network.remove(&connection.network);
            }
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.admission.open();
        open.forget(self.id);
        metrics::gauge!("self_http_connections").set(open.connections.len() as f64);
    }
}

/// The network of an address: an IPv4 address, or the /64 of an IPv6 address, which one subscriber has.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use poem::http::Version;

    use super::*;

    const LIMITS: Limits = Limits { all: 4, of_network: 2 };

    fn peer(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    #[test]
    fn the_connection_that_was_unused_for_longest_leaves_for_a_new_one_of_its_network() {
        let admission = Admission::new(LIMITS);
        let first = admission.admit(peer(1)).unwrap();
        let second = admission.admit(peer(1)).unwrap();
        let stranger = admission.admit(peer(2)).unwrap();
        let third = admission.admit(peer(1)).unwrap();
        assert!(first.close.is_cancelled());
        assert!(![second, third, stranger].iter().any(|one| one.close.is_cancelled()));
    }

    #[test]
    fn a_connection_with_a_request_never_leaves() {
        let admission = Admission::new(LIMITS);
        let busy: Vec<_> = (0..2).map(|_| admission.admit(peer(1)).unwrap()).collect();
        let requests: Vec<_> = busy.iter().map(|one| one.activity.begin(Version::HTTP_11)).collect();
        assert!(admission.admit(peer(1)).is_none());
        assert!(admission.admit(peer(2)).is_some());
        drop(requests);
        assert!(admission.admit(peer(1)).is_some());
    }

    #[test]
    fn the_network_with_the_most_connections_makes_room_for_others() {
        let admission = Admission::new(Limits { all: 4, of_network: 3 });
        let many: Vec<_> = (0..3).map(|_| admission.admit(peer(1)).unwrap()).collect();
        let few = admission.admit(peer(2)).unwrap();
        admission.admit(peer(3)).unwrap();
        assert!(many[0].close.is_cancelled() && !few.close.is_cancelled());
    }

    #[test]
    fn a_permit_that_is_given_back_makes_room() {
        let admission = Admission::new(LIMITS);
        let held = admission.admit(peer(1)).unwrap();
        drop(admission.admit(peer(1)).unwrap());
        drop(admission.admit(peer(1)).unwrap());
        assert!(!held.close.is_cancelled());
        drop(held);
        assert!(admission.open().by_network.is_empty());
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_network() {
        let network_of = |address: &str| network(address.parse().unwrap());
        assert_eq!(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:2:ffff::9"));
        assert_ne!(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
        assert_eq!(network_of("::ffff:10.0.0.1"), peer(1));
    }
}
