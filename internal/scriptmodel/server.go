package scriptmodel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server is a scripted model that is listening.
type Server struct {
	URL string // what ANTHROPIC_BASE_URL is set to

	script *Script
	log    *record
	http   *http.Server
	end    context.CancelFunc
	served sync.WaitGroup
}

// Start listens on a free port of 127.0.0.1.
func Start(script *Script) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("scripted model: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Server{URL: "http://" + listener.Addr().String(), script: script, log: newRecord(), end: cancel}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/messages", s.messages)
	mux.HandleFunc("POST /v1/messages/count_tokens", s.count)
	mux.HandleFunc("HEAD /{$}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.log.problem("%s %s: not a part of the Messages API that is scripted", r.Method, r.URL.Path)
		answerError(w, &Fail{Status: http.StatusNotFound, Message: "no " + r.URL.Path})
	})
	s.http = &http.Server{
		Handler:           s.trap(mux),
		ReadHeaderTimeout: time.Minute,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	s.served.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.problem("serving ended: %v", err)
		}
	})
	return s, nil
}

// trap is what makes of the server a proxy that lets nobody through, so that a
// program which is given it as its proxy can't call elsewhere unnoticed.
func (s *Server) trap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect || r.URL.IsAbs() {
			s.log.strayed(r.Method + " " + r.RequestURI)
			http.Error(w, "scripted model: no way out", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// Close ends the answers under way, and the listener.
func (s *Server) Close() error {
	s.end()
	err := s.http.Close()
	s.served.Wait()
	return err
}

// Requests returns the log so far.
func (s *Server) Requests() []Request {
	requests, _ := s.log.all()
	return requests
}

// Wait returns once a step has been asked for that many times.
func (s *Server) Wait(ctx context.Context, at At, times int) error { return s.log.wait(ctx, at, times) }

// Check says what went otherwise than the script has it, with the log.
func (s *Server) Check() error {
	requests, problems := s.log.all()
	return failure(append(problems, s.script.verify(requests)...), requests)
}

// Elsewhere is what whoever has the server as its proxy called, but for the model,
// each once. None of it got through.
func (s *Server) Elsewhere() []string { return s.log.elsewhere() }

// Log is the requests so far as a table.
func (s *Server) Log() string { return table(s.Requests()) }

// count answers how many tokens a request has, roughly.
func (s *Server) count(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	if err != nil {
		answerError(w, &Fail{Status: http.StatusBadRequest, Message: err.Error()})
		return
	}
	writeJSON(w, http.StatusOK, map[string]int{"input_tokens": len(data) / 4})
}

func (s *Server) messages(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	if err != nil { // the client went away
		s.log.problem("a request broke off: %v", err)
		return
	}
	b, turns, err := readBody(data)
	if err != nil {
		s.log.problem("%v", err)
		answerError(w, &Fail{Status: http.StatusBadRequest, Message: err.Error()})
		return
	}
	rule, index := s.script.chosen(turns)
	logged := describe(r, b, turns)
	if rule != nil {
		logged.Rule, logged.Step = rule.Name, index+1
	}
	logged.N = s.log.add(logged)
	if rule == nil {
		s.unscripted(w, logged, b.Stream)
		return
	}
	if index >= len(rule.Steps) {
		s.log.problem("rule %s has %d steps, request %d asks for one more; it brought: %s", rule.Name, len(rule.Steps), logged.N, excerpt(logged.Fresh))
		s.log.answered(logged.N, "nothing left to say")
		answer(w, &Step{Text: "Nothing left to say."}, logged, b.Stream)
		return
	}
	step := &rule.Steps[index]
	s.expect(step, logged)
	s.play(r.Context(), w, step, logged, b.Stream)
}

// unscripted answers what no rule speaks to. A program asks for a word or two on
// the side (a title, whether the service is there), without tools; anything else
// is a mistake in the script.
func (s *Server) unscripted(w http.ResponseWriter, r Request, stream bool) {
	if len(r.Tools) > 0 && strings.TrimSpace(r.Fresh) != "Warmup" {
		s.log.problem("request %d has no rule's marker; it brought: %s", r.N, excerpt(r.Fresh))
	}
	s.log.answered(r.N, "ok")
	answer(w, &Step{Text: "ok"}, r, stream)
}

func (s *Server) expect(step *Step, r Request) {
	at := At{r.Rule, r.Step}
	for _, p := range step.Expect {
		if !p.re.MatchString(r.Heard) {
			s.log.problem("%s: %q was not heard; request %d brought: %s", at, p, r.N, excerpt(r.Fresh))
		}
	}
	for _, p := range step.Never {
		if p.re.MatchString(r.Heard) {
			s.log.problem("%s: %q was heard, and never should be; request %d brought: %s", at, p, r.N, excerpt(r.Fresh))
		}
	}
}

// play does what the step says, in order: wait, fail, answer.
func (s *Server) play(ctx context.Context, w http.ResponseWriter, step *Step, r Request, stream bool) {
	for _, at := range step.After {
		if s.log.wait(ctx, at, 1) != nil {
			return // the client or the server ended; the log shows a request without an answer
		}
	}
	if !pause(ctx, time.Duration(step.Delay)) {
		return
	}
	if f := step.Fail; f != nil && s.log.fails(At{r.Rule, r.Step}, f.Times) {
		s.log.answered(r.N, f.String())
		fail(ctx, w, step, r)
		return
	}
	s.log.answered(r.N, step.String())
	answer(w, step, r, stream)
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// describe is a request as it is logged.
func describe(r *http.Request, b body, turns []turn) Request {
	out := Request{
		Came: time.Now(), Model: b.Model, Session: r.Header.Get("X-Claude-Code-Session-Id"), Client: r.UserAgent(),
	}
	out.Heard, out.Fresh = heard(turns)
	if _, system, err := texts(b.System); err == nil {
		out.System = system
	}
	out.Subagent = strings.Contains(out.System, "cc_is_subagent=true")
	for _, t := range b.Tools {
		out.Tools = append(out.Tools, t.Name)
	}
	return out
}
