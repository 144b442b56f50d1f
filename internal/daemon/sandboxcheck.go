package daemon

import (
	"context"
	"errors"
	"os"

	"popkit/internal/config"
	"popkit/internal/sandbox"
	"popkit/internal/sandbox/proof"
	"popkit/internal/workspace"
)

// SandboxReport is what the sandbox of this machine is worth.
type SandboxReport struct {
	Configured string
	Ability    sandbox.Ability
	Why        string // it is not the best
	Results    []proof.Result
}

// CheckSandbox tries to break each promise of the best sandbox that this machine
// has, whatever is configured. dir may be in a repository, whose configuration
// says where workspaces are.
func CheckSandbox(ctx context.Context, dir string) (SandboxReport, error) {
	top := ""
	repo, err := workspace.Find(ctx, dir)
	if err == nil {
		top = Place(repo).Repo
	} else if !errors.Is(err, workspace.ErrNoRepository) {
		return SandboxReport{}, err
	}
	cfg, err := loadConfig(top)
	if err != nil {
		return SandboxReport{}, err
	}
	root, err := workspaceRoot(cfg)
	if err != nil {
		return SandboxReport{}, err
	}
	report := SandboxReport{Configured: string(cfg.Sandbox)}
	cfg.Sandbox = config.SandboxAuto
	found := detect(cfg, root)
	if found.err != nil {
		return report, found.err
	}
	report.Ability = found.Ability
	if found.why != nil {
		report.Why = oneLine(found.why)
	}
	if found.Degree == sandbox.None {
		if report.Why == "" {
			report.Why = "this system has no sandbox"
		}
		return report, nil
	}
	if err := os.MkdirAll(root, 0o700); err != nil {
		return report, err
	}
	report.Results, err = proof.Run(ctx, found.Ability, root)
	return report, err
}
