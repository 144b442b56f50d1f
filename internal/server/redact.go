package server

import (
	"bytes"
	"encoding/json"

	"popkit/internal/api"
)

// Redact makes the server take secrets out of what agents say, before it gets into the
// log and to others. It must be called before any socket is opened.
func (s *Server) Redact(text func(string) string) { s.redact = text }

// redacted is an agent's request without secrets. A call that is to be judged is left as
// it is: the guard has to see what would run, and takes them out of what it records.
func (s *Server) redacted(req api.Request) api.Request {
	if s.redact == nil || req.Op == api.OpJudge {
		return req
	}
	var v any
	in := json.NewDecoder(bytes.NewReader(req.Args))
	in.UseNumber()
	if in.Decode(&v) != nil {
		return req // none were sent, or the call will say what is wrong with them
	}
	if args, err := json.Marshal(s.without(v)); err == nil { // what was JSON can be it again
		req.Args = args
	}
	return req
}

// without is a value of JSON without the secrets in its strings.
func (s *Server) without(v any) any {
	switch v := v.(type) {
	case string:
		return s.redact(v)
	case []any:
		for i := range v {
			v[i] = s.without(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = s.without(v[k])
		}
	}
	return v
}
