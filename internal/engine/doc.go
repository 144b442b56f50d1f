// Package engine is the single-writer loop: the sole owner of a run's state.
//
//	Submit ─► bounded queues ────► ┌───────────── engine goroutine ─────────────┐
//	                               │ events = decide.Step(state, now, input) …  │
//	                               │ log.Append(ctx, tail, events)  one a batch │
//	                               │ replies, effects, observers                │
//	                               └────────────────────────────────────────────┘
//	           effects, each in a goroutine of its own, hand their end back in ─┘
//
// Contract:
//   - Nothing outside learns of an event before it was appended: replies are
//     held, effects not started, observers not told until then. The state in
//     memory runs ahead of the log by at most the batch in hand; when the append
//     fails the state is thrown away with the engine.
//   - An append whose outcome is unknown is settled by reading the tail; until
//     then nothing is released. A tail that is not ours means that another
//     engine has taken over: this one ends with eventlog.ErrLost.
//   - What agents merely say may be held back for some milliseconds (gather.go)
//     where a crowd of them talks, to share an append; nothing else is.
//   - Every effect that was requested is started once an epoch, and hands in
//     exactly one end. An effect that an earlier engine left under way is started
//     with Order.Unknown set: its adapter settles it.
//   - Run returns when the run has ended, the context has, or the log failed.
//     When it returns, no effect goroutine is left.
//
// Stepper is the same without the goroutine: the simulation drives it.
package engine
