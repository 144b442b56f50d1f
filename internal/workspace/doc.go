// Package workspace makes the places where agents work, keeps what they did,
// and merges it. It is git's side of popkit, and the only package that writes
// to the user's repository: objects, and refs below refs/popkit/ and
// refs/heads/popkit/. It never touches the user's branch, checkout, index,
// stash, configuration or hooks.
//
//	user's repository ──objects borrowed──► ROOT/RUN/agents/AGENT   a workspace (the agent's own .git)
//	   ▲   ▲                                        │ read as files and as an object store, never run
//	   │   └─── objects, refs/popkit/RUN/… ── ROOT/RUN/store        popkit's own git dir and configuration
//	   │                                      ROOT/RUN/keep/AGENT   popkit's own index of the workspace
//	   └─── refs/heads/popkit/RUN             ROOT/RUN/check/N      warm checkouts for checks
//	                                          ROOT/RUN/spare/N      checkouts made ahead
//
// # Trust
//
// An agent may do anything in its workspace, to its .git too. So popkit runs no
// git in an agent's .git: it uses a git dir of its own (the store), whose
// configuration it wrote itself, with the workspace as work tree and an index
// of its own beside it, and neither the user's global nor the system's
// configuration. Hooks, filters, monitors, aliases and drivers that an agent
// configures are therefore never run by popkit. Of the agent's .git popkit
// reads HEAD, refs and the stash's log as plain files, and objects, which are
// hashed again on their way into the user's repository.
//
// # What a workspace takes over
//
// From the user's configuration: what changes bytes between a commit and the disk
// (core.autocrlf, core.eol), the sparse checkout, ignore rules (core.excludesFile,
// info/exclude), name and address. From the repository: shallow commits, tags,
// and branches as refs/remotes/origin/…. Attributes count as committed;
// core.attributesFile and info/attributes do not. Filters (Git LFS, git-crypt …)
// are switched off in both directions: what is committed is what an agent sees,
// and a pointer goes back unchanged; a new file of a filtered type is committed as
// it is. Merge drivers are git's built-in ones (text, binary, union); any other
// name merges as text. Nothing is fetched: a submodule that the user has not
// initialised stays empty, and a partial clone must have the files of the base.
//
// # Order and ownership
//
// A Repo and a Run may be used by many goroutines. Calls for one agent are
// serialised; so are merges, and writes to refs. One Run value per run and
// process: the run's engine is its only user.
//
// For one attempt the calls come in the order Prepare, Collect, Release. Each
// may be called again after a crash at any point in it, and settles what the
// crash left. Every call blocks until its work is done or its context ends;
// nothing goes on in the background (but for a git process that waits a moment
// for the next ref), there is nothing to shut down. Stock makes checkouts ahead
// of need; when there is time for that, its caller knows.
//
// # Refs
//
//	refs/popkit/RUN/base                 the commit the run started from
//	refs/popkit/RUN/TASK.ATTEMPT         what an agent left (Collect)
//	refs/popkit/RUN/part/TASK.ATTEMPT    what is left of it without some files (Trim)
//	refs/popkit/RUN/head                 the integrated tree (Merge)
//	refs/popkit/RUN/barrier/N            published barriers
//	refs/popkit/RUN/result               the result, where the branch could not be written
//	refs/popkit/RUN/rescue/AGENT         what would have been lost with a workspace (Release)
//	refs/heads/popkit/RUN                the run's branch
package workspace
