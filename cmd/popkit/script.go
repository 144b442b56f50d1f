package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"popkit/internal/agent/scripted"
	"popkit/internal/api"
	"popkit/internal/cli"
	"popkit/internal/core/event"
	"popkit/internal/core/view"
)

// playScript is the agent of the runtime scripted:FILE.
func playScript(ctx context.Context, file string, s cli.Streams) int {
	script, err := scripted.Load(file)
	if err != nil {
		fmt.Fprintf(s.Err, "popkit: %v\n", err)
		return 2
	}
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintf(s.Err, "popkit: %v\n", err)
		return 5
	}
	env, err := scripted.FromEnviron(dir, os.Environ())
	if err != nil {
		fmt.Fprintf(s.Err, "popkit: %v\n", err)
		return 2
	}
	if path := os.Getenv("POPKIT_SOCKET"); path != "" {
		line := line{api.Client{Path: path}}
		env.Insights, env.Voice, env.Tools, env.Meter, env.Plans = line, line, line, line, line
	}
	return scripted.Play(ctx, script, env)
}

// line is a script's way to popkit: its agent's socket.
type line struct{ c api.Client }

func (l line) ShareInsight(ctx context.Context, i event.InsightShared) error {
	return l.c.Call(ctx, api.OpShare, api.ShareArgs{Type: i.Kind, Content: i.Content, Tags: i.Tags, Confidence: i.Confidence}, nil)
}

func (l line) ListInsights(ctx context.Context) ([]event.InsightShared, error) {
	var d view.Delivery
	if err := l.c.Call(ctx, api.OpMine, api.PullArgs{}, &d); err != nil {
		return nil, err
	}
	out := make([]event.InsightShared, len(d.Insights))
	for i, in := range d.Insights {
		out[i] = event.InsightShared{
			ID: in.ID, Agent: in.Agent, Phase: in.Phase, Kind: in.Type, Content: in.Content, Tags: in.Tags, Confidence: in.Confidence,
		}
	}
	return out, nil
}

func (l line) CheckIn(ctx context.Context, c event.CheckedIn) (string, error) {
	var d view.Delivery
	err := l.c.Call(ctx, api.OpCheckIn, api.CheckInArgs{Progress: c.Progress, Doing: c.Doing, Need: c.Need}, &d)
	return said(d), err
}

func (l line) Ask(ctx context.Context, q event.QuestionAsked) (string, error) {
	var a api.AskAnswer
	err := l.c.Call(ctx, api.OpAsk, api.AskArgs{Question: q.Text, Options: q.Options, Default: q.Default}, &a)
	return a.Answer, err
}

func (l line) Present(ctx context.Context, plan string) (answer, note string, err error) {
	var a api.PlanAnswer
	err = l.c.Call(ctx, api.OpPlan, api.PlanArgs{Plan: plan}, &a)
	return a.Answer, a.Note, err
}

func (l line) Report(ctx context.Context, r event.Report) error {
	return l.c.Call(ctx, api.OpReport, api.ReportArgs{Report: r}, nil)
}

func (l line) Use(ctx context.Context, u event.Usage) error {
	return l.c.Call(ctx, api.OpUsage, api.UsageArgs{Usage: u}, nil)
}

func (l line) Tool(ctx context.Context, name, id, on string) (string, error) {
	var d view.Delivery
	err := l.c.Call(ctx, api.OpTool, api.ToolArgs{Tool: name, ID: id, Subject: on}, &d)
	return said(d), err
}

func (l line) Judge(ctx context.Context, c scripted.ToolCall) (scripted.Permission, error) {
	input, err := c.JSON()
	if err != nil {
		return scripted.Permission{}, err
	}
	var v api.Verdict
	err = l.c.Call(ctx, api.OpJudge, api.JudgeArgs{Tool: c.Tool, Input: input, ID: c.ID}, &v)
	p := scripted.Permission{Allowed: err == nil && v.Verdict == event.VerdictAllow, Said: v.Note}
	if !p.Allowed {
		p.Said = v.Reason
		if v.Note != "" {
			p.Said += " (" + v.Note + ")"
		}
	}
	return p, err
}

// said is a delivery as a script's transcript shows it.
func said(d view.Delivery) string {
	var b strings.Builder
	for _, in := range d.Insights {
		fmt.Fprintf(&b, "insight %s from %s (%s): %s\n", in.ID, in.Agent, in.Type, in.Content)
	}
	for _, m := range d.Messages {
		fmt.Fprintf(&b, "message from %s: %s\n", m.From, m.Text)
	}
	return b.String()
}
