//go:build !linux

package sandbox

import "errors"

// Enter refuses: this system has neither mount namespaces nor Landlock, and popkit
// uses none of what it may have instead.
func Enter(string, []string) error { return errors.New("sandbox: there is none on this system") }
