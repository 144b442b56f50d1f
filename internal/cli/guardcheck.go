package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"popkit/internal/cli/command"
	"popkit/internal/config"
	"popkit/internal/core/audit"
	"popkit/internal/core/nearest"
	"popkit/internal/core/policy"
)

// maxCall bounds a line with a call, in bytes.
const maxCall = 8 << 20

// repoName is how calls name the workspace where they are written down for any.
const repoName = "/repo"

type guardCheckOptions struct {
	Worktree string
}

// guardCall is one line that `popkit guard check` reads. Other fields are left alone.
type guardCall struct {
	ID         json.RawMessage  `json:"id"` // any JSON, given back as it is
	Tool       string           `json:"tool"`
	Input      json.RawMessage  `json:"input"`
	Cwd        string           `json:"cwd"`
	Tracked    []string         `json:"tracked"`
	Boundaries *guardBoundaries `json:"boundaries"`
}

type guardBoundaries struct {
	FilePatterns    []string `json:"file_patterns"`
	RestrictedTools []string `json:"restricted_tools"`
}

// guardChecked is one line that it prints.
type guardChecked struct {
	ID      json.RawMessage `json:"id,omitempty"`
	Verdict policy.Decision `json:"verdict"`
	Flags   []string        `json:"flags"` // the rules that flag it
	Rule    string          `json:"rule"`
	Reason  string          `json:"reason"`
	Subject string          `json:"subject,omitempty"`
	Hint    string          `json:"hint,omitempty"`
	Smells  []policy.Flag   `json:"smells,omitempty"` // what the flags are for
}

// guardBad is printed for a line that is no call.
type guardBad struct {
	Error string          `json:"error"`
	ID    json.RawMessage `json:"id,omitempty"`
	Line  int             `json:"line"`
}

func newGuardCheck(e *command.Env) *cobra.Command {
	var o guardCheckOptions
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Judge tool calls, one a line, by the guard's rules",
		Long: `Judge tool calls, one JSON object a line on standard input, and print a verdict for
each: allow, ask or deny, with the rule and the reason. Nothing is run.

A call has an id, a tool and an input, as Claude Code names them; "tracked" are globs
of what git tracks, "boundaries" the objective's. The workspace is --worktree, which
need not exist; /repo in a call means it, too. The configuration of the repository
there applies. A line that is no call gets an error, and the exit code is then 1.`,
		Example: `  echo '{"id":"1","tool":"Bash","input":{"command":"git push origin main"}}' | popkit guard check`,
		Args:    command.Takes(0, 0),
		RunE:    func(*cobra.Command, []string) error { return runGuardCheck(e, o) },
	}
	cmd.Flags().StringVar(&o.Worktree, "worktree", "", "`DIR` that is the agent's workspace (default: the current folder)")
	return cmd
}

func runGuardCheck(e *command.Env, o guardCheckOptions) error {
	top := o.Worktree
	if top == "" {
		top = e.Dir
	}
	if !filepath.IsAbs(top) {
		top = filepath.Join(e.Dir, top)
	}
	top = filepath.Clean(top)
	cfg, err := config.Load(config.Sources{RepoDir: top, Env: e.Getenv})
	if err != nil {
		return err
	}
	g := guardChecker{e: e, top: top, spec: cfg.GuardSpec(), plain: map[string]*policy.Rules{}}
	in := bufio.NewReaderSize(e.In, 64<<10)
	bad := 0
	for n := 1; ; n++ {
		line, err := readLine(in)
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read the calls: %w", err)
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		ok, err := g.line(line, n)
		if err != nil {
			return err
		}
		if !ok {
			bad++
		}
	}
	if bad > 0 {
		return command.Outcome(command.ExitFailed)
	}
	return nil
}

// readLine reads a line of any length; of one that is too long, a part that is no call.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if len(line) < maxCall {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// guardChecker judges calls in one workspace.
type guardChecker struct {
	e     *command.Env
	top   string
	spec  policy.Spec
	plain map[string]*policy.Rules // by boundaries
}

// line judges a line and prints what comes of it; ok is false when it is no call.
func (g *guardChecker) line(line []byte, n int) (ok bool, err error) {
	var c guardCall
	refuse := func(format string, args ...any) (bool, error) {
		return false, g.print(guardBad{Error: fmt.Sprintf(format, args...), ID: c.ID, Line: n})
	}
	if len(line) >= maxCall {
		return refuse("a call of more than %d bytes", maxCall)
	}
	err = json.Unmarshal(line, &c)
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		return refuse("no call: %s is of the wrong type (%s)", kind.Field, kind.Value)
	case errors.As(err, &kind):
		return refuse("no call: an object is wanted, not a JSON %s", kind.Value)
	case err != nil:
		return refuse("no call: %v", err)
	}
	if c.Tool == "" {
		return refuse("a call without tool")
	}
	rules, err := g.rules(c.Boundaries)
	if err != nil {
		return refuse("boundaries: %v", err)
	}
	v := policy.Evaluate(rules, policy.Call{Tool: c.Tool, Input: g.here(c.Input), Cwd: string(g.here([]byte(c.Cwd)))}, g.facts(c))
	out := guardChecked{ID: c.ID, Verdict: v.Decision, Flags: []string{}, Rule: v.Rule, Reason: v.Reason, Subject: v.Subject, Hint: v.Hint, Smells: v.Flags}
	seen := map[string]bool{}
	for _, f := range v.Flags {
		if !seen[f.Rule] {
			out.Flags = append(out.Flags, f.Rule)
		}
		seen[f.Rule] = true
	}
	return true, g.print(out)
}

func (g *guardChecker) print(v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return g.e.Print(string(raw) + "\n")
}

func (g *guardChecker) rules(b *guardBoundaries) (*policy.Rules, error) {
	spec := g.spec
	if b != nil {
		spec.Boundaries = append(append([]string{}, spec.Boundaries...), b.FilePatterns...)
		spec.RestrictedTools = append(append([]string{}, spec.RestrictedTools...), b.RestrictedTools...)
	}
	key := strings.Join(spec.Boundaries, "\x00") + "\x01" + strings.Join(spec.RestrictedTools, "\x00")
	if r, ok := g.plain[key]; ok {
		return r, nil
	}
	r, err := policy.Compile(spec)
	if err == nil {
		g.plain[key] = r
	}
	return r, err
}

// here lets /repo in a call be the workspace, wherever it begins a path.
func (g *guardChecker) here(raw []byte) []byte {
	if g.top == repoName || !bytes.Contains(raw, []byte(repoName)) {
		return raw
	}
	quoted, err := json.Marshal(g.top)
	if err != nil {
		return raw
	}
	top := quoted[1 : len(quoted)-1]
	var out []byte
	for {
		i := bytes.Index(raw, []byte(repoName))
		if i < 0 {
			return append(out, raw...)
		}
		end := i + len(repoName)
		inner := i > 0 && pathRune(raw[i-1]) || end < len(raw) && raw[end] != '/' && pathRune(raw[end])
		out = append(out, raw[:i]...)
		if inner {
			out = append(out, repoName...)
		} else {
			out = append(out, top...)
		}
		raw = raw[end:]
	}
}

func pathRune(c byte) bool {
	return c == '_' || c == '-' || c == '.' || c == '/' || c == '~' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// facts are what the line says and what lies in the workspace, if it is there.
func (g *guardChecker) facts(c guardCall) policy.Facts {
	f := policy.Facts{Workspace: g.top, Home: g.e.Getenv("HOME"), Tmp: filepath.Join(os.TempDir(), "popkit-agent")}
	if !filepath.IsAbs(f.Home) {
		f.Home = "/home/user" // ~ means somebody's, whoever asks
	}
	if len(c.Tracked) > 0 {
		f.Tracked = policy.TrackedGlobs(c.Tracked)
	}
	root, err := os.OpenRoot(g.top)
	if err != nil {
		return f // there is nothing to be known
	}
	if err := root.Close(); err != nil {
		return f
	}
	f.Content, f.Resolve = g.content, resolveLinks
	return f
}

// content is the text of a file of the workspace.
func (g *guardChecker) content(rel string) (string, bool) {
	root, err := os.OpenRoot(g.top)
	if err != nil {
		return "", false
	}
	defer root.Close()
	info, err := root.Stat(rel)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
		return "", false
	}
	raw, err := root.ReadFile(rel)
	return string(raw), err == nil
}

// resolveLinks follows the links in an absolute path, also when its end is not there.
func resolveLinks(abs string) string {
	at, rest := filepath.Clean(abs), ""
	for {
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return filepath.Join(real, rest)
		}
		if at == filepath.Dir(at) {
			return abs
		}
		at, rest = filepath.Dir(at), filepath.Join(filepath.Base(at), rest)
	}
}

type guardExplainOptions struct {
	Rule string
	JSON bool
}

func newGuardExplain(e *command.Env) *cobra.Command {
	var o guardExplainOptions
	cmd := &cobra.Command{
		Use: "explain [RULE]", Short: "Say what a rule of the guard or the audit means, does and is configured by", Args: command.Takes(0, 1),
		Example: "  popkit guard explain push_to_main",
		ValidArgsFunction: func(_ *cobra.Command, _ []string, word string) (out []cobra.Completion, _ cobra.ShellCompDirective) {
			for _, x := range ruleExplanations() {
				out = append(out, cobra.CompletionWithDesc(x.Rule, x.Meaning))
			}
			return command.Beginning(word, out), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			o.Rule = command.First(args)
			return runGuardExplain(e, o)
		},
	}
	command.JSONFlag(cmd, &o.JSON)
	return cmd
}

// ruleExplanations are those of the guard's rules, and after them of the rules that only
// the audit of a diff has.
func ruleExplanations() []policy.Explanation {
	all := policy.Explanations()
	for _, r := range audit.Table() {
		if _, ok := policy.Explain(r.Name); ok {
			continue
		}
		x := policy.Explanation{Rule: r.Name, Meaning: r.About, Default: "ask, before the work is merged",
			Configure: "guardrails.audit.rules." + r.Name, Hint: "nothing; it is found in the diff"}
		if r.Name == audit.Unread {
			x.Configure = "guardrails.audit.max_file_bytes, guardrails.audit.max_read_bytes"
		}
		all = append(all, x)
	}
	return all
}

func runGuardExplain(e *command.Env, o guardExplainOptions) error {
	all := ruleExplanations()
	if o.Rule != "" {
		i := slices.IndexFunc(all, func(x policy.Explanation) bool { return x.Rule == o.Rule })
		if i < 0 {
			var names []string
			for _, x := range all {
				names = append(names, x.Rule)
			}
			return command.Usage("popkit guard explain", "unknown rule %q (%s)", o.Rule, nearest.Hint(o.Rule, names, "popkit guard explain lists all"))
		}
		all = all[i : i+1]
	}
	if o.JSON {
		return e.PrintJSON(all)
	}
	var b strings.Builder
	for _, x := range all {
		fmt.Fprintf(&b, "%s\n  %s\n  does: %s\n  configure: %s\n  agents are told: %s\n", x.Rule, x.Meaning, x.Default, x.Configure, x.Hint)
	}
	return e.Print(b.String())
}
