// Command popkit lets several coding agents work on one objective at once. It
// only plugs things together: the commands are in package cli, what they need
// of the machine in package daemon.
package main
