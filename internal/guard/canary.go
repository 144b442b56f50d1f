package guard

import (
	"encoding/json"

	"popkit/internal/core/policy"
)

// target returns the path that a call names as the one it is about, "" where it
// names none.
func target(c policy.Call) string {
	var input struct {
		FilePath string `json:"file_path"`
		Path     string `json:"path"`
	}
	if err := json.Unmarshal(c.Input, &input); err != nil {
		return ""
	}
	if input.FilePath != "" {
		return input.FilePath
	}
	return input.Path
}
