// Package hosttool knows the tools of agents' hosts: by their names what they do, by
// their inputs what they are about.
package hosttool
