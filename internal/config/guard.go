package config

import "popkit/internal/core/policy"

// GuardSpec is what the guard goes by where there is no plan.
func (c Config) GuardSpec() policy.Spec {
	s := c.Guardrails.spec()
	s.ProtectedPaths = c.Protected()
	return s
}
