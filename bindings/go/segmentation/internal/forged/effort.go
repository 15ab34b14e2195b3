package forged

// Effort is what a search may cost. Forging costs its sender traffic, so the work it causes is kept in proportion to that. It counts in
// steps: a multiplication of field elements, or what takes about as long, which is a nanosecond.
type Effort struct{ steps int64 }

// NewEffort has so many steps.
func NewEffort(steps int64) *Effort { return &Effort{steps} }

// Steps that are left.
func (e *Effort) Steps() int64 { return e.steps }

// spend reports whether there were so many left; otherwise none are taken.
func (e *Effort) spend(steps int) bool {
	if int64(steps) > e.steps {
		return false
	}
	e.steps -= int64(steps)
	return true
}
