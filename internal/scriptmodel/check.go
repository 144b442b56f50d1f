package scriptmodel

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// verify says what of a script's expectations the log does not meet.
func (s *Script) verify(requests []Request) []string {
	var bad []string
	for _, e := range s.Expect {
		for _, text := range e.verify(requests) {
			bad = append(bad, e.name()+": "+text)
		}
	}
	return bad
}

func (e *Expectation) name() string {
	name := "rule " + e.Rule
	if e.Step > 0 {
		name = At{e.Rule, e.Step}.String()
	}
	if e.After.Rule != "" {
		name += ", first request after " + e.After.String()
	}
	return name
}

func (e *Expectation) verify(requests []Request) []string {
	mine := e.about(requests)
	var bad []string
	fail := func(format string, args ...any) { bad = append(bad, fmt.Sprintf(format, args...)) }
	if e.Requests != nil && len(mine) != *e.Requests {
		fail("%d requests, not %d", len(mine), *e.Requests)
	}
	if n := len(bySession(mine)); e.Sessions != nil && n != *e.Sessions {
		fail("%d sessions, not %d", n, *e.Sessions)
	}
	if len(mine) == 0 {
		if e.Requests == nil && e.Sessions == nil && !e.Never.given() {
			fail("was never asked")
		}
		return bad
	}
	if e.Found.given() && !slices.ContainsFunc(mine, func(r Request) bool { return e.Found.re.MatchString(r.Heard) }) {
		fail("%q was not heard; the last request brought: %s", e.Found, excerpt(mine[len(mine)-1].Fresh))
	}
	if e.Once.given() {
		bad = append(bad, once(e.Once, mine)...)
	}
	for _, r := range mine {
		if e.Never.given() && e.Never.re.MatchString(r.Heard) {
			fail("%q was heard in request %d, and never should be", e.Never, r.N)
			break
		}
	}
	return append(bad, e.offered(mine)...)
}

// about is the requests that an expectation is about.
func (e *Expectation) about(requests []Request) []Request {
	var mine []Request
	began := e.After.Rule == ""
	for _, r := range requests {
		if began && r.Rule == e.Rule && (e.Step == 0 || r.Step == e.Step) {
			mine = append(mine, r)
			if e.After.Rule != "" {
				break
			}
		}
		if r.Rule == e.After.Rule && r.Step == e.After.Step {
			began = true
		}
	}
	return mine
}

// once wants a text in each conversation's longest request one time.
func once(p Pattern, mine []Request) []string {
	var bad []string
	for session, list := range bySession(mine) {
		most := 0
		for _, r := range list {
			most = max(most, len(p.re.FindAllString(r.Heard, -1)))
		}
		if most != 1 {
			bad = append(bad, fmt.Sprintf("%q was heard %d times in session %s, not once", p, most, clip(session, 8)))
		}
	}
	slices.Sort(bad)
	return bad
}

func bySession(requests []Request) map[string][]Request {
	out := map[string][]Request{}
	for _, r := range requests {
		out[r.Session] = append(out[r.Session], r)
	}
	return out
}

// offered is about what surrounds a conversation; every request must have it.
func (e *Expectation) offered(mine []Request) []string {
	for _, r := range mine {
		if e.System.given() && !e.System.re.MatchString(r.System) {
			return []string{fmt.Sprintf("%q is not in the system prompt of request %d", e.System, r.N)}
		}
		if e.Model.given() && !e.Model.re.MatchString(r.Model) {
			return []string{fmt.Sprintf("request %d asks the model %q, not %q", r.N, r.Model, e.Model)}
		}
		for _, tool := range e.Tools {
			if !slices.Contains(r.Tools, tool) {
				return []string{fmt.Sprintf("request %d does not offer %s, but: %s", r.N, tool, strings.Join(r.Tools, " "))}
			}
		}
		for _, tool := range e.Without {
			if slices.Contains(r.Tools, tool) {
				return []string{fmt.Sprintf("request %d offers %s", r.N, tool)}
			}
		}
	}
	return nil
}

// failure is all that is wrong and the log, for somebody who was not there.
func failure(bad []string, requests []Request) error {
	if len(bad) == 0 {
		return nil
	}
	return errors.New("the model's script was not kept to:\n  " + strings.Join(bad, "\n  ") + "\nrequests:\n" + table(requests))
}
