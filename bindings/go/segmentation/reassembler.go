package segmentation

import (
	"container/list"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/sha3"
)

// maxWaitingReports wait for Expire; older ones are forgotten. Incomplete is told of every one.
const maxWaitingReports = 64

// Reassembler puts segments together again, whatever their order, within fixed bounds on memory. It is for one goroutine at a time.
type Reassembler struct {
	options   ReassemblerOptions
	timeoutMs int64
	// sets by key, and the least recently updated first.
	sets      map[string]*list.Element
	recency   *list.List // of *partialSet
	buffered  int64
	ofSender  map[string]*usage
	completed *completedSets
	reports   []IncompleteReport
	latestMs  int64
	hasTime   bool
}

type usage struct {
	bytes int64
	sets  int
}

// NewReassembler checks the options. It fails with [ErrInvalidOption].
func NewReassembler(options ReassemblerOptions) (*Reassembler, error) {
	resolved, err := options.resolve()
	if err != nil {
		return nil, err
	}
	return &Reassembler{
		options: resolved, timeoutMs: resolved.Timeout.Milliseconds(), sets: map[string]*list.Element{},
		recency: list.New(), ofSender: map[string]*usage{}, completed: newCompletedSets(resolved.MaxCompletedSets),
	}, nil
}

// BufferedBytes is the memory that waiting segments take, with what it costs to keep account of them; at most MaxBufferedBytes.
func (r *Reassembler) BufferedBytes() int64 { return r.buffered }

// Accept takes one received message from anybody. It keeps no reference to it, except that a payload that travelled as it is comes
// back as the same slice.
func (r *Reassembler) Accept(message []byte) Result {
	return r.AcceptFrom("", message, r.options.Now())
}

// AcceptFrom is [Reassembler.Accept] for segments of a sender, which never mix with those of others, at a time. The name is any short
// one that the caller trusts; empty for none.
func (r *Reassembler) AcceptFrom(sender string, message []byte, now time.Time) Result {
	nowMs := now.UnixMilli()
	result := r.take(sender, message, nowMs)
	// Only now: whatever kept a set waiting, the segment that has come for it is no reason to give it up.
	r.dropExpired(nowMs)
	return result
}

// Expire drops the sets that got nothing for the timeout, and forgets what was completed that long ago. Accept does so too; call it now and
// then where nothing may arrive for long. It gives a report for each set that was given up since the last call: the newest 64.
func (r *Reassembler) Expire(now time.Time) []IncompleteReport {
	r.dropExpired(now.UnixMilli())
	reports := r.reports
	r.reports = nil
	return reports
}

// MarkComplete has a set count as complete, as after a restart: its segments are duplicates from here on.
func (r *Reassembler) MarkComplete(sender, setID string, at time.Time) {
	keeper := shortName(sender)
	key := keyOf(keeper, setID)
	if element := r.sets[key]; element != nil {
		r.remove(element)
	}
	r.completed.add(key, keeper, at.UnixMilli())
}

func (r *Reassembler) take(sender string, message []byte, nowMs int64) Result {
	if len(message) > r.options.MaxMessageSize {
		return Result{Kind: Discarded, Reason: Oversized}
	}
	parsed, reason := parseSegment(message)
	switch {
	case reason == "":
		return r.takeSegment(sender, &parsed, nowMs)
	case r.options.Wrap == WrapAlways:
		return Result{Kind: Discarded, Reason: reason}
	case int64(len(message)) > r.options.MaxPayloadSize:
		return Result{Kind: Discarded, Reason: Oversized}
	default:
		return Result{Kind: Complete, Payload: message, Sender: sender}
	}
}

func (r *Reassembler) takeSegment(sender string, s *segment, nowMs int64) Result {
	id := s.setID()
	discard := func(reason Reason) Result { return Result{Kind: Discarded, Reason: reason, SetID: id} }
	if r.options.Blind && s.payloadLength < blindingBytes {
		return discard(Invalid)
	}
	if r.isOversized(sender, s) {
		return discard(Oversized)
	}
	keeper := shortName(sender)
	key := keyOf(keeper, id)
	if r.completed.has(key) {
		return discard(Duplicate)
	}
	var set *partialSet
	element := r.sets[key]
	if element != nil {
		set = element.Value.(*partialSet)
	} else {
		set = newPartialSet(s, id, key, sender, nowMs, r.maxBytesOf(sender))
	}
	before := set.cost
	kept := set.add(s, nowMs, r.roomFor(sender))
	switch kept {
	case wasDuplicate:
		return discard(Duplicate)
	case wasMismatch:
		return discard(Mismatch)
	}
	if element == nil {
		element = r.recency.PushBack(set)
		r.sets[key] = element
		r.count(sender, set.cost, 1)
	} else {
		r.count(sender, set.cost-before, 0)
	}
	if kept == keptFirst {
		r.recency.MoveToBack(element)
	}
	if set.isReady() {
		if payload, forgedCount, isWhole := set.solve(r.options.Random); isWhole {
			r.remove(element)
			r.completed.add(key, keeper, nowMs)
			if r.options.Blind {
				payload = payload[blindingBytes:]
			}
			return Result{Kind: Complete, Payload: payload, SetID: id, Sender: sender, Forged: forgedCount}
		}
	}
	r.evict(set, nowMs)
	return Result{
		Kind: Pending, SetID: id, Index: s.index, IsParity: s.isParity,
		Held: set.held(), Needed: set.needed(), Total: set.total(),
	}
}

func (r *Reassembler) isOversized(sender string, s *segment) bool {
	limit := r.options.MaxPayloadSize
	if r.options.Blind {
		limit += blindingBytes
	}
	return s.payloadLength > limit || s.dataCount+s.parityCount > r.options.MaxTotalSegments ||
		maxCostOf(s, sender) > r.maxBytesOf(sender)
}

func (r *Reassembler) maxBytesOf(sender string) int64 {
	if sender == "" {
		return r.options.MaxBufferedBytes
	}
	return min(r.options.MaxBufferedBytes, r.options.MaxBufferedBytesPerSender)
}

func (r *Reassembler) roomFor(sender string) int64 {
	free := r.options.MaxBufferedBytes - r.buffered
	if sender == "" {
		return free
	}
	return min(free, r.maxBytesOf(sender)-r.usageOf(sender).bytes)
}

func (r *Reassembler) usageOf(sender string) usage {
	if own := r.ofSender[sender]; own != nil {
		return *own
	}
	return usage{}
}

// evict gives up others. The set that just grew stays: none that is larger than the bounds gets in.
func (r *Reassembler) evict(grown *partialSet, nowMs int64) {
	sender := grown.sender
	isWithin := func() bool {
		own := r.usageOf(sender)
		return own.bytes <= r.options.MaxBufferedBytesPerSender && own.sets <= r.options.MaxSetsPerSender
	}
	r.giveUpUntil(func() bool { return sender == "" || isWithin() }, func(set *partialSet) bool {
		return set != grown && set.sender == sender
	}, nowMs)
	r.giveUpUntil(func() bool {
		return r.buffered <= r.options.MaxBufferedBytes && len(r.sets) <= r.options.MaxSets
	}, func(set *partialSet) bool { return set != grown }, nowMs)
}

func (r *Reassembler) giveUpUntil(isEnough func() bool, mayGo func(*partialSet) bool, nowMs int64) {
	for element := r.recency.Front(); element != nil && !isEnough(); {
		next := element.Next()
		if mayGo(element.Value.(*partialSet)) {
			r.giveUp(element, "evicted", nowMs)
		}
		element = next
	}
}

func (r *Reassembler) dropExpired(nowMs int64) {
	if r.hasTime && nowMs < r.latestMs {
		for element := r.recency.Front(); element != nil; element = element.Next() {
			element.Value.(*partialSet).setBackClock(nowMs)
		}
		r.completed.setBackClock(nowMs)
	}
	r.latestMs, r.hasTime = nowMs, true
	deadlineMs := nowMs - r.timeoutMs
	for element := r.recency.Front(); element != nil; element = r.recency.Front() {
		if element.Value.(*partialSet).updatedAt > deadlineMs {
			break
		}
		r.giveUp(element, "timeout", nowMs)
	}
	r.completed.forget(deadlineMs)
}

func (r *Reassembler) giveUp(element *list.Element, reason string, nowMs int64) {
	report := element.Value.(*partialSet).report(reason, nowMs)
	r.remove(element)
	if r.reports = append(r.reports, report); len(r.reports) > maxWaitingReports {
		r.reports = append([]IncompleteReport{}, r.reports[1:]...)
	}
	if r.options.Incomplete != nil {
		r.options.Incomplete(report)
	}
}

func (r *Reassembler) remove(element *list.Element) {
	set := element.Value.(*partialSet)
	r.recency.Remove(element)
	delete(r.sets, set.key)
	r.count(set.sender, -set.cost, -1)
}

func (r *Reassembler) count(sender string, bytes int64, sets int) {
	r.buffered += bytes
	if sender == "" {
		return
	}
	own := r.ofSender[sender]
	if own == nil {
		own = &usage{}
		r.ofSender[sender] = own
	}
	own.bytes += bytes
	own.sets += sets
	if own.sets == 0 {
		delete(r.ofSender, sender)
	}
}

const longestName = 64

// shortName is a name by itself, or a hash of it where it is long.
func shortName(sender string) string {
	if letters(sender) <= longestName {
		return sender
	}
	hash := sha3.NewLegacyKeccak256()
	hash.Write([]byte(sender))
	// One letter longer than any short name, so that nobody can name himself like the hash of another.
	text := hex.EncodeToString(hash.Sum(nil))
	return strings.Repeat("#", longestName+1-len(text)) + text
}

// letters counts as JavaScript does, in UTF-16 units, so that costs are the same.
func letters(name string) int {
	count := utf8.RuneCountInString(name)
	for _, letter := range name {
		if letter > 0xffff {
			count++
		}
	}
	return count
}

// keyOf: no set id holds a line break, so no two pairs have one key.
func keyOf(sender, setID string) string { return sender + "\n" + setID }
