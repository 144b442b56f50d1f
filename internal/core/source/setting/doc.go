// Package setting tells what a line says that configures a check, or runs one: in a
// file of settings, a Makefile, or what CI does.
package setting
