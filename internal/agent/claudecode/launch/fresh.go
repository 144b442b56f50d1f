package launch

import (
	"context"
	"errors"
	"strconv"
	"time"
)

const (
	freshLook = time.Minute     // how often it is looked whether a login is still good
	helperTTL = 5 * time.Minute // how long a printed key is, unless the user says otherwise; as for the CLI
)

// keepFresh gives a session a new token or key before the one that it has ends: the
// CLI reads the files again. One goroutine a session, until its context ends.
func (l *Launcher) keepFresh(ctx context.Context, s Spec, own settings) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, t, err := l.user.credentials()
	if l.fresh[s.State] || own.APIKeyHelper == "" && (err != nil || t.ExpiresAt == 0) {
		return // somebody does it, or nothing ends
	}
	l.fresh[s.State] = true
	go func() {
		defer func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			delete(l.fresh, s.State)
		}()
		l.freshen(ctx, s, own, t)
	}()
}

func (l *Launcher) freshen(ctx context.Context, s Spec, own settings, has token) {
	look := time.NewTicker(l.look)
	defer look.Stop()
	ttl := helperTTL
	if ms, err := strconv.Atoi(first(lookup(l.options.Environ, ttlVariable), own.Env[ttlVariable])); err == nil && ms > 0 {
		ttl = time.Duration(ms) * time.Millisecond
	}
	printed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		var out login
		var err error
		if own.APIKeyHelper != "" && time.Since(printed) >= ttl {
			printed = time.Now()
			err = l.runHelper(ctx, s, own, &out)
		}
		if _, now, why := l.user.credentials(); why == nil && (now != has || now.expired(time.Now())) {
			err = errors.Join(err, l.token(ctx, s, &out))
			_, has, _ = l.user.credentials() // looked at again soon, whatever it was
		}
		l.hush(s, out.secrets)
		if err != nil && ctx.Err() == nil {
			l.note("the login of agents could not be kept fresh: " + err.Error())
		}
	}
}

const ttlVariable = "CLAUDE_CODE_API_KEY_HELPER_TTL_MS"
