package proof

import (
	"slices"
	"syscall"

	"popkit/internal/sandbox"
)

// nothing is the signal that only asks whether a process is there.
const nothing = syscall.Signal(0)

// promises are the sandbox's, with the ways to break them.
func promises() []promise {
	return []promise{
		{text: "work goes on: the workspace, TMPDIR, devices, borrowed objects, popkit's socket", good: true, attacks: work},
		{text: "builds and tools can write HOME, which is a copy", good: true, lacks: copies, attacks: workInHome},
		{text: "files elsewhere can't be changed", attacks: slices.Concat(elsewhere, byLinks)},
		{text: "modes, owners, times and attributes of files elsewhere can't be changed", lacks: mounts, victims: true, attacks: ofFiles},
		{text: "HOME stays as it is", victims: true, attacks: inHome},
		{text: "protected paths in the workspace can't be changed", lacks: mounts, victims: true, attacks: slices.Concat(protectedPaths, aroundProtected)},
		{text: "credentials can't be read", victims: true, attacks: credentials},
		{text: "other agents' workspaces and popkit's files can't be reached", victims: true, attacks: others},
		{text: "the user's repository can't be reached, but for the objects that are borrowed, to read", victims: true, attacks: repository},
		{text: "this machine's sockets, other agents' and people's can't be reached", lacks: mounts, victims: true, attacks: sockets},
		{text: "abstract sockets can't be reached", lacks: scopes, victims: true, attacks: abstract},
		{text: "/dev has harmless devices only, /run nothing", lacks: mounts, attacks: devices},
		{text: "mounts can't be changed", attacks: mounting},
		{text: "processes outside can't be reached, popkit's own helper neither", attacks: processes},
		{text: "no privilege can be had, none is left that matters", attacks: privileges},
		{text: "without network, none is there (sandbox_network: off)", lacks: namespaces, network: true, attacks: network},
	}
}

func mounts(a sandbox.Ability) string {
	if a.Degree == sandbox.Landlock {
		return "no mount namespace here: Landlock alone can't hold it"
	}
	return ""
}

func copies(a sandbox.Ability) string {
	if !a.Copies {
		return "no copy-on-write here: HOME is read-only, caches begin empty"
	}
	return ""
}

func scopes(a sandbox.Ability) string {
	switch {
	case a.Degree == sandbox.Mounts:
		return "no Landlock here"
	case !sandbox.HoldsAbstract():
		return "this kernel's Landlock is too old: Linux 6.12 is the first that can"
	}
	return ""
}

func namespaces(a sandbox.Ability) string {
	if a.Degree == sandbox.Landlock {
		return "no namespaces here"
	}
	return ""
}
