//! What a search may cost. Forging costs its sender traffic, so the work it causes is kept in proportion to that.

/// Counts in steps: a multiplication of field elements, or what takes about as long, which is a nanosecond.
pub(super) struct Effort(i64);

impl Effort {
    pub fn new(steps: i64) -> Self {
        Self(steps)
    }

    pub fn steps(&self) -> i64 {
        self.0
    }

    /// Whether there were so many left; otherwise none are taken.
    pub fn spend(&mut self, steps: usize) -> bool {
        let steps = i64::try_from(steps).unwrap_or(i64::MAX);
        if steps > self.0 {
            return false;
        }
        self.0 -= steps;
        true
    }
}
