// Package word is a word of a shell command as far as it is known without running
// anything: text, with runes that stand for what is not known.
package word
