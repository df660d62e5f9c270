//! One connection through the proxy, from its acceptance to its end.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::faults::{ClosedBy, End, EndOrder, Event, FaultStream, Faults};

/// Serves a client until one of both sides, a rule or the control API ends the connection.
pub async fn serve(faults: Arc<Faults>, upstream: Arc<str>, client: TcpStream) {
    let (number, mut order) = faults.connections.open();
    faults.log.record(number, Event::Opened);
    if let Err(error) = client.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    let never = CancellationToken::new();
    let mut client = FaultStream::new(client, Arc::clone(&faults), Some(number), never);
    let mut server = None;
    let by = tokio::select! {
        biased;
        by = ordered(&mut order) => by,
        by = run(&faults, number, &upstream, &mut client, &mut server) => by,
    };
    client.end(by);
    if let Some(server) = server {
        close(server, by.end()).await;
    }
}

async fn ordered(order: &mut EndOrder) -> ClosedBy {
    let by = match order.wait_for(Option::is_some).await {
        Ok(by) => *by,
        Err(_) => None,
    };
    by.unwrap_or(ClosedBy::Both)
}

async fn run(
    faults: &Faults,
    number: u64,
    upstream: &str,
    client: &mut FaultStream,
    server: &mut Option<TcpStream>,
) -> ClosedBy {
    if faults.on_connection(number).await {
        return ClosedBy::Refused;
    }
    match connect(upstream).await {
        Ok(stream) => match copy_bidirectional(client, server.insert(stream)).await {
            Ok(_) => ClosedBy::Both,
            Err(_) => client.ended().unwrap_or(ClosedBy::Reset),
        },
        Err(error) => {
            tracing::warn!(%error, upstream, "cannot connect");
            ClosedBy::Unreachable
        }
    }
}

async fn connect(upstream: &str) -> io::Result<TcpStream> {
    let server = TcpStream::connect(upstream).await?;
    server.set_nodelay(true)?;
    Ok(server)
}

async fn close(mut stream: TcpStream, with: End) {
    let closed = match with {
        End::Reset => stream.set_zero_linger(),
        End::Finish => stream.shutdown().await,
    };
    if let Err(error) = closed {
        tracing::debug!(%error, "the connection had ended already");
    }
}
