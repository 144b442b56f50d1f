package wire

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// Writer writes messages to the CLI.
type Writer struct {
	mu  sync.Mutex
	out io.Writer
}

// NewWriter writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{out: w} }

// Write writes one message: a UserMessage, a Request or an Answer.
func (w *Writer) Write(message any) error {
	line, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("message to the CLI: %w", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, err := w.out.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write to the CLI: %w", err)
	}
	return nil
}

// UserMessage is what a person says to the agent, the task itself at first. Within a
// turn it comes at the next boundary between tools. A UUID makes it known again when the CLI replays it, that is, once the model is given it.
type UserMessage struct {
	Text string
	UUID string
}

// MarshalJSON makes the message of it.
func (m UserMessage) MarshalJSON() ([]byte, error) {
	type content struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	return json.Marshal(struct {
		Type    string  `json:"type"`
		Message content `json:"message"`
		UUID    string  `json:"uuid,omitempty"`
	}{TypeUser, content{"user", m.Text}, m.UUID})
}
