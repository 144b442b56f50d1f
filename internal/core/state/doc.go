// Package state is the fold: what is true of a run, computed from its events
// and from nothing else. Everything that popkit shows or decides is read from a
// State, so nothing can disagree.
//
//	state := New()
//	for event := range log { state.Apply(event) }
//
// Ownership: one goroutine owns a State (the engine's, or whoever folds a log to
// look at it); Apply changes it in place. Nobody else may hold a pointer into
// it; package view makes copies to hand out.
//
// Statuses only move as written beside each type. Nothing that can be derived
// is stored: which effects are due, which deadline comes next, whether a
// barrier's condition holds, are functions in package decide.
package state
