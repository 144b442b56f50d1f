package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Version is the newest version of the envelope and of the data types that
// this program writes. Decode reads it and all before it.
const Version = 1

// Event is one fact of a run.
type Event struct {
	Seq  int64     // 1 for the first event of a log, then without gaps
	Time time.Time // UTC, when the input that caused it was taken
	Data Data
}

// Data is the content of an event; the set of types is closed (see types.go).
type Data interface {
	// Type is the event's name in the log, e.g. "agent.started".
	Type() string
}

// ErrUnknownType is returned by Decode for an event that a newer popkit wrote.
var ErrUnknownType = errors.New("unknown event type")

// ErrNewerVersion is returned by Decode for an envelope of a newer popkit.
var ErrNewerVersion = errors.New("event of a newer version")

type envelope struct {
	V    int             `json:"v"`
	Seq  int64           `json:"seq"`
	Time time.Time       `json:"time"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data"`
}

// Encode returns the event as one line of JSON, without the newline.
func Encode(e Event) ([]byte, error) {
	if e.Data == nil {
		return nil, errors.New("encode event: no data")
	}
	var buf bytes.Buffer
	head := append(buf.AvailableBuffer(), lineStart...)
	head = strconv.AppendInt(head, e.Seq, 10)
	head = append(head, lineTime...)
	head, err := e.Time.UTC().AppendText(head)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.Data.Type(), err)
	}
	head = append(head, lineType...)
	head = append(head, e.Data.Type()...) // one of our own names: nothing to escape
	buf.Write(append(head, lineData...))
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e.Data); err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.Data.Type(), err)
	}
	out := bytes.TrimRight(buf.Bytes(), "\n")
	return append(out, '}'), nil
}

// Decode reads what Encode wrote. It never panics, whatever line holds.
func Decode(line []byte) (Event, error) {
	if e, ok := decodeOwn(line); ok {
		return e, nil
	}
	var env envelope
	if err := json.Unmarshal(line, &env); err != nil {
		return Event{}, fmt.Errorf("decode event: %w", err)
	}
	if env.V > Version {
		return Event{}, fmt.Errorf("decode event %d: %w (%d, this popkit knows %d)", env.Seq, ErrNewerVersion, env.V, Version)
	}
	if env.V < 1 || env.Seq < 1 {
		return Event{}, fmt.Errorf("decode event: bad version %d or sequence number %d", env.V, env.Seq)
	}
	decode, ok := decoders[env.Type]
	if !ok {
		return Event{}, fmt.Errorf("decode event %d: %w %q", env.Seq, ErrUnknownType, env.Type)
	}
	data, err := decode(env.Data)
	if err != nil {
		return Event{}, fmt.Errorf("decode event %d (%s): %w", env.Seq, env.Type, err)
	}
	return Event{Seq: env.Seq, Time: env.Time, Data: data}, nil
}

// Types returns the name of every event type, in no order.
func Types() []string {
	names := make([]string, 0, len(decoders))
	for name := range decoders {
		names = append(names, name)
	}
	return names
}

func decodeAs[T Data](raw json.RawMessage) (Data, error) {
	var v T
	if len(raw) == 0 {
		return nil, errors.New("no data")
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	return v, nil
}
