// Command wasm is the core of Parlance as a WebAssembly module, for Node and browsers:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o parlance.wasm ./lib/node/wasm
//
// Package abi does the work. A caller writes into the memory of room, calls a function with
// how much it wrote, and reads what parlance_result points at. The module holds no dialect: it
// asks for each by its name. On other systems it is a program that does nothing.
package main

// main is never called in a module.
func main() {}
