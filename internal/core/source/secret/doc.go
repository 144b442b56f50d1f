// Package secret tells secrets in a line of text: tokens by the shapes that
// well-known services give them, passwords in addresses, and names that hold
// secrets set to a literal that looks like one.
//
// The table of shapes is popkit's own. What says of itself that it is no secret
// (an example, a placeholder) is none.
package secret
