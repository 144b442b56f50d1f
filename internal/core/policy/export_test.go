package policy

// EvaluateBare is Evaluate without the net under it: a fault in it is a panic, as the
// tests want it.
func EvaluateBare(r *Rules, c Call, f Facts) Verdict { return evaluate(r, c, f) }
