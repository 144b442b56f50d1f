// Package runs is where runs live on this machine: the folders below
// .claude/popkit in the repository, the sockets of engines, and the lock that
// says which run is active. It reads logs; only an engine writes them.
//
//	REPO/.claude/popkit/
//	├── active.lock           flock: held by the engine of the active run
//	└── runs/<id>/log.jsonl   the log, and beside it
//	    ├── engine.log        what the engine had to say
//	    ├── report.md         the report, once there is one
//	    └── agents/<agent>/   transcript, result file, socket's pointer
//	RUNTIME/popkit-<hash>/<id>/engine.sock, <agent>/sock
//
// A lock dies with its holder, so a run is active exactly while its engine
// lives.
package runs
