// Command joule is the command line of Joule with the kinds of this module.
package main

import (
	"os"

	"joule/cmd"

	_ "example.org/wells/kinds"
)

func main() { os.Exit(cmd.Main()) }
