//! The language server protocol over what [`ide`] knows of a kernel tree: nothing is found out here.
//!
//! One thread ([`serve`]) takes the messages of the client in their order and keeps its texts as the client has them. What takes
//! long is done by others, on a view of what there was when it was asked: a thread for each kernel tree that checks it
//! after each change, and some for requests.

mod action;
mod analysis;
mod answer;
mod client;
mod convert;
mod document;
mod host;
mod pool;
mod position;
mod publish;
mod server;
mod solved;
mod uri;
mod view;
mod wire;

pub use host::{Asked, AskedOfKconfig, Changed, Host, Opened};
pub use server::serve;
