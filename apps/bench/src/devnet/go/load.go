package main

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"log"
	"sync"
	"sync/atomic"
	"time"

	"github.com/waku-org/go-waku/waku/v2/protocol/pb"
	"google.golang.org/protobuf/proto"
)

const (
	dialsAtOnce  = 16
	probeEvery   = 500 * time.Millisecond
	probeTimeout = 60 * time.Second
	pingEvery    = time.Minute
	tellEvery    = 10 * time.Second
)

type plan struct {
	pushAt, subscribeAt  string
	senders, subscribers int
	count, sizeBytes     int
	window               int           // messages under way, from push to the last subscriber
	rate                 float64       // or: messages a second, whatever is under way
	patience             time.Duration // until a message is lost
}

// Light pushes and their way to filter subscribers. What is measured begins when everybody has had a message.
func load(ctx context.Context, args []string) error {
	var wanted plan
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	flags.StringVar(&wanted.pushAt, "push", "", "address of the node that takes the messages")
	flags.StringVar(&wanted.subscribeAt, "subscribe", "", "address of the node that brings them; default: the same")
	flags.IntVar(&wanted.senders, "senders", 4, "peers that push; with 0, subscribers do")
	flags.IntVar(&wanted.subscribers, "subscribers", 1, "peers that subscribe")
	flags.IntVar(&wanted.count, "count", 1_000, "messages")
	flags.IntVar(&wanted.sizeBytes, "size", 1_000, "bytes of a payload")
	flags.IntVar(&wanted.window, "window", 32, "messages under way, with rate 0")
	flags.Float64Var(&wanted.rate, "rate", 0, "messages a second; 0: as many as come through")
	flags.DurationVar(&wanted.patience, "patience", 10*time.Second, "until a message is lost")
	_ = flags.Parse(args)
	if wanted.subscribeAt == "" {
		wanted.subscribeAt = wanted.pushAt
	}
	run := &run{plan: wanted, contentTopic: "/bench/1/" + randomHex() + "/proto", payload: make([]byte, wanted.sizeBytes)}
	_, _ = rand.Read(run.payload) // nothing on the way can make it smaller
	if err := run.open(ctx); err != nil {
		return err
	}
	if err := run.probe(ctx); err != nil {
		return err
	}
	measured := run.measure(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return tell(measured)
}

type run struct {
	plan
	contentTopic string
	payload      []byte
	senders      []*lightPeer
	subscribers  []*lightPeer
	track        atomic.Pointer[track]
	nextSender   atomic.Uint64
	refusal      sync.Once
}

func (r *run) open(ctx context.Context) error {
	subscribers, err := together(r.plan.subscribers, func(index int) (*lightPeer, error) {
		subscriber, err := dial(ctx, r.subscribeAt)
		if err != nil {
			return nil, err
		}
		return subscriber, subscriber.subscribe(ctx, r.contentTopic, func(message *pb.WakuMessage) {
			if current := r.track.Load(); current != nil {
				current.arrived(index, message)
			}
		})
	})
	if err != nil {
		return fmt.Errorf("subscribers: %w", err)
	}
	r.subscribers, r.senders = subscribers, subscribers[:min(4, len(subscribers))]
	if r.plan.senders > 0 {
		r.senders, err = together(r.plan.senders, func(int) (*lightPeer, error) { return dial(ctx, r.pushAt) })
	}
	go r.stay(ctx)
	return err
}

// Until a message reaches every subscriber: a mesh may have to form, and each way is used once before it is measured.
func (r *run) probe(ctx context.Context) error {
	for deadline := time.Now().Add(probeTimeout); time.Now().Before(deadline); {
		current := newTrack(1, len(r.subscribers), r.patience)
		r.track.Store(current)
		r.push(ctx, current, 0, time.Now())
		select {
		case <-current.finished:
		case <-time.After(probeEvery):
		}
		if current.result().Delivered == 1 {
			return r.warm(ctx)
		}
	}
	return errors.New("no message reached every subscriber")
}

// Some more, so that nobody is in the middle of finding out what a subscriber is like.
func (r *run) warm(ctx context.Context) error {
	warming := &run{plan: r.plan, contentTopic: r.contentTopic, payload: r.payload, senders: r.senders}
	warming.count, warming.rate = min(20, r.count), 0
	current := newTrack(warming.count, len(r.subscribers), r.patience)
	r.track.Store(current)
	warming.send(ctx, current)
	return ctx.Err()
}

func (r *run) measure(ctx context.Context) result {
	current := newTrack(r.count, len(r.subscribers), r.patience)
	r.track.Store(current)
	ended := make(chan struct{})
	go func() {
		for {
			select {
			case <-ended:
				return
			case <-time.After(tellEvery):
				log.Printf("  %d of %d messages", current.settledCount(), r.count)
			}
		}
	}()
	r.send(ctx, current)
	close(ended)
	return current.result()
}

func (r *run) send(ctx context.Context, current *track) {
	current.startedAt = time.Now()
	slots := make(chan struct{}, max(r.window, 1))
	for index := range r.count {
		dueAt := time.Now()
		if r.rate > 0 {
			// From when it was due: a node that is late must not make the load wait for it.
			dueAt = current.startedAt.Add(time.Duration(float64(index) / r.rate * float64(time.Second)))
			time.Sleep(time.Until(dueAt))
		} else {
			slots <- struct{}{}
			dueAt = time.Now()
		}
		if ctx.Err() != nil {
			return
		}
		go func() {
			r.push(ctx, current, index, dueAt)
			<-current.messages[index].settled
			if r.rate == 0 {
				<-slots
			}
		}()
	}
	<-current.finished
}

func (r *run) push(ctx context.Context, current *track, index int, dueAt time.Time) {
	payload := append([]byte(nil), r.payload...)
	copy(payload, current.id[:])
	binary.BigEndian.PutUint64(payload[len(current.id):], uint64(index))
	current.sent(index, dueAt)
	sender := r.senders[r.nextSender.Add(1)%uint64(len(r.senders))]
	err := sender.push(ctx, &pb.WakuMessage{
		Payload: payload, ContentTopic: r.contentTopic, Timestamp: proto.Int64(time.Now().UnixNano()),
	})
	if err != nil {
		r.refusal.Do(func() { log.Printf("  a push failed: %v", err) })
		current.refused(index)
	}
}

func (r *run) stay(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pingEvery):
		}
		for _, subscriber := range r.subscribers {
			if err := subscriber.ping(ctx); err != nil && ctx.Err() == nil {
				log.Printf("  a subscription is gone: %v", err)
			}
		}
	}
}

// A few at a time.
func together(count int, open func(index int) (*lightPeer, error)) ([]*lightPeer, error) {
	opened := make([]*lightPeer, count)
	failures := make([]error, count)
	var waiting sync.WaitGroup
	slots := make(chan struct{}, dialsAtOnce)
	for index := range count {
		waiting.Add(1)
		slots <- struct{}{}
		go func() {
			defer waiting.Done()
			opened[index], failures[index] = open(index)
			<-slots
		}()
	}
	waiting.Wait()
	return opened, errors.Join(failures...)
}

func randomHex() string {
	bytes := make([]byte, 8)
	_, _ = rand.Read(bytes)
	return hex.EncodeToString(bytes)
}
