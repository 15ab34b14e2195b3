package chat

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"connectrpc.com/connect"
	daemonv1 "github.com/at-chat/chat/bindings/go/chat/internal/gen/chat/daemon/v1"
	"google.golang.org/protobuf/proto"
)

// Daemon is a chatd that was started or attached to. All its methods, and those of what comes from it, may be called from
// several goroutines at once.
type Daemon struct {
	settings settings
	// connect begins another life of the connection.
	connect func(context.Context) (*connection, error)
	// release ends what connect has begun.
	release func()

	mu       sync.Mutex
	current  *connection
	failure  error
	changed  chan struct{}
	isBusy   bool
	isClosed bool
	opened   map[string]*daemonv1.OpenAccountRequest
}

const (
	firstPause   = 50 * time.Millisecond
	longestPause = 2 * time.Second
)

// Start runs a chatd and watches over it until [Daemon.Close]. It ends with this program, however that ends.
func Start(ctx context.Context, options ...Option) (*Daemon, error) {
	s := settingsOf(options)
	var mu sync.Mutex
	var running *process
	d := &Daemon{settings: s}
	d.connect = func(ctx context.Context) (*connection, error) {
		mu.Lock()
		defer mu.Unlock()
		if running != nil {
			running.stop() // it does not answer, or has ended
			running = nil
		}
		started, err := startProcess(ctx, s)
		if err != nil {
			return nil, err
		}
		made, err := connectTo(ctx, started.place)
		if err != nil {
			started.stop()
			return nil, err
		}
		running = started
		s.logger.Info("chatd started", "version", made.info.GetVersion(), "pid", made.info.GetProcessId())
		go func() {
			<-started.ended
			s.logger.Info("chatd ended", "pid", made.info.GetProcessId())
			d.lose(made) // so that accounts receive again before anybody calls
		}()
		return made, nil
	}
	d.release = func() {
		mu.Lock()
		defer mu.Unlock()
		if running != nil {
			running.stop()
			running = nil
		}
	}
	return d, d.begin(ctx)
}

// Attach uses a chatd that runs already, given by [WithSocket] or [WithDataDir]. If it is restarted, calls go on with the new one.
func Attach(ctx context.Context, options ...Option) (*Daemon, error) {
	s := settingsOf(options)
	socket := s.socket
	if socket == "" && s.dataDir != "" {
		socket = filepath.Join(s.dataDir, "chatd.sock")
	}
	if socket == "" {
		return nil, &Error{Code: ErrInvalidOption.Code, Message: "Attach wants WithSocket or WithDataDir"}
	}
	d := &Daemon{settings: s, release: func() {}}
	d.connect = func(ctx context.Context) (*connection, error) {
		return connectTo(ctx, place{Socket: socket, TokenFile: socket + ".token"})
	}
	return d, d.begin(ctx)
}

// begin makes the first connection, without the patience of later ones: what fails now is usually a wrong setting.
func (d *Daemon) begin(ctx context.Context) error {
	d.changed = make(chan struct{})
	d.opened = map[string]*daemonv1.OpenAccountRequest{}
	made, err := d.connect(ctx)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failure == nil {
		d.current = made
	}
	return nil
}

// Version is that of the daemon that runs now.
func (d *Daemon) Version(ctx context.Context) (string, error) {
	version := ""
	err := d.call(ctx, func(c *connection) error {
		version = c.info.GetVersion()
		return nil
	})
	return version, err
}

// OpenAccount opens an account, and makes it if it is new. It stays open for all who use the daemon until [Account.Close];
// after a restart of the daemon it is opened again by itself.
func (d *Daemon) OpenAccount(ctx context.Context, name string, options ...AccountOption) (*Account, error) {
	request := &daemonv1.OpenAccountRequest{Name: name}
	for _, option := range options {
		option(request)
	}
	account := &Account{daemon: d, name: name}
	err := d.call(ctx, func(c *connection) error {
		answer, err := c.accounts.OpenAccount(ctx, connect.NewRequest(request))
		if err == nil {
			account.id = answer.Msg.GetAccount().GetId()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.opened[name] = request
	d.mu.Unlock()
	return account, nil
}

// Accounts lists the names of all accounts in the daemon's folder, open or not.
func (d *Daemon) Accounts(ctx context.Context) ([]string, error) {
	var names []string
	err := d.call(ctx, func(c *connection) error {
		answer, err := c.accounts.ListAccounts(ctx, connect.NewRequest(&daemonv1.ListAccountsRequest{}))
		if err != nil {
			return err
		}
		names = nil
		for _, account := range answer.Msg.GetAccounts() {
			names = append(names, account.GetName())
		}
		return nil
	})
	return names, err
}

// Close ends a daemon that was started, once everything is durable. One that was attached to goes on. Calls that are under
// way, and later ones, fail with [ErrClosed].
func (d *Daemon) Close() error {
	d.mu.Lock()
	if d.isClosed {
		d.mu.Unlock()
		return nil
	}
	d.isClosed = true
	d.set(nil, ErrClosed)
	d.mu.Unlock()
	d.release()
	return nil
}

// call runs do with the connection there is, and once more with the next one if that was lost meanwhile. So do has to be
// something that may be done twice: what sends has a key.
func (d *Daemon) call(ctx context.Context, do func(*connection) error) error {
	deadline := time.Now().Add(d.settings.patience)
	for {
		c, err := d.connection(ctx, deadline)
		if err != nil {
			return err
		}
		err = do(c)
		if err == nil || ctx.Err() != nil || !isLost(err) {
			return fromCall(ctx, err)
		}
		d.lose(c)
		if time.Now().After(deadline) {
			return fromCall(ctx, err)
		}
	}
}

// connection waits for one.
func (d *Daemon) connection(ctx context.Context, deadline time.Time) (*connection, error) {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	for {
		d.mu.Lock()
		current, failure, changed := d.current, d.failure, d.changed
		d.mu.Unlock()
		if current != nil || failure != nil {
			return current, failure
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-timer.C:
			return nil, unreachable("the daemon is gone, and does not come back", nil)
		}
	}
}

// lose gives up a connection, and looks for the next one in the background.
func (d *Daemon) lose(c *connection) {
	d.mu.Lock()
	defer d.mu.Unlock()
	c.close()
	if d.isClosed || (d.current != c && d.current != nil) || d.isBusy {
		return
	}
	d.set(nil, nil)
	d.isBusy = true
	go d.reconnect()
}

func (d *Daemon) reconnect() {
	pause := firstPause
	for {
		made, err := d.next()
		d.mu.Lock()
		if d.isClosed {
			d.isBusy = false
			d.mu.Unlock()
			if made != nil {
				made.close()
			}
			d.release()
			return
		}
		// A chatd that was downgraded does not get better by waiting.
		if err == nil || errors.Is(err, ErrVersionMismatch) {
			d.isBusy = false
			d.set(made, err)
			d.mu.Unlock()
			return
		}
		d.mu.Unlock()
		d.settings.logger.Warn("chatd is not there", "problem", err.Error())
		time.Sleep(pause)
		pause = min(2*pause, longestPause)
	}
}

// next connects, and opens the accounts that were open.
func (d *Daemon) next() (*connection, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout+handshakeTimeout)
	defer cancel()
	made, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	requests := make([]*daemonv1.OpenAccountRequest, 0, len(d.opened))
	for _, request := range d.opened {
		again := proto.Clone(request).(*daemonv1.OpenAccountRequest)
		again.QueueWhenUnreachable = true // it was open: that the network is away now is no reason to close it
		requests = append(requests, again)
	}
	d.mu.Unlock()
	for _, request := range requests {
		// One that does not open, because somebody else opened it otherwise, says so in its calls.
		if _, err := made.accounts.OpenAccount(ctx, connect.NewRequest(request)); err != nil {
			d.settings.logger.Warn("an account did not open again", "account", request.GetName(), "problem", err.Error())
			if isLost(err) {
				made.close()
				return nil, err
			}
		}
	}
	return made, nil
}

// set tells all who wait. The lock is held.
func (d *Daemon) set(current *connection, failure error) {
	d.current, d.failure = current, failure
	close(d.changed)
	d.changed = make(chan struct{})
}

// forget is for an account that was closed.
func (d *Daemon) forget(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.opened, name)
}
