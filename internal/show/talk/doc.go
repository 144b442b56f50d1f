// Package talk shows what one agent says and does, and what popkit does with it, as
// text for a person: the entries of its transcript and the run's events about it,
// in one column of times, one of words that say what it is, one of text.
//
// The texts are the agent's, its tools' and the model's. Whatever they hold, what
// comes out of here steers no terminal: it is cleaned before it is laid out, and
// colours are put in after that.
package talk
