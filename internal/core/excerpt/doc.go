// Package excerpt cuts texts to what is shown or kept of them.
package excerpt
