package chat

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// startTimeout is for the daemon to say where it listens.
const startTimeout = 30 * time.Second

// stopTimeout is for the daemon to make everything durable when it is told to end.
const stopTimeout = 10 * time.Second

// process is one life of a daemon that we started. It ends when our end of its standard input does, so also with us.
type process struct {
	command *exec.Cmd
	input   io.WriteCloser
	place   place
	ended   chan struct{}
}

func startProcess(ctx context.Context, s settings) (*process, error) {
	command, err := commandOf(s)
	if err != nil {
		return nil, err
	}
	started := &process{command: command, ended: make(chan struct{})}
	if started.input, err = command.StdinPipe(); err != nil {
		return nil, unreachable("chatd cannot be started", err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, unreachable("chatd cannot be started", err)
	}
	problem := &tail{}
	command.Stderr = problem
	if err := command.Start(); err != nil {
		return nil, unreachable("chatd cannot be started", err)
	}
	announced := make(chan error, 1)
	go func() {
		lines := bufio.NewReader(output)
		line, err := lines.ReadBytes('\n')
		if err == nil {
			err = json.Unmarshal(line, &started.place)
		}
		announced <- err
		_, _ = io.Copy(io.Discard, lines)
		_ = command.Wait()
		close(started.ended)
	}()
	timer := time.NewTimer(startTimeout)
	defer timer.Stop()
	select {
	case err = <-announced:
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = fmt.Errorf("it said nothing within %s", startTimeout)
	}
	if err == nil {
		return started, nil
	}
	_ = command.Process.Kill()
	<-started.ended
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, unreachable("chatd did not start: "+problem.String(), err)
}

// stop ends the daemon in an orderly way, and by force if that takes too long.
func (p *process) stop() {
	_ = p.input.Close()
	select {
	case <-p.ended:
	case <-time.After(stopTimeout):
		_ = p.command.Process.Kill()
		<-p.ended
	}
}

func commandOf(s settings) (*exec.Cmd, error) {
	words := s.command
	if len(words) == 0 {
		found, err := findChatd()
		if err != nil {
			return nil, err
		}
		words = []string{found}
	}
	args := append([]string{}, words[1:]...)
	args = append(args, "--exit-with-parent")
	for _, option := range []struct{ name, value string }{
		{"--data-dir", s.dataDir}, {"--socket", s.socket}, {"--network", s.network},
	} {
		if option.value != "" {
			args = append(args, option.name, option.value)
		}
	}
	for _, peer := range s.peers {
		args = append(args, "--peer", peer)
	}
	return exec.Command(words[0], args...), nil
}

func findChatd() (string, error) {
	if path, err := exec.LookPath("chatd"); err == nil {
		return path, nil
	}
	directory, err := os.Getwd()
	for err == nil {
		path := filepath.Join(directory, "node_modules", ".bin", "chatd")
		if found, err := exec.LookPath(path); err == nil {
			return found, nil
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			break
		}
		directory = parent
	}
	return "", &Error{
		Code:    ErrDaemonNotFound.Code,
		Message: "there is no chatd in PATH, nor in node_modules/.bin here or above; install it, or name it by WithCommand",
	}
}

// tail keeps the end of what is written to it: the reason why a program ended is there.
type tail struct{ text []byte }

const tailBytes = 2000

func (t *tail) Write(text []byte) (int, error) {
	t.text = append(t.text, text...)
	if over := len(t.text) - tailBytes; over > 0 {
		t.text = append([]byte{}, t.text[over:]...)
	}
	return len(text), nil
}

func (t *tail) String() string { return string(t.text) }
