//! Dead letters: records of the events topic that could not be decoded when they were read.
//!
//! [`list`] shows them. [`replay()`] puts those that can be decoded now (by a version that knows
//! more than the one that gave up on them) onto the events topic again, where they are new
//! records of an old event: (tenant, id) counts once.
//!
//! Each letter is replayed once. After its record is stored, a mark with the letter's key
//! goes to the dead-letter topic; a letter with a mark is left alone. Who is killed between
//! the two leaves a record without a mark, and the next replay sends it a second time: within
//! the 24 hours in which (tenant, id) counts once, that changes nothing.

mod letter;
mod read;
mod replay;

pub use letter::{Letter, State};
pub use read::list;
pub use replay::{Replayed, replay};
