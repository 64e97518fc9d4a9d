// Command parlance reads, writes, checks and serves the responses of APIs in
// the dialects that the catalog holds or that a file describes.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr))
}
