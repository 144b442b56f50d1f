package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"time"
)

// renewTimeout bounds how long a login may take to be renewed, and renewLook is how
// often the file is looked at meanwhile: it happens once in hours.
const (
	renewTimeout = 20 * time.Second
	renewLook    = 200 * time.Millisecond
)

// renew lets the user's own CLI renew its login, with the user's own folder and
// outside of any sandbox, so that what it is given in exchange is kept: it does so
// when it is told to initialize, and asks no model.
func (l *Launcher) renew(ctx context.Context) (err error) {
	l.renewing.Lock()
	defer l.renewing.Unlock()
	expired := func() bool {
		_, t, err := l.user.credentials()
		return err == nil && t.expired(time.Now())
	}
	if !expired() {
		return nil // another agent was faster
	}
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, l.cli.Path, "-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose",
		"--setting-sources", "", "--strict-mcp-config")
	cmd.Env = append(slices.Clip(l.options.Environ), "DISABLE_AUTOUPDATER=1")
	cmd.WaitDelay = time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	_, err = io.WriteString(in, `{"type":"control_request","request_id":"renew","request":{"subtype":"initialize"}}`+"\n")
	look := time.NewTicker(renewLook)
	defer look.Stop()
	for err == nil && expired() {
		select {
		case <-look.C:
		case why := <-ended:
			ended <- why
			err = errors.Join(errors.New("it has ended"), why)
		case <-ctx.Done():
			err = fmt.Errorf("nothing happened within %s", renewTimeout)
		}
	}
	cancel()
	<-ended // its end by the context is no news
	return err
}
