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
	cfg, root, err := workspacesOf(ctx, dir)
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

// FindSandbox says what would hold agents of a run that begins in dir, as it is
// configured there; its error is that of a run that may not begin.
func FindSandbox(ctx context.Context, dir string) (SandboxReport, error) {
	cfg, root, err := workspacesOf(ctx, dir)
	if err != nil {
		return SandboxReport{}, err
	}
	found := detect(cfg, root)
	report := SandboxReport{Configured: string(cfg.Sandbox), Ability: found.Ability}
	if found.why != nil {
		report.Why = oneLine(found.why)
	}
	return report, found.err
}

// workspacesOf returns the configuration that holds in dir, which need not be in a
// repository, and the folder where workspaces are by it.
func workspacesOf(ctx context.Context, dir string) (config.Config, string, error) {
	top := ""
	repo, err := workspace.Find(ctx, dir)
	if err == nil {
		top = Place(repo).Repo
	} else if !errors.Is(err, workspace.ErrNoRepository) {
		return config.Config{}, "", err
	}
	cfg, err := loadConfig(top)
	if err != nil {
		return config.Config{}, "", err
	}
	root, err := workspaceRoot(cfg)
	return cfg, root, err
}
