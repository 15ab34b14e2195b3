package main

import (
	"crypto/rand"
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/waku-org/go-waku/waku/v2/protocol/pb"
)

// What became of each message of one run. Payloads begin with its id, so that nothing of another run counts.
type track struct {
	id          [8]byte
	startedAt   time.Time
	patience    time.Duration
	subscribers int
	finished    chan struct{} // closed when all messages are settled

	mutex     sync.Mutex
	messages  []tracked
	settled   int
	refusals  int
	arrivals  int
	delivered int
	lastAt    time.Time
	latencies []time.Duration
}

type tracked struct {
	dueAt   time.Time
	seen    []uint64 // bits, by subscriber
	missing int
	timer   *time.Timer
	over    bool
	settled chan struct{} // closed when it is everywhere, lost or refused
}

type result struct {
	Sent      int     `json:"sent"`
	Refused   int     `json:"refused"`
	Lost      int     `json:"lost"`      // neither refused nor at every subscriber in time
	Delivered int     `json:"delivered"` // at every subscriber
	Arrivals  int     `json:"arrivals"`  // once for each subscriber
	Seconds   float64 `json:"seconds"`   // from the first push to the last arrival
	P50Ms     float64 `json:"p50Ms"`     // from when it was due until the last subscriber had it
	P99Ms     float64 `json:"p99Ms"`
	MaxMs     float64 `json:"maxMs"`
}

func newTrack(count, subscribers int, patience time.Duration) *track {
	t := &track{
		startedAt: time.Now(), patience: patience, subscribers: subscribers,
		finished: make(chan struct{}), messages: make([]tracked, count),
	}
	_, _ = rand.Read(t.id[:])
	for index := range t.messages {
		message := &t.messages[index]
		message.missing = subscribers
		message.settled = make(chan struct{})
	}
	return t
}

func (t *track) sent(index int, dueAt time.Time) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	message := &t.messages[index]
	message.dueAt = dueAt
	message.seen = make([]uint64, (t.subscribers+63)/64)
	message.timer = time.AfterFunc(t.patience, func() {
		t.mutex.Lock()
		defer t.mutex.Unlock()
		t.settle(message)
	})
}

func (t *track) refused(index int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if message := &t.messages[index]; !message.over {
		t.refusals++
		t.settle(message)
	}
}

func (t *track) arrived(subscriber int, message *pb.WakuMessage) {
	now := time.Now()
	payload := message.GetPayload()
	if len(payload) < len(t.id)+8 || [8]byte(payload) != t.id {
		return
	}
	index := binary.BigEndian.Uint64(payload[len(t.id):])
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if index >= uint64(len(t.messages)) {
		return
	}
	found := &t.messages[index]
	word, bit := subscriber/64, uint64(1)<<(subscriber%64)
	if found.over || found.seen[word]&bit != 0 {
		return
	}
	found.seen[word] |= bit
	found.missing--
	t.arrivals++
	t.lastAt = now
	if found.missing == 0 {
		t.delivered++
		t.latencies = append(t.latencies, now.Sub(found.dueAt))
		t.settle(found)
	}
}

// With the lock held.
func (t *track) settle(message *tracked) {
	if message.over {
		return
	}
	message.over = true
	message.seen = nil
	message.timer.Stop()
	close(message.settled)
	t.settled++
	if t.settled == len(t.messages) {
		close(t.finished)
	}
}

func (t *track) settledCount() int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.settled
}

func (t *track) result() result {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	slices.Sort(t.latencies)
	return result{
		Sent:      t.settled,
		Refused:   t.refusals,
		Lost:      t.settled - t.refusals - t.delivered,
		Delivered: t.delivered,
		Arrivals:  t.arrivals,
		Seconds:   max(t.lastAt.Sub(t.startedAt).Seconds(), 0),
		P50Ms:     quantileMs(t.latencies, 0.5),
		P99Ms:     quantileMs(t.latencies, 0.99),
		MaxMs:     quantileMs(t.latencies, 1),
	}
}

// The smallest of them that at least this share does not exceed.
func quantileMs(sorted []time.Duration, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	index := max(int(math.Ceil(share*float64(len(sorted))))-1, 0)
	return float64(sorted[index].Microseconds()) / 1_000
}
