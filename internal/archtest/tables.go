package archtest

// This file is the rules. To add a package: one line in Packages. To let one
// import another: its May. To use a new library: an entry in Libraries, with the
// one package that will exist for it. To break a rule: an entry in Exceptions,
// with a reason that a reviewer will accept.

// The bands, lowest first. Imports go downwards only.
const (
	Core    Band = "core"    // pure: nouns, events, fold, decide; knows nobody
	Leaf    Band = "leaf"    // one piece of the outside world; knows no popkit at all
	Log     Band = "log"     // the event log and its implementations
	Store   Band = "store"   // where runs lie on this machine; reads logs, never writes one
	Input   Band = "input"   // what people write (plan, configuration), and the plan that an agent writes for them
	Adapter Band = "adapter" // the outside world in core's nouns; not each other, not the engine
	Engine  Band = "engine"  // the single writer: core and the log's interface
	Glue    Band = "glue"    // does the engine's orders by the adapters
	API     Band = "api"     // the socket's wire types and client
	Surface Band = "surface" // what people and agents see; knows the API (and how to follow a log), never the engine
	Wiring  Band = "wiring"  // the daemon: the only one that knows all adapters
	Main    Band = "main"    // package main, nothing but calls
	Tests   Band = "tests"   // exists for tests only: conformance suites, simulation, benchmarks
	Tool    Band = "tool"    // judges or generates files of the repository
)

// below says which bands a band's entry may name at all.
var below = map[Band][]Band{
	Core:    {Core},
	Leaf:    {},
	Log:     {Core, Log},
	Store:   {Core, Log},
	Input:   {Core, Input},
	Adapter: {Core, Leaf, Adapter, API}, // API: a driver speaks for its agent as a client does
	Engine:  {Core, Log},
	Glue:    {Core, Leaf, Adapter, Engine, API},
	API:     {Core},
	Surface: {Core, Log, API, Input, Store, Surface},
	Wiring:  {Core, Leaf, Log, Store, Input, Adapter, Engine, Glue, API, Surface},
	Main:    {Core, Leaf, Store, Input, Adapter, API, Surface, Wiring},
	Tests:   {Core, Leaf, Log, Store, Input, Adapter, Engine, Glue, API, Surface, Wiring, Tests, Tool},
	Tool:    {Core, Input, API},
}

// nouns is what an adapter may know of core.
var nouns = []string{"internal/core/objective", "internal/core/event", "internal/core/insight"}

var packages = []Package{
	// Core, each layer on the ones before it.
	{Dir: "internal/core/nearest", Band: Core},
	{Dir: "internal/core/excerpt", Band: Core},
	{Dir: "internal/core/objective", Band: Core, May: []string{"internal/core/nearest"}},
	{Dir: "internal/core/event", Band: Core, May: []string{"internal/core/excerpt", "internal/core/objective"}},
	{Dir: "internal/core/insight", Band: Core, May: nouns},
	{Dir: "internal/core/source", Band: Core},
	{Dir: "internal/core/source/testcase", Band: Core, May: []string{"internal/core/source"}},
	{Dir: "internal/core/source/marker", Band: Core, May: []string{"internal/core/source"}},
	{Dir: "internal/core/source/secret", Band: Core, May: []string{"internal/core/source"}},
	{Dir: "internal/core/source/setting", Band: Core, May: []string{"internal/core/source"}},
	{Dir: "internal/core/smell", Band: Core, May: []string{"internal/core/excerpt", "internal/core/source", "internal/core/source/..."}},
	{Dir: "internal/core/policy/word", Band: Core},
	{Dir: "internal/core/policy/code", Band: Core, May: []string{"internal/core/policy/word"}},
	{Dir: "internal/core/policy/wrapper", Band: Core, May: []string{"internal/core/policy/word"}},
	{Dir: "internal/core/policy/shell", Band: Core, May: []string{"internal/core/policy/word", "internal/core/policy/code", "internal/core/policy/wrapper"}},
	{Dir: "internal/core/policy/hosttool", Band: Core},
	{Dir: "internal/core/policy/patch", Band: Core},
	{Dir: "internal/core/policy/phrase", Band: Core},
	{Dir: "internal/core/policy/host", Band: Core},
	{Dir: "internal/core/policy/carry", Band: Core, May: []string{"internal/core/policy/word"}},
	{Dir: "internal/core/policy/paths", Band: Core, May: []string{"internal/core/objective", "internal/core/policy/word", "internal/core/smell"}},
	{Dir: "internal/core/policy/readonly", Band: Core, May: []string{"internal/core/policy/hosttool", "internal/core/policy/shell"}},
	{Dir: "internal/core/policy", Band: Core, May: with(nouns, "internal/core/excerpt", "internal/core/nearest", "internal/core/policy/...", "internal/core/smell"),
		Tests: []string{"internal/policytest"}},
	{Dir: "internal/core/audit", Band: Core, May: with(nouns, "internal/core/policy/paths", "internal/core/smell")},
	{Dir: "internal/core/brief", Band: Core, May: nouns},
	{Dir: "internal/core/transcript", Band: Core},
	{Dir: "internal/core/quota", Band: Core},
	{Dir: "internal/core/budget", Band: Core, May: nouns},
	{Dir: "internal/core/drift", Band: Core, May: nouns},
	{Dir: "internal/core/state", Band: Core, May: with(nouns, "internal/core/budget", "internal/core/drift")},
	{Dir: "internal/core/inbox", Band: Core, May: with(nouns, "internal/core/state"), Tests: []string{"internal/core/decide"}},
	{Dir: "internal/core/watch", Band: Core, May: with(nouns, "internal/core/state", "internal/core/budget", "internal/core/drift", "internal/core/quota")},
	{Dir: "internal/core/approval", Band: Core, May: with(nouns, "internal/core/state")},
	{Dir: "internal/core/decide", Band: Core, May: with(nouns, "internal/core/nearest", "internal/core/state", "internal/core/approval", "internal/core/policy", "internal/core/brief",
		"internal/core/audit", "internal/core/budget", "internal/core/watch", "internal/core/inbox")},
	{Dir: "internal/core/view", Band: Core, May: with(nouns, "internal/core/state", "internal/core/approval", "internal/core/decide", "internal/core/watch")},
	{Dir: "internal/core/account", Band: Core, May: with(nouns, "internal/core/state", "internal/core/view", "internal/core/budget")},

	// Leaves: a piece of the operating system, or of text.
	{Dir: "internal/proc", Band: Leaf},
	{Dir: "internal/redact", Band: Leaf},

	// The log.
	{Dir: "internal/eventlog", Band: Log, May: []string{"internal/core/event"}},
	{Dir: "internal/eventlog/memlog", Band: Log, May: []string{"internal/core/event", "internal/eventlog"}},
	{Dir: "internal/eventlog/filelog", Band: Log, May: []string{"internal/core/event", "internal/eventlog"}},
	{Dir: "internal/eventlog/eventlogtest", Band: Tests, May: []string{"internal/core/event", "internal/eventlog"}},

	// Where runs lie.
	{Dir: "internal/runs", Band: Store, May: []string{
		"internal/core/state", "internal/core/view", "internal/eventlog", "internal/eventlog/filelog"},
		Tests: []string{"internal/core/event", "internal/core/objective"}},
	{Dir: "internal/runs/tail", Band: Store},
	{Dir: "internal/demo", Band: Leaf},

	// What people write.
	{Dir: "internal/strictyaml", Band: Input, May: []string{"internal/core/nearest"}},
	{Dir: "internal/planfile", Band: Input, May: []string{"internal/core/objective", "internal/strictyaml"}},
	{Dir: "internal/planner", Band: Input, May: with(nouns, "internal/core/nearest", "internal/strictyaml"), Tests: []string{"internal/planfile"}},
	{Dir: "internal/role", Band: Input, May: with(nouns, "internal/core/nearest", "internal/strictyaml")},
	{Dir: "internal/config", Band: Input, May: with(nouns, "internal/role", "internal/core/audit", "internal/core/nearest", "internal/core/policy", "internal/strictyaml")},

	// Adapters.
	{Dir: "internal/agent", Band: Adapter, May: with(nouns, "internal/proc", "internal/api")},
	{Dir: "internal/agent/resultfile", Band: Adapter, May: nouns, Tests: []string{"internal/redact"}},
	{Dir: "internal/agent/execagent", Band: Adapter, May: with(nouns, "internal/agent", "internal/agent/keep", "internal/agent/resultfile", "internal/proc", "internal/redact")},
	{Dir: "internal/agent/scripted", Band: Adapter, May: with(nouns, "internal/agent", "internal/agent/execagent", "internal/proc")},
	{Dir: "internal/agent/claudecode/toolbox", Band: Adapter, May: with(nouns, "internal/api", "internal/core/view", "internal/core/brief"),
		Tests: []string{"internal/core/state", "internal/desktest"}},
	{Dir: "internal/agent/claudecode/desk", Band: Adapter, May: with(nouns, "internal/api", "internal/core/view", "internal/core/brief", "internal/agent/claudecode/toolbox", "internal/agent/claudecode/wire"),
		Tests: []string{"internal/core/state", "internal/core/inbox", "internal/desktest", "internal/claudetest", "internal/scriptmodel"}},
	{Dir: "internal/desktest", Band: Tests, May: []string{
		"internal/core/...", "internal/engine", "internal/eventlog", "internal/eventlog/memlog", "internal/guard", "internal/server", "internal/api"}},
	{Dir: "internal/agent/claudecode/interview", Band: Adapter, May: []string{
		"internal/core/event", "internal/core/quota", "internal/agent/claudecode/wire", "internal/proc"},
		Tests: []string{"internal/agent/claudecode/launch"}},
	{Dir: "internal/agent/claudecode/wire", Band: Leaf},
	{Dir: "internal/agent/claudecode", Band: Adapter, May: with(nouns, "internal/agent", "internal/agent/claudecode/desk", "internal/agent/claudecode/launch",
		"internal/agent/claudecode/wire", "internal/agent/keep", "internal/agent/resultfile", "internal/api", "internal/core/quota", "internal/proc", "internal/redact"),
		Tests: []string{"internal/core/view", "internal/claudetest", "internal/scriptmodel"}},
	{Dir: "internal/agent/claudecode/launch", Band: Leaf, Tests: []string{"internal/agent/claudecode/wire", "internal/proc", "internal/sandbox"}},
	{Dir: "internal/agent/keep", Band: Adapter, May: []string{"internal/core/transcript", "internal/core/source/secret", "internal/redact"}},
	{Dir: "internal/agent/agenttest", Band: Tests, May: with(nouns, "internal/agent", "internal/proc")},
	{Dir: "internal/workspace/git", Band: Leaf},
	{Dir: "internal/workspace/agentgit", Band: Adapter, May: []string{"internal/workspace/git"}},
	{Dir: "internal/workspace/store", Band: Adapter, May: []string{"internal/workspace/git"}},
	{Dir: "internal/workspace/copyin", Band: Leaf},
	{Dir: "internal/workspace/message", Band: Leaf},
	{Dir: "internal/workspace/spare", Band: Adapter, May: []string{"internal/workspace/store"}},
	{Dir: "internal/workspace/userrepo", Band: Adapter, May: []string{"internal/workspace/git"}},
	{Dir: "internal/workspace/difftree", Band: Adapter, May: []string{
		"internal/core/audit", "internal/core/event", "internal/workspace/git", "internal/workspace/store"}},
	{Dir: "internal/workspace", Band: Adapter, May: with(nouns, "internal/core/audit", "internal/workspace/...")},
	{Dir: "internal/sandbox", Band: Adapter, May: []string{"internal/proc"}},
	{Dir: "internal/sandbox/proof", Band: Adapter, May: []string{"internal/proc", "internal/sandbox"}},
	{Dir: "internal/door", Band: Adapter, May: []string{"internal/proc"}, Tests: []string{"internal/sandbox"}},
	{Dir: "internal/notify", Band: Adapter, May: []string{"internal/proc", "internal/redact"}},
	{Dir: "internal/guard", Band: Adapter, May: with(nouns, "internal/core/excerpt", "internal/core/policy", "internal/core/policy/readonly", "internal/core/policy/shell", "internal/redact")},
	{Dir: "internal/statefile", Band: Adapter, May: []string{"internal/core/insight", "internal/core/view"}},

	// The spine.
	{Dir: "internal/engine", Band: Engine, May: []string{"internal/core/...", "internal/eventlog"}},
	{Dir: "internal/effects", Band: Glue, May: []string{
		"internal/core/...", "internal/engine", "internal/agent", "internal/api", "internal/workspace", "internal/proc", "internal/redact"},
		Tests: []string{"internal/agent/...", "internal/server"}},

	// Surfaces.
	{Dir: "internal/api", Band: API, May: []string{"internal/core/event", "internal/core/view"}},
	{Dir: "internal/server", Band: Surface, May: []string{"internal/api", "internal/core/...", "internal/eventlog"}, Tests: []string{"internal/engine"}},
	{Dir: "internal/show", Band: Surface, May: with(nouns, "internal/core/account", "internal/core/view", "internal/core/budget", "internal/planner")},
	{Dir: "internal/show/talk", Band: Surface, May: []string{
		"internal/core/event", "internal/core/transcript", "internal/core/budget", "internal/show"}},
	{Dir: "internal/cli/command", Band: Surface, May: []string{
		"internal/api", "internal/core/...", "internal/planfile", "internal/planner", "internal/runs", "internal/show"}},
	{Dir: "internal/cli/driver", Band: Surface, May: []string{"internal/core/...", "internal/config", "internal/cli/command"}},
	{Dir: "internal/cli/planning", Band: Surface, May: []string{
		"internal/core/...", "internal/config", "internal/role", "internal/planfile", "internal/planner", "internal/show", "internal/cli/command", "internal/cli/driver"}},
	{Dir: "internal/cli/watching", Band: Surface, May: []string{
		"internal/api", "internal/core/...", "internal/runs", "internal/runs/tail", "internal/show", "internal/show/talk", "internal/cli/command"}},
	{Dir: "internal/cli/power", Band: Surface, May: []string{
		"internal/api", "internal/core/...", "internal/config", "internal/role", "internal/runs", "internal/show", "internal/cli/command", "internal/cli/driver", "internal/cli/planning", "internal/cli/watching"}},
	{Dir: "internal/cli", Band: Surface, May: []string{
		"internal/api", "internal/core/...", "internal/planfile", "internal/config", "internal/role", "internal/runs", "internal/show",
		"internal/cli/command", "internal/cli/planning", "internal/cli/power"}, Tests: []string{"internal/planner", "internal/cli/watching"}},

	// Wiring.
	{Dir: "internal/daemon", Band: Wiring, May: []string{
		"internal/core/...", "internal/eventlog", "internal/eventlog/filelog", "internal/engine", "internal/effects",
		"internal/agent", "internal/agent/execagent", "internal/agent/scripted", "internal/agent/claudecode/...", "internal/workspace", "internal/statefile", "internal/door", "internal/guard", "internal/notify", "internal/proc", "internal/redact", "internal/role", "internal/config", "internal/sandbox", "internal/sandbox/proof",
		"internal/planner", "internal/runs", "internal/api", "internal/server"}},
	{Dir: "cmd/popkit", Band: Main, May: with(nouns, "internal/core/view", "internal/cli", "internal/daemon", "internal/demo", "internal/runs",
		"internal/planner", "internal/config", "internal/api", "internal/proc", "internal/sandbox", "internal/sandbox/proof", "internal/agent/scripted", "internal/agent/claudecode/launch")},

	// What judges, generates and exercises all that.
	{Dir: "internal/archtest", Band: Tool},
	{Dir: "internal/speccoverage", Band: Tool},
	{Dir: "internal/smellcheck", Band: Tool, May: []string{"internal/core/smell"}},
	{Dir: "internal/compat", Band: Tests, May: []string{"internal/claudetest"}},
	{Dir: "internal/policytest", Band: Tests, May: []string{"internal/core/policy"}},
	{Dir: "internal/unguarded", Band: Tests, May: []string{
		"internal/core/objective", "internal/core/policy", "internal/core/policy/patch", "internal/core/policy/paths", "internal/core/policy/word", "internal/policytest", "internal/proc", "internal/sandbox"}},
	{Dir: "internal/sim", Band: Tests, May: []string{
		"internal/core/...", "internal/engine", "internal/eventlog/memlog"}},
	{Dir: "internal/scriptmodel", Band: Tests, May: []string{"internal/strictyaml"}},
	{Dir: "internal/claudetest", Band: Tests},
	{Dir: "internal/bench", Band: Tests, May: []string{"internal/..."}},
	{Dir: "e2e", Band: Tests, May: []string{"internal/..."}},
}

// testSupport is what any package's tests may import.
var testSupport = []string{"internal/eventlog/memlog", "internal/eventlog/eventlogtest", "internal/agent/agenttest", "internal/scriptmodel", "internal/claudetest"}

var libraries = []Library{
	{Path: "github.com/bmatcuk/doublestar/v4", In: []string{"internal/core/objective", "internal/core/policy", "internal/core/policy/paths"},
		Why: "scopes and boundaries are globs; pure"},
	{Path: "mvdan.cc/sh/v3/syntax", In: []string{"internal/core/policy/shell"},
		Why: "shell commands are judged as parsed, never as text; pure"},
	{Path: "github.com/goccy/go-yaml", In: []string{"internal/strictyaml", "internal/planfile", "internal/agent/scripted"},
		Why: "the files that people write, with line and column for each mistake; planfile writes plans as well"},
	{Path: "github.com/google/jsonschema-go",
		Tests: []string{"internal/planfile", "internal/config", "internal/cli", "internal/api", "internal/agent/scripted", "e2e"},
		Why:   "the published schemas, to which the tests hold our own output"},
	{Path: "github.com/modelcontextprotocol/go-sdk", In: []string{"internal/agent/claudecode/toolbox"},
		Why: "the protocol of tools that a host calls, with its versions and cancellations"},
	{Path: "github.com/fsnotify/fsnotify", In: []string{"internal/eventlog/filelog", "internal/runs/tail", "internal/statefile"},
		Why: "following a file without polling"},
	{Path: "github.com/google/renameio/v2", In: []string{"internal/statefile"}, Tests: []string{},
		Why: "files that others read are replaced whole"},
	{Path: "golang.org/x/sys/unix", In: []string{"internal/proc", "internal/eventlog/filelog", "internal/runs", "internal/statefile", "internal/server", "internal/agent/scripted", "internal/workspace", "internal/sandbox", "internal/sandbox/proof", "internal/claudetest", "internal/unguarded"},
		Tests: []string{"internal/...", "e2e"},
		Why:   "namespaces, locks, peer credentials: what syscall lacks"},
	{Path: "github.com/oklog/ulid/v2", In: []string{"internal/daemon"}, Why: "run IDs"},
	{Path: "golang.org/x/sync", In: []string{"internal/daemon", "internal/effects", "internal/server"}, Tests: []string{"internal/...", "e2e"},
		Why: "errgroup"},
	{Path: "golang.org/x/term", In: []string{"internal/cli/command"}, Why: "is this a terminal, and how wide"},
	{Path: "github.com/spf13/cobra", In: []string{"internal/cli/..."}, Why: "commands, flags, completion"},
	{Path: "github.com/spf13/pflag", Tests: []string{"internal/cli"}, Why: "the page of commands is made of cobra's flags"},
	{Path: "github.com/rogpeppe/go-internal", Tests: []string{"internal/archtest", "internal/cli", "e2e"},
		Why: "testscript and txtar"},
	{Path: "pgregory.net/rapid", Tests: []string{"internal/...", "e2e"}, Why: "property tests"},
	{Path: "go.uber.org/goleak", Tests: []string{"internal/...", "e2e"}, Why: "goroutines left behind"},
}

// pureStd is an allow-list: what is not here does I/O, reads a clock, is random
// or concurrent until somebody has looked and added it.
var pureStd = []string{
	"bytes", "cmp", "container/heap", "container/list", "crypto/sha256", "embed", "encoding", "encoding/base64",
	"encoding/hex", "encoding/json", "errors", "fmt", "hash/fnv", "iter", "maps", "math", "math/bits", "path",
	"reflect", "regexp", "regexp/syntax", "slices", "sort", "strconv", "strings", "time", "unicode",
	"unicode/utf8", "unicode/utf16",
}

// impure is what is not pure in the packages of pureStd.
var impure = []string{
	"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.AfterFunc", "time.Tick",
	"time.NewTimer", "time.NewTicker", "time.Timer", "time.Ticker", "time.Local", "time.LoadLocation",
	"fmt.Print", "fmt.Printf", "fmt.Println", "fmt.Scan", "fmt.Scanf", "fmt.Scanln",
}

var exceptions = []Exception{
	{Rule: "interface-size", Where: "internal/eventlog.Log",
		Why: "one seam with five verbs, held by one conformance suite; splitting it would only be put together again at every use"},
	{Rule: "package-var", Where: "internal/proc.initialised",
		Why: "whether main called MaybeInit is a fact about the process; without it a test binary that forgot would start itself without end"},
	{Rule: "package-var", Where: "internal/proc.best",
		Why: "what the system grants does not change under a process, and trying costs a process"},
}

// Popkit is this repository's rules.
func Popkit() Rules {
	return Rules{
		Module:      "popkit",
		Bands:       below,
		Packages:    packages,
		TestSupport: testSupport,
		Libraries:   libraries,
		Pure:        []string{"internal/core/..."},
		PureStd:     pureStd,
		Impure:      impure,
		Roots:       []string{"cmd/...", "internal/daemon", "internal/smellcheck", "internal/compat"},
		BadNames:    []string{"util", "utils", "common", "types", "manager", "helper", "helpers", "misc", "base", "shared", "lib"},
		Gates:       Gates{File: 500, TestFile: 800, Func: 60, TestFunc: 120, Package: 3000, Methods: 3},
		Exceptions:  exceptions,
	}
}

func with(list []string, more ...string) []string {
	return append(append([]string{}, list...), more...)
}
