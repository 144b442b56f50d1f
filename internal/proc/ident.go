package proc

// Ident identifies one process for ever: process numbers are used again, with
// the time of the start and the boot they are not.
type Ident struct {
	PID       int    `json:"pid"`
	StartTime uint64 `json:"start_time"` // clock ticks after boot
	Boot      string `json:"boot"`       // the kernel's ID of this boot
}

// Alive reports whether exactly this process runs. A process that ended but was
// not waited for (a zombie) is not alive.
func Alive(id Ident) bool {
	if id.PID <= 0 {
		return false
	}
	now, running, err := lookUp(id.PID)
	return err == nil && running && now == id
}

func identify(pid int) (Ident, error) {
	id, _, err := lookUp(pid)
	return id, err
}
