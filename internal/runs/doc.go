// Package runs is where runs live on this machine: the folders below
// .claude/popkit in the repository, the sockets of engines, and the lock that
// says which run is active. It reads logs; only an engine writes them.
//
//	GITDIR/popkit/active.lock flock: held by the engine of the active run; the
//	                          git dir that all work trees of the repository share
//	REPO/.claude/popkit/
//	└── runs/<id>/log.jsonl   the log, and beside it
//	    ├── engine.log        what the engine had to say
//	    ├── report.md         the report, once there is one
//	    └── agents/<agent>/   transcript, result file, socket's pointer
//	RUNTIME/popkit/<id>/engine.sock, a-<hash of agent>/sock
//
// A lock dies with its holder, so a run is active exactly while its engine
// lives. One run is active in a repository, whichever of its work trees (linked
// ones have folders of their own) it was begun in.
//
// Nothing here blocks but for the disk, and nothing goes on in the background.
package runs
