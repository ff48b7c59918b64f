//! Whether this member does its share: it has been told which partitions are its own, and
//! has found where to go on in each.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Clones share the state.
#[derive(Debug, Clone, Default)]
pub(crate) struct Presence(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    is_member: bool,
    recovering: BTreeSet<u32>,
}

impl Presence {
    pub(crate) fn assigned(&self, partitions: &[u32]) {
        let mut state = self.state();
        state.is_member = true;
        state.recovering.extend(partitions);
    }

    pub(crate) fn recovered(&self, partition: u32) {
        self.state().recovering.remove(&partition);
    }

    pub(crate) fn revoked(&self, partitions: &[u32]) {
        let mut state = self.state();
        state
            .recovering
            .retain(|partition| !partitions.contains(partition));
    }

    /// For readiness; the error is for operators. A member without partitions is ready:
    /// there may be more members than partitions.
    pub(crate) fn check(&self) -> Result<(), String> {
        let state = self.state();
        if !state.is_member {
            return Err("not a member of the consumer group yet".to_owned());
        }
        if !state.recovering.is_empty() {
            return Err(format!("partitions {:?} recover", state.recovering));
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Presence;

    #[test]
    fn ready_when_every_assigned_partition_is_recovered() {
        let presence = Presence::default();
        assert!(presence.check().is_err());
        presence.assigned(&[0, 1, 2]);
        assert!(presence.check().is_err());
        presence.recovered(0);
        presence.recovered(1);
        assert!(presence.check().is_err());
        presence.revoked(&[2]);
        assert!(presence.check().is_ok());
        let idle = Presence::default();
        idle.assigned(&[]);
        assert!(idle.check().is_ok());
    }
}
