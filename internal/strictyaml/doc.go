// Package strictyaml reads one YAML or JSON document that a person wrote into Go
// values, and says of every mistake where it is: file, line and column.
//
//	bytes ── Open ───▶ *Node ── Decoder.Decode ──▶ Go value
//	                     │              │
//	                     └── *Errors ◀──┘   all mistakes, in the file's order
//
// It is stricter than YAML: one document a file, no duplicate keys, no unknown
// keys, no tags but !!str, values of exactly the wanted type. JSON is read by a
// JSON reader, so that its positions and escapes are JSON's. The size of the
// file, its nesting, its tokens and what its aliases expand to are limited, so
// that no input takes long or much memory.
//
// Lines and columns count from 1, columns in characters. Nothing here keeps
// state; a Decoder serves one document and one goroutine.
package strictyaml
