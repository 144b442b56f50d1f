package claudecode

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// fake is a CLI that plays a script: one command a line, see do. "process" begins the
// next process of the session, "turn" waits for a message that begins one.
type fake struct {
	out  io.Writer
	args []string

	mu      sync.Mutex
	asked   int
	answers map[string]chan map[string]any

	messages  chan map[string]any
	interrupt chan struct{}
	eof       chan struct{}
	turns     int
	model     string
	used      [2]int // tokens in, out
	cost      float64
	code      int
	mute      bool
}

// exitError ends the fake.
type exitError struct {
	code   int
	signal bool
}

// fakeMain is the re-executed test binary as a CLI.
func fakeMain() int {
	count := os.Getenv("FAKE_COUNT")
	data, err := os.ReadFile(count)
	if err != nil && !os.IsNotExist(err) {
		return 90
	}
	if err := os.WriteFile(count, append(data, 'x'), 0o600); err != nil {
		return 91
	}
	code, killed := playFake(context.Background(), os.Getenv("FAKE"), len(data), os.Args, os.Stdin, os.Stdout)
	if killed {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // can't fail
	}
	return code
}

// playFake plays the nth process of a script.
func playFake(ctx context.Context, script string, nth int, args []string, in io.Reader, out io.Writer) (code int, killed bool) {
	f := &fake{
		out: out, args: args, answers: map[string]chan map[string]any{}, messages: make(chan map[string]any, 100),
		interrupt: make(chan struct{}, 100), eof: make(chan struct{}), model: "fake-model",
	}
	processes := strings.Split(script, "\nprocess\n")
	lines := strings.Split(processes[min(nth, len(processes)-1)], "\n")
	early := strings.HasPrefix(lines[0], "at once ")
	if early {
		lines[0] = strings.TrimPrefix(lines[0], "at once ")
	} else {
		go f.listen(in)
	}
	defer func() {
		switch e := recover().(type) {
		case nil:
		case exitError:
			code, killed = e.code, e.signal
		default:
			panic(e)
		}
	}()
	for _, l := range lines {
		if l = strings.TrimSpace(l); l != "" {
			f.do(ctx, l)
		}
	}
	f.leave(ctx)
	return f.code, false
}

func (f *fake) listen(in io.Reader) {
	defer close(f.eof)
	r := bufio.NewReader(in)
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return
		}
		var m map[string]any
		if json.Unmarshal(line, &m) != nil {
			return
		}
		f.take(m)
	}
}

func (f *fake) take(m map[string]any) {
	switch m["type"] {
	case "control_request":
		request := m["request"].(map[string]any)
		if request["subtype"] == "interrupt" {
			f.interrupt <- struct{}{}
		}
		response := map[string]any{}
		if request["subtype"] == "get_session_cost" {
			f.mu.Lock()
			response["text"] = fmt.Sprintf("Total cost:   $%g", f.cost)
			f.mu.Unlock()
		}
		f.print(map[string]any{"type": "control_response", "response": map[string]any{"subtype": "success", "request_id": m["request_id"], "response": response}})
	case "control_response":
		response := m["response"].(map[string]any)
		id := response["request_id"].(string)
		f.mu.Lock()
		c := f.answers[id]
		f.mu.Unlock()
		if c != nil {
			c <- response
		}
	case "user":
		f.messages <- m
	}
}

func (f *fake) print(v any) {
	line, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, _ = f.out.Write(append(line, '\n')) // the host may be gone
}

// await waits for a message, and says that it was read.
func (f *fake) await(ctx context.Context) string {
	select {
	case m := <-f.messages:
		if !f.mute {
			f.print(map[string]any{"type": "user", "message": m["message"], "uuid": m["uuid"], "isReplay": true, "session_id": "s"})
		}
		return m["message"].(map[string]any)["content"].(string)
	case <-f.eof:
		panic(exitError{code: f.code})
	case <-ctx.Done():
		panic(exitError{code: 137, signal: true})
	}
}

func (f *fake) say(text string) {
	f.turns++
	f.print(map[string]any{"type": "assistant", "message": map[string]any{
		"id": fmt.Sprintf("msg-%p-%d", f, f.used[0]), "role": "assistant", "model": f.model,
		"content": []any{map[string]any{"type": "text", "text": text}}, "usage": map[string]any{"input_tokens": 100, "output_tokens": 1},
	}})
	if f.model == "fake-model" {
		f.used[0] += 100
		f.used[1] += 20
		f.mu.Lock()
		f.cost += 0.25
		f.mu.Unlock()
	}
}

func (f *fake) result(fields map[string]any) {
	r := map[string]any{
		"type": "result", "subtype": "success", "is_error": false, "num_turns": f.turns, "result": "ok", "terminal_reason": "completed",
		"total_cost_usd": f.cost, "modelUsage": map[string]any{"fake-model": map[string]any{"inputTokens": f.used[0], "outputTokens": f.used[1]}},
	}
	for k, v := range fields {
		r[k] = v
	}
	f.turns, f.code = 0, 0
	if r["is_error"] == true {
		f.code = 1
	}
	f.print(r)
}

// ask asks the host and returns its answer.
func (f *fake) ask(ctx context.Context, request map[string]any) map[string]any {
	f.mu.Lock()
	f.asked++
	id := fmt.Sprintf("ask-%d", f.asked)
	c := make(chan map[string]any, 1)
	f.answers[id] = c
	f.mu.Unlock()
	f.print(map[string]any{"type": "control_request", "request_id": id, "request": request})
	select {
	case a := <-c:
		return a
	case <-ctx.Done():
		panic(exitError{code: 137, signal: true})
	}
}

// fault says something in the API's name and ends the turn with it.
func (f *fake) fault(kind string, status any, text string, more map[string]any) {
	f.model = "<synthetic>"
	f.print(map[string]any{"type": "assistant", "error": kind, "message": map[string]any{
		"id": "synthetic", "model": f.model, "content": []any{map[string]any{"type": "text", "text": text}},
	}})
	f.model = "fake-model"
	fields := map[string]any{"is_error": true, "api_error_status": status, "result": text, "num_turns": f.turns + 1}
	for k, v := range more {
		fields[k] = v
	}
	f.result(fields)
}

// do does one command of the script.
func (f *fake) do(ctx context.Context, line string) {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "turn": // waits for a message, which must hold the text
		if got := f.await(ctx); !strings.Contains(got, rest) {
			f.fault("wrong", nil, fmt.Sprintf("fake: told %q, want %q", got, rest), nil)
			panic(exitError{code: 92})
		}
		f.print(map[string]any{"type": "system", "subtype": "init", "session_id": "s", "cwd": "."})
	case "steer": // a message in the middle of a turn
		if got := f.await(ctx); !strings.Contains(got, rest) {
			panic(exitError{code: 93})
		}
	case "args": // of the call
		if !strings.Contains(strings.Join(f.args, " "), rest) {
			panic(exitError{code: 94})
		}
	case "mute":
		f.mute = true
	case "say":
		f.say(strings.ReplaceAll(rest, `\n`, "\n"))
	case "echo": // waits for a message and says it
		f.say(f.await(ctx) + "\n")
	case "flood":
		for range 10000 {
			f.say(strings.Repeat("line 1234\n", 10))
		}
	case "print":
		fmt.Fprintln(f.out, rest)
	case "bad": // lines that are none
		n, _ := strconv.Atoi(rest)
		for range n {
			fmt.Fprintln(f.out, "{broken")
		}
	case "long": // a line of so many megabytes
		n, _ := strconv.Atoi(rest)
		f.say(strings.Repeat("x", n<<20))
	case "stderr":
		fmt.Fprintln(os.Stderr, rest)
	case "sh":
		f.turns++
		if out, err := exec.Command("/bin/sh", "-c", rest).CombinedOutput(); err != nil {
			fmt.Fprintln(os.Stderr, err, string(out))
		}
	case "tool":
		f.tool(ctx, rest)
	case "withdraw": // asks, and does not wait for the answer
		f.asked++
		f.print(map[string]any{"type": "control_request", "request_id": fmt.Sprintf("ask-%d", f.asked), "request": map[string]any{
			"subtype": "hook_callback", "callback_id": "pre", "input": map[string]any{"hook_event_name": "PreToolUse", "tool_name": rest}}})
		f.print(map[string]any{"type": "control_cancel_request", "request_id": fmt.Sprintf("ask-%d", f.asked)})
	case "open": // a tool that never returns
		f.print(map[string]any{"type": "assistant", "message": map[string]any{"id": "m-open", "model": f.model, "content": []any{
			map[string]any{"type": "tool_use", "id": "toolu_open", "name": "Bash", "input": map[string]any{"command": rest}}}}})
	case "report":
		f.turns++
		status, summary, _ := strings.Cut(rest, " ")
		f.ask(ctx, map[string]any{"subtype": "mcp_message", "server_name": "popkit", "message": map[string]any{
			"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": map[string]any{"name": "report", "arguments": map[string]any{"status": status, "summary": summary}}}})
	case "limit":
		f.print(map[string]any{"type": "rate_limit_event", "rate_limit_info": map[string]any{"status": "rejected", "resetsAt": json.Number(rest)}})
	case "system":
		var v map[string]any
		if err := json.Unmarshal([]byte(rest), &v); err != nil {
			panic(err)
		}
		v["type"] = "system"
		f.print(v)
	case "result":
		var fields map[string]any
		if rest != "" {
			if err := json.Unmarshal([]byte(rest), &fields); err != nil {
				panic(err)
			}
		}
		f.result(fields)
	case "fault": // KIND STATUS TEXT
		p := strings.SplitN(rest, " ", 3)
		var status any
		if n, err := strconv.Atoi(p[1]); err == nil && n > 0 {
			status = n
		}
		f.fault(p[0], status, p[2], nil)
	default:
		f.end(ctx, verb, rest)
	}
}

// end does the commands by which a process comes to its end.
func (f *fake) end(ctx context.Context, verb, rest string) {
	switch verb {
	case "exit":
		n, _ := strconv.Atoi(rest)
		panic(exitError{code: n})
	case "wait":
		d, _ := time.ParseDuration(rest)
		time.Sleep(d) // in fake time
	case "sleep": // whatever it hears
		<-ctx.Done()
		panic(exitError{code: 137, signal: true})
	case "kill":
		panic(exitError{code: 137, signal: true})
	case "hang": // until it is interrupted: then the turn ends as one that was broken off
		select {
		case <-f.interrupt:
			f.result(map[string]any{"subtype": "error_during_execution", "is_error": true, "terminal_reason": "aborted_tools", "errors": []string{"aborted"}})
		case <-ctx.Done():
			panic(exitError{code: 137, signal: true})
		}
	case "stuck": // whatever it is told
		signal.Ignore(syscall.SIGINT, syscall.SIGTERM)
		if rest != "" {
			f.say(rest)
		}
		<-ctx.Done()
		panic(exitError{code: 137, signal: true})
	default:
		panic("fake: unknown command " + verb)
	}
}

// tool calls a tool, NAME SUBJECT, as the guard lets it.
func (f *fake) tool(ctx context.Context, rest string) {
	name, subject, _ := strings.Cut(rest, " ")
	id := fmt.Sprintf("toolu_%d", f.asked)
	f.turns++
	f.print(map[string]any{"type": "assistant", "message": map[string]any{"id": "m-" + id, "model": f.model, "content": []any{
		map[string]any{"type": "tool_use", "id": id, "name": name, "input": map[string]any{"command": subject, "file_path": subject}}}}})
	f.ask(ctx, map[string]any{"subtype": "hook_callback", "callback_id": "pre", "tool_use_id": id, "input": map[string]any{
		"hook_event_name": "PreToolUse", "tool_name": name, "tool_input": map[string]any{"command": subject}}})
	f.print(map[string]any{"type": "user", "message": map[string]any{"role": "user", "content": []any{
		map[string]any{"type": "tool_result", "tool_use_id": id, "content": "done"}}}})
}

// leave waits for the end of the input, as the CLI does between turns.
func (f *fake) leave(ctx context.Context) {
	for {
		select {
		case <-f.eof:
			return
		case <-f.interrupt:
		case <-ctx.Done():
			panic(exitError{code: 137, signal: true})
		}
	}
}
