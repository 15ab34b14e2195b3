package segmentation

import "container/list"

// completedSets are those of late, so that their late segments are not taken for the beginning of new ones. One sender cannot have
// those of others forgotten before it fills half of the memory by itself.
type completedSets struct {
	limit    int
	oldest   *list.List // of *completedSet
	byKey    map[string]*list.Element
	ofSender map[string]int
}

type completedSet struct {
	key, sender   string
	completedAtMs int64
}

func newCompletedSets(limit int) *completedSets {
	return &completedSets{limit: limit, oldest: list.New(), byKey: map[string]*list.Element{}, ofSender: map[string]int{}}
}

func (c *completedSets) has(key string) bool { return c.byKey[key] != nil }

func (c *completedSets) add(key, sender string, completedAtMs int64) {
	c.delete(key)
	c.byKey[key] = c.oldest.PushBack(&completedSet{key, sender, completedAtMs})
	c.ofSender[sender]++
	if len(c.byKey) <= c.limit {
		return
	}
	isGreedy := 2*c.ofSender[sender] > c.limit
	for element := c.oldest.Front(); element != nil; element = element.Next() {
		if set := element.Value.(*completedSet); !isGreedy || set.sender == sender {
			c.delete(set.key)
			return
		}
	}
}

// forget what was completed at the deadline or earlier.
func (c *completedSets) forget(deadlineMs int64) {
	for element := c.oldest.Front(); element != nil; element = c.oldest.Front() {
		set := element.Value.(*completedSet)
		if set.completedAtMs > deadlineMs {
			return
		}
		c.delete(set.key)
	}
}

// setBackClock: nothing was completed later than now.
func (c *completedSets) setBackClock(nowMs int64) {
	for element := c.oldest.Front(); element != nil; element = element.Next() {
		set := element.Value.(*completedSet)
		set.completedAtMs = min(set.completedAtMs, nowMs)
	}
}

func (c *completedSets) delete(key string) {
	element := c.byKey[key]
	if element == nil {
		return
	}
	sender := element.Value.(*completedSet).sender
	c.oldest.Remove(element)
	delete(c.byKey, key)
	if c.ofSender[sender]--; c.ofSender[sender] == 0 {
		delete(c.ofSender, sender)
	}
}
