package sandbox

// scoped is the version of Landlock that can hold signals and abstract sockets.
const scoped = 6

// HoldsAbstract reports whether this kernel's Landlock can keep a command from
// abstract sockets.
func HoldsAbstract() bool { return landlockVersion() >= scoped }
