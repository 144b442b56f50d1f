package memlog_test

import (
	"testing"

	"popkit/internal/eventlog"
	"popkit/internal/eventlog/eventlogtest"
	"popkit/internal/eventlog/memlog"
)

func TestConformance(t *testing.T) {
	eventlogtest.Run(t, func(*testing.T) eventlogtest.Opener {
		store := memlog.NewStore()
		return eventlogtest.Opener{
			Open:       func(*testing.T) eventlog.Log { return store.Open() },
			OpenReader: func(*testing.T) eventlogtest.ReadCloser { return store.OpenReader() },
		}
	})
}
