// Package api is the language spoken over a run's sockets, and its client.
//
// A connection carries one call: the client writes a Request as one line of
// JSON, the server answers with one Response a line, all but the last with More
// set. Closing the connection ends a call that is under way. There is no
// session, and no HTTP: what is started for each tool call must start fast.
//
// Which socket a call comes through says who calls. The people's socket
// (engine.sock) answers everything; an agent's own socket answers the Agent…
// calls only, and for that agent only.
//
// A Request of a newer protocol is refused with KindVersion; unknown fields are
// ignored.
package api
