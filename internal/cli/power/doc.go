// Package power is `popkit power`: what people do with runs. One file a command,
// each an options struct and a plain function of a context, an Env and it.
//
// All but start, resume and attach answer at once. Those watch the run until its
// engine has ended: one goroutine reads the engine's stream, one what is typed,
// and the calling one owns the terminal and all that is known of the run. The
// one that reads standard input lasts until that ends, which is the process's
// end.
package power
