// Package planning is where a run's plan comes from: a file, the default phases,
// or a planning agent.
//
//	--plan FILE ─────────────────▶ Draft ── Resolve ──▶ what the run is made of
//	--phases, planner off ───────▶   ▲
//	"OBJECTIVE" ─ Host.MakePlan ─────┤ saved, so that it can be run again
//	                  │ fails        │ Edit: $EDITOR, validated, its new checks tried
//	                  └─ default phases, where the person agrees
//
// A Planner serves one command. It asks on the terminal where there is one, and
// otherwise says what to type. Draft blocks as long as the planning agent takes;
// Ctrl-C ends it.
package planning
