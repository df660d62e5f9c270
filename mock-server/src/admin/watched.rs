use crate::sockets::SocketRef;

use super::feed::Name;
use crate::emitter::Namespace;
use crate::monitor::Monitor;

/// A namespace that the page shows.
#[derive(Clone, Debug)]
pub struct Watched {
    /// The name that it goes by on the page.
    pub name: Name,
    /// Where its clients are.
    pub namespace: Namespace,
    /// Who is told what happens to them.
    pub monitor: Monitor,
}

impl Watched {
    /// Returns the client with this id, or those in the room of this name, or all.
    #[must_use]
    pub fn clients(&self, filter: Option<&str>) -> Vec<SocketRef> {
        let Some(clients) = self.namespace.clients() else { return Vec::new() };
        let Some(filter) = filter else { return clients.sockets() };
        let one = filter.parse().ok().and_then(|id| clients.get_socket(id));
        one.map_or_else(|| clients.within(filter.to_owned()).sockets(), |client| vec![client])
    }

    /// Returns the clients of the same session in whatever namespace.
    #[must_use]
    pub fn session(&self, client: &SocketRef) -> Vec<SocketRef> {
        let namespaces = self.namespace.io.nsps().into_iter();
        namespaces.filter_map(|namespace| namespace.get_socket(client.id)).collect()
    }
}
