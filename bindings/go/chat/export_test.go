package chat

import "context"

// ProcessID of the daemon that runs now, for tests that kill it.
func ProcessID(ctx context.Context, d *Daemon) (int, error) {
	pid := 0
	err := d.call(ctx, func(c *connection) error {
		pid = int(c.info.GetProcessId())
		return nil
	})
	return pid, err
}
