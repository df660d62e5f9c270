//! A Socket.IO client engine.
